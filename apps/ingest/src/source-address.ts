import { err, ok, type Result } from "@burnline/std";

/** Where telemetry comes from, as written after `--source`. */
export type SourceAddress =
  | { readonly type: "sim" }
  | { readonly type: "push" }
  | { readonly type: "ibt" | "csv" | "recording"; readonly file: string };

export const SOURCE_FORMS = "sim, ibt:FILE, csv:FILE, recording:FILE, push";

/** @returns the address, or one sentence that lists the forms. */
export function parseSourceAddress(text: string): Result<SourceAddress, string> {
  if (text === "sim" || text === "push") return ok({ type: text });
  const colon = text.indexOf(":");
  const type = text.slice(0, Math.max(colon, 0));
  const file = text.slice(colon + 1);
  if (type === "ibt" || type === "csv" || type === "recording") {
    if (file === "") return err(`The source "${type}:" names no file; write ${type}:FILE.`);
    if (file.includes("\0")) return err(`The file name of the source "${type}:" contains a NUL character; remove it.`);
    return ok({ type, file });
  }
  return err(`The source ${JSON.stringify(text.slice(0, 80))} is not known; use one of: ${SOURCE_FORMS}.`);
}
