import { err, ok, type Result } from "@burnline/std";

/** Where telemetry comes from, as written after `--source`. */
export type SourceAddress =
  | { readonly type: "sim" }
  | { readonly type: "push" }
  | { readonly type: "nats"; readonly subject: string }
  | { readonly type: "ibt" | "csv" | "recording"; readonly file: string };

export const SOURCE_FORMS = "sim, ibt:FILE, csv:FILE, recording:FILE, push";
/** A process of the cluster form has NATS besides. */
export const CLUSTER_SOURCE_FORMS = `${SOURCE_FORMS}, nats:SUBJECT`;

/** Words between points, no wildcards: whoever reads it adds its own. */
const NATS_SUBJECT = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
/** Its first word must not be one of ours, or a sender could write past the admission. */
const OWN_SUBJECT = /^(race|fact|late|dead|live|peer|clock)(\.|$)/;

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
  if (type === "nats") {
    if (!NATS_SUBJECT.test(file)) {
      return err(`The source "nats:" needs a subject of words between points, without wildcards: nats:feed.daytona.`);
    }
    if (OWN_SUBJECT.test(file))
      return err(`The subject ${file} is one of Burnline's own; use another, as feed.daytona.`);
    return ok({ type, subject: file });
  }
  return err(`The source ${JSON.stringify(text.slice(0, 80))} is not known; use one of: ${CLUSTER_SOURCE_FORMS}.`);
}
