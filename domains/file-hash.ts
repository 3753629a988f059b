/**
 * Purpose: the fingerprint of a raw file: SHA-256 of its content, read as a stream.
 * Invariants: equal content gives an equal fingerprint, whatever the file's name or date.
 * Fails: with the error of the file system (ENOENT, EACCES, …).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

export async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
