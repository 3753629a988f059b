/**
 * Purpose: writes a report, chart or table to a file that the user names.
 * Invariants: a missing folder is created; the file is written in place, so that /dev/stdout and
 * pipes work.
 * Fails: with the file system's own error.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** @param content as a whole, or in the parts that it is made in */
export async function writeOutput(
  path: string,
  content: string | Uint8Array | Iterable<string | Uint8Array>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}
