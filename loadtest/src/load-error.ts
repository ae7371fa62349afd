/** Something in daily use that keeps a load from running; the message is one sentence for whoever started it. */
export class LoadError extends Error {
  override readonly name = "LoadError";
}
