import { IMAGE_APPS, type ImageApp, isImageApp } from "./apps.ts";

export interface ImageOptions {
  readonly apps: readonly ImageApp[];
  readonly tag: string;
  /** Registry and repository: the image of an app is <prefix>/<app>:<tag>. */
  readonly prefix: string;
  readonly isPushed: boolean;
  readonly allowsUnpinnedBases: boolean;
}

export type ImageOptionsOutcome =
  | { readonly type: "options"; readonly options: ImageOptions }
  | { readonly type: "answer" | "refused"; readonly text: string };

const DEFAULT_PREFIX = "localhost/burnline";
const DEFAULT_TAG = "test";
const FLAGS_WITH_VALUE = ["tag", "registry"] as const;
const SWITCHES = ["push", "allow-unpinned-bases", "help"] as const;

const HELP = `npm run image -- [APP…] [flags]: builds the images of these apps, by default of all
  APP                     ${IMAGE_APPS.join(", ")}
  --tag TAG               tag of the images [${DEFAULT_TAG}]; latest is refused
  --registry PREFIX       registry and repository, such as registry.example/burnline [${DEFAULT_PREFIX}]
  --push                  push them too; their digests are printed, as the stack takes them
  --allow-unpinned-bases  take the base images by tag, as this machine has them: for tests
Built with buildah or docker, whichever is there. The parts of an image are listed in dist/sbom (CycloneDX).`;

export function parseImageOptions(argv: readonly string[]): ImageOptionsOutcome {
  const values = new Map<string, string>();
  const apps: ImageApp[] = [];
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? "";
    const [, name = "", inline] = /^--([^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === "") {
      if (!isImageApp(argument))
        return refused(`There is no image of ${argument}: the apps are ${IMAGE_APPS.join(", ")}.`);
      if (!apps.includes(argument)) apps.push(argument);
    } else if (SWITCHES.some((known) => known === name)) {
      values.set(name, "true");
    } else if (FLAGS_WITH_VALUE.some((known) => known === name)) {
      const value = inline ?? argv[++index];
      if (value === undefined || value === "" || value.startsWith("--"))
        return refused(`The flag --${name} needs a value.`);
      values.set(name, value);
    } else return refused(`The flag --${name} is not known: --help shows all.`);
  }
  return values.has("help") ? { type: "answer", text: HELP } : checked(apps, values);
}

function checked(apps: readonly ImageApp[], values: ReadonlyMap<string, string>): ImageOptionsOutcome {
  const tag = values.get("tag") ?? DEFAULT_TAG;
  const prefix = values.get("registry") ?? DEFAULT_PREFIX;
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(tag))
    return refused(`--tag ${tag} is no tag: letters, digits, ., - and _, at most 128.`);
  if (tag === "latest") return refused("--tag latest is refused: it says nothing of what runs. Give a version.");
  if (!/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+$/.test(prefix))
    return refused(`--registry ${prefix} is no registry and repository, such as registry.example/burnline.`);
  const isPushed = values.has("push");
  if (isPushed && prefix.startsWith("localhost/"))
    return refused("--push needs --registry: images below localhost/ have nowhere to go.");
  const allowsUnpinnedBases = values.has("allow-unpinned-bases");
  if (isPushed && allowsUnpinnedBases)
    return refused("--push and --allow-unpinned-bases exclude each other: what is published is built on pinned bases.");
  const options = { apps: apps.length === 0 ? IMAGE_APPS : apps, tag, prefix, isPushed, allowsUnpinnedBases };
  return { type: "options", options };
}

function refused(text: string): ImageOptionsOutcome {
  return { type: "refused", text };
}
