import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** Where `go install` puts programs. @param goPath the variable GOPATH, where it is set */
export function goFolders(goPath: string | undefined, home: string): readonly string[] {
  return [...(goPath ? [goPath] : []), join(home, "go")].map((folder) => join(folder, "bin"));
}

/** The first program of one of these names that may be run in one of these folders; undefined: there is none. */
export function findProgram(names: readonly string[], folders: readonly string[]): string | undefined {
  return folders
    .filter((folder) => folder !== "")
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
