/**
 * Purpose: writes a file that others may be reading, or that a kill must not leave torn.
 * Invariants: the file is there whole or not at all; what stood there before stays until then.
 * Fails: with the file system's own error; its caller knows what the file means.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A killed writer leaves at most one file with this ending beside the one it wrote. */
export const DRAFT_ENDING = '.draft';

export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}${DRAFT_ENDING}`;
  try {
    await writeFile(draft, content, { flush: true });
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
