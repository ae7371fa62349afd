const HIGH_BIT = 0x80;

/** Bytes of one message, filled from the front; grows when it has to. Written for an interpreter: no arrays on the way. */
export class ByteSink {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  bytes(part: ArrayLike<number>): void {
    this.#makeRoom(part.length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }

  /** A whole number from 0 to 2^53, low bits first. */
  varint(value: number): void {
    this.#makeRoom(8);
    let rest = value;
    while (rest >= HIGH_BIT) {
      this.#bytes[this.#length++] = (rest % HIGH_BIT) | HIGH_BIT;
      rest = Math.floor(rest / HIGH_BIT);
    }
    this.#bytes[this.#length++] = rest;
  }

  double(value: number): void {
    this.#makeRoom(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** What was put, as a copy; empty again afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const copy = this.#bytes.slice(0, this.#length) as Uint8Array<ArrayBuffer>;
    this.#length = 0;
    return copy;
  }

  #makeRoom(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + more));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
