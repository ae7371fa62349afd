import type { AirView } from "./air-view.ts";
import { BURN_BAR_STYLE } from "./burn-bar-style.ts";

const MARKUP = `
<style>${BURN_BAR_STYLE}</style>
<div class="frame">
  <div class="number"></div>
  <div class="middle">
    <div class="names"><span class="driver"></span><span class="word"></span></div>
    <div class="track"><div class="fill"></div><div class="zero"></div></div>
    <div class="ends"><span>◂ SAVING FUEL</span><span>DRIVING HARD ▸</span></div>
  </div>
  <div class="figure reading"><b></b><small></small></div>
  <div class="figure laps"><b></b><small>LAPS OF FUEL</small></div>
  <div class="est">EST</div>
</div>
<div class="hint" hidden></div>`;

/** The burn bar of one car. Holds what it was last given; is on air while the attribute "on-air" is set. */
export class BurnBarElement extends HTMLElement {
  readonly #root = this.attachShadow({ mode: "open" });

  constructor() {
    super();
    this.#root.innerHTML = MARKUP;
  }

  get isOnAir(): boolean {
    return this.hasAttribute("on-air");
  }

  setOnAir(isOnAir: boolean): void {
    this.toggleAttribute("on-air", isOnAir);
  }

  show(view: AirView): void {
    this.#write(".number", view.car);
    this.#write(".driver", view.driver);
    this.#write(".word", BAR_MARKS[view.bar.word] ?? view.bar.word);
    this.#part(".frame").dataset.word = view.bar.word;
    // The sign of the scale turns the bar to the left. Between two values it glides, so no number is implied.
    this.#part(".fill").style.transform = `scaleX(${(view.bar.deflection ?? 0).toFixed(3)})`;
    this.#part(".reading").hidden = view.reading === undefined;
    this.#write(".reading b", view.reading?.text ?? "");
    this.#write(".reading small", view.reading === undefined ? "" : `${view.reading.unit} ${view.reading.label}`);
    this.#part(".laps").hidden = view.lapsLeft === undefined;
    this.#write(".laps b", view.lapsLeft ?? "");
  }

  /** For the person who sets the page up; empty hides it. */
  hint(words: string): void {
    this.#part(".hint").hidden = words === "";
    this.#write(".hint", words);
  }

  #write(selector: string, text: string): void {
    const part = this.#part(selector);
    if (part.textContent !== text) part.textContent = text;
  }

  #part(selector: string): HTMLElement {
    const part = this.#root.querySelector<HTMLElement>(selector);
    if (part === null) throw new Error(`the burn bar has no ${selector}`);
    return part;
  }
}

const BAR_MARKS: Readonly<Record<string, string>> = { SAVING: "◂ SAVING", HARD: "HARD ▸" };
