/** Bytes that can be read anywhere without holding them all: the port through which the decoders see a file. */
export interface RandomAccess {
  readonly size: number;
  /** At most `length` bytes from `offset`; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** How much of a file is in memory at once. */
export const READ_CHUNK_BYTES = 256 * 1024;

/** The bytes from `start` to `end` (exclusive) in chunks, in order. */
export async function* readChunks(access: RandomAccess, start = 0, end = access.size): AsyncGenerator<Uint8Array> {
  let offset = start;
  while (offset < end) {
    const chunk = await access.read(offset, Math.min(READ_CHUNK_BYTES, end - offset));
    // A file that shrank while it was read ends here.
    if (chunk.length === 0) return;
    offset += chunk.length;
    yield chunk;
  }
}

/** Bytes in memory as a RandomAccess. */
export function memoryAccess(bytes: Uint8Array): RandomAccess {
  return {
    size: bytes.length,
    read: async (offset, length) =>
      bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length)),
  };
}
