import { stripVTControlCharacters } from "node:util";

/** Longer texts are cut: a summary is for reading, the whole is in Pulumi's own output. */
const TEXT_CHARS_MAX = 400;
const LINES_MAX = 4;

/** Of a text without end only its beginning is looked at. */
const LOOKED_AT_CHARS_MAX = 8_192;

const WORD = /[\w+=-]{20,}/g;
const PASSWORD_IN_ADDRESS = /(:\/\/[^\s/:@]*):[^\s/@]+@/g;

/**
 * A message of others as it may be shown in a pull request: few lines as one, without colours, places in the code and
 * what looks like a secret. Pulumi hides the secrets that it knows; this is for those that it does not.
 */
export function shownText(text: string): string {
  const lines = stripVTControlCharacters(text.slice(0, LOOKED_AT_CHARS_MAX))
    .replace(/<\{%[^%]*%\}>/g, "")
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== "" && !/^\s+at\s/.test(line))
    .map((line) => line.trim());
  const shown = lines
    .slice(0, LINES_MAX)
    .join(" ")
    .replace(PASSWORD_IN_ADDRESS, "$1:[hidden]@")
    .replace(WORD, (word) => (looksSecret(word) ? "[hidden]" : word))
    // Between backticks nothing of it is Markdown or HTML.
    .replaceAll("`", "'");
  return shown.length > TEXT_CHARS_MAX ? `${shown.slice(0, TEXT_CHARS_MAX)}…` : shown;
}

/** A long word with digits and letters of both cases, as keys and tokens are and names are not; or a seed of NATS. */
function looksSecret(word: string): boolean {
  return (/\d/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word)) || /^S[UAOCNX][A-Z2-7]{40,}$/.test(word);
}
