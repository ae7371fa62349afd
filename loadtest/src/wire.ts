// The little of protobuf that this load needs, by hand: k6 runs JavaScript in an interpreter, where the general library
// takes most of a core for one board at ten updates a second. Laws in feed-message.test.ts hold it to the library.

/** Bytes of an unsigned whole number below 2^53, low bits first. */
export function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;

export function tagOf(field: number, wireType: number): number[] {
  return varintBytes(field * 8 + wireType);
}

export function asciiBytes(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

/** A field with a length in front. */
export function delimited(field: number, body: readonly number[]): number[] {
  return [...tagOf(field, DELIMITED), ...varintBytes(body.length), ...body];
}

/** Walks over the fields of one message. Broken bytes throw: what the gateway sends is sound or the run is worth nothing. */
export class WireReader {
  at = 0;
  end: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(buffer: ArrayBuffer) {
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.end = buffer.byteLength;
  }

  varint(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++] ?? 0;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let unit = 0x80;
    do {
      if (this.at >= this.end || unit > 2 ** 63) throw new Error("a number runs past the end of its message");
      byte = bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * unit;
      unit *= 0x80;
    } while (byte >= 0x80);
    return value;
  }

  double(): number {
    const value = this.#view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  ascii(): string {
    const length = this.varint();
    let text = "";
    for (let index = 0; index < length; index++) text += String.fromCharCode(this.#bytes[this.at + index] ?? 0);
    this.at += length;
    return text;
  }

  /** Jumps over a value whose tag has been read. */
  skip(tag: number): void {
    switch (tag & 7) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.at += 8;
        return;
      case DELIMITED: {
        const length = this.varint();
        this.at += length;
        return;
      }
      case 5:
        this.at += 4;
        return;
      default:
        throw new Error(`a field of the unknown wire type ${tag & 7}`);
    }
  }
}
