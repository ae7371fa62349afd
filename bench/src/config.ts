import { delimiter } from "node:path";

/** Where this machine keeps its programs. */
export const searchFolders: readonly string[] = (process.env.PATH ?? "").split(delimiter);
