/**
 * Purpose: replaces a file atomically, because others may read it and a kill must not leave half of
 * it.
 * Invariants: the file is complete or absent; the old content stays until then.
 * Fails: with the error of the file system.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A killed writer leaves at most one file with this ending next to the target. */
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
