import { useEffect, useRef } from "react";
import { KEY_HELP, type Page } from "./key-bindings.ts";

/** Every key of the page, and how the board is to be read. */
export function HelpOverlay(props: { readonly page: Page; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="help" aria-label="Help" onClose={props.onClose} data-testid="help">
      <section>
        <h2>Keys</h2>
        <dl>
          {KEY_HELP[props.page].map((help) => (
            <div key={help.keys}>
              <dt>{help.keys}</dt>
              <dd>{help.words}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <h2>How to read it</h2>
        <dl>
          {READING.map(([term, words]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{words}</dd>
            </div>
          ))}
        </dl>
      </section>
      <form method="dialog">
        {/* The button is first, so that the keyboard is on it when the dialog opens. */}
        <button type="submit">Close (Esc)</button>
        <a href="graphics/">On-air graphics: an address for each car</a>
      </form>
    </dialog>
  );
}

const READING: readonly (readonly [string, string])[] = [
  ["EST", "No fuel sensor can be read: every number is computed from throttle, rpm, speed and position."],
  ["Last lap", "Fuel of the last lap. A mark such as CAU or OUT says why this lap is left out of averages."],
  ["Avg", "Average of the last valid laps: green, not in or out, not towed, without gaps."],
  ["Meter", "This lap so far against the car's own green average. Left: saving. Right: hard."],
  ["Laps left", "Whole laps on the fuel aboard after the last lap; beside it the range that holds 8 times out of 10."],
  ["Saved", "Fuel of the last lap below (+) or above (−) the car's own green average."],
  ["–", "Not known, or not honest enough to show. Choose the car: the line at the foot says why."],
];
