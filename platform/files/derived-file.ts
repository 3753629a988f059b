/**
 * Purpose: a file that is made from another one, named by the content of that one.
 * Invariants: made once, and there whole or not at all.
 * Fails: as `make` and the file system do.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileHash } from './file-hash.ts';
import { replaceFile } from './replace-file.ts';

/**
 * @param ending of its name: what else its content depends on, and the extension
 * @returns its path
 */
export async function derivedFile(
  source: string,
  { folder, ending }: { readonly folder: string; readonly ending: string },
  make: () => Promise<string>,
): Promise<string> {
  const path = join(folder, `${await fileHash(source)}.${ending}`);
  if (!existsSync(path)) await replaceFile(path, await make());
  return path;
}
