/** Something that the user of `npm run image` can change; its message says what. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}
