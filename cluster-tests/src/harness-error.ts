/** The tests cannot go on: something around them is missing or did not happen in time. One sentence. */
export class HarnessError extends Error {
  override readonly name = "HarnessError";
}
