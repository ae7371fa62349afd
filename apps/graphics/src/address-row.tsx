import type { RosterCar } from "./car-roster.ts";

const MARKUP = `
<b class="number"></b>
<span class="names"><span class="driver"></span><span class="air"></span></span>
<code class="address"></code>
<button type="button" class="copy">Copy</button>
<a class="open" target="_blank" rel="noopener">Open</a>`;

const AIR_WORDS: Readonly<Record<RosterCar["air"], string>> = {
  numbers: "",
  "no data": "no data now",
  invisible: "invisible until it sends data",
};

/** How long a row says that its address was copied. */
const COPIED_SHOWN_MS = 2_000;

/** One car with its address; stays the same element for as long as the car is listed, so that it keeps the focus. */
export class AddressRow {
  readonly element = document.createElement("li");
  readonly #copy: HTMLButtonElement;
  readonly #address: HTMLElement;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(car: string, copy: (row: AddressRow) => void) {
    this.element.innerHTML = MARKUP;
    this.element.dataset.car = car;
    this.#part(".number").textContent = car;
    this.#address = this.#part(".address");
    this.#copy = this.#part(".copy") as HTMLButtonElement;
    this.#copy.setAttribute("aria-label", `Copy the address of car ${car}`);
    this.#copy.addEventListener("click", () => copy(this));
    this.#part(".open").setAttribute("aria-label", `Open the burn bar of car ${car}`);
  }

  get address(): string {
    return this.#address.textContent ?? "";
  }

  get hasFocus(): boolean {
    return this.element.contains(document.activeElement);
  }

  show(car: RosterCar, address: string): void {
    this.#part(".driver").textContent = car.driver || `Car ${car.car}`;
    this.#part(".air").textContent = AIR_WORDS[car.air];
    this.#address.textContent = address;
    this.#part(".open").setAttribute("href", address);
  }

  focus(): void {
    this.#copy.focus();
    this.element.scrollIntoView({ block: "nearest" });
  }

  copied(): void {
    clearTimeout(this.#timer);
    this.#copy.textContent = "Copied";
    this.#timer = setTimeout(() => {
      this.#copy.textContent = "Copy";
    }, COPIED_SHOWN_MS);
  }

  /** For a browser that lets no page copy: the person does, with the address marked. */
  mark(): void {
    getSelection()?.selectAllChildren(this.#address);
  }

  #part(selector: string): HTMLElement {
    const part = this.element.querySelector<HTMLElement>(selector);
    if (part === null) throw new Error(`the row of a car has no ${selector}`);
    return part;
  }
}
