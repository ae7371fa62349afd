import { access } from "node:fs/promises";
import { FileAccess } from "./file-access.ts";
import { openIbtFile } from "./ibt-file.ts";
import { profileOf, type RecordedFileOptions } from "./ibt-source.ts";

/**
 * A CSV has no place to name its car. Where the .ibt that it was taken from lies beside it (lap.csv or lap.inputs.csv
 * beside lap.ibt), that file's session text says car and track. Its samples are not read. Nothing where there is none,
 * or where it cannot be read: a CSV needs no twin.
 */
export async function ibtTwin(
  csvPath: string,
  recorded: Omit<RecordedFileOptions, "fileName">,
): Promise<Partial<RecordedFileOptions>> {
  const path = csvPath.replace(/(\.inputs)?\.[^./]*$/, ".ibt");
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) return {};
  const file = await FileAccess.open(path);
  try {
    const opened = await openIbtFile(file);
    if (!opened.ok) return {};
    const { carPath, trackLengthM } = opened.value.session;
    return {
      carProfile: profileOf(carPath, recorded.knownCarProfiles),
      ...(trackLengthM === undefined ? {} : { trackLengthM }),
    };
  } finally {
    await file.close();
  }
}
