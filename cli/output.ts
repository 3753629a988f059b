/**
 * Purpose: writes a page or picture where somebody asked for it.
 * Invariants: the folder is made if it is missing; the file is written in place, so that
 * /dev/stdout and pipes work.
 * Fails: with the file system's own error.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function writeOutput(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
