/**
 * Purpose: writes a report or chart to a file that the user names.
 * Invariants: a missing folder is created; the file is written in place, so that /dev/stdout and
 * pipes work.
 * Fails: with the file system's own error.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function writeOutput(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
