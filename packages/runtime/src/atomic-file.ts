import { open, rename, rm } from "node:fs/promises";

/**
 * Writes a whole file in one step: whoever reads sees the old content or the new, never half of it, also after a power
 * cut. The old file stays when writing fails.
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(content);
      // Without this a power cut can keep the new name and lose the content.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
