import { ImageError } from "./image-error.ts";

interface BaseImage {
  readonly name: string;
  readonly tag: string;
  /** Of the index over all platforms. */
  readonly digest: string | null;
}

export interface BaseImages {
  readonly build: BaseImage;
  readonly runtime: BaseImage;
}

const FORMS = {
  name: /^[a-z0-9.-]+(\/[a-z0-9._-]+)+$/,
  tag: /^[A-Za-z0-9_.-]+$/,
  digest: /^sha256:[0-9a-f]{64}$/,
};

/** @param text of images.json @throws ImageError that names what to change */
export function parseBaseImages(text: string): BaseImages {
  const given: Record<string, Record<string, unknown> | undefined> = JSON.parse(text);
  const parse = (key: string): BaseImage => {
    const image = given[key] ?? {};
    const text = (field: keyof typeof FORMS) => {
      const value = image[field];
      if (typeof value === "string" && FORMS[field].test(value)) return value;
      throw new ImageError(
        `images.json: ${key}.${field} is ${JSON.stringify(value)}, which is no ${field} of an image.`,
      );
    };
    return { name: text("name"), tag: text("tag"), digest: image.digest === null ? null : text("digest") };
  };
  return { build: parse("build"), runtime: parse("runtime") };
}

/** The build arguments that name the base images. @throws ImageError when one is not pinned */
export function baseArguments(
  images: BaseImages,
  { allowsUnpinnedBases }: { readonly allowsUnpinnedBases: boolean },
): Readonly<Record<"BUILD_IMAGE" | "RUNTIME_IMAGE", string>> {
  const reference = (key: keyof BaseImages) => referenceOf(key, images[key], allowsUnpinnedBases);
  return { BUILD_IMAGE: reference("build"), RUNTIME_IMAGE: reference("runtime") };
}

function referenceOf(key: string, { name, tag, digest }: BaseImage, isByTag: boolean): string {
  if (isByTag) return `${name}:${tag}`;
  if (digest === null)
    throw new ImageError(
      `refused: base image without digest: set ${key}.digest in images.json to what ${name}:${tag} is now. ` +
        "For tests on this machine --allow-unpinned-bases goes on without.",
    );
  // The digest alone says which image it is; the tag beside it is for whoever renews the digest.
  return `${name}@${digest}`;
}
