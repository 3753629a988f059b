/**
 * Purpose: SHA-256, the name of every immutable object.
 * Invariants: 64 lower-case hexadecimal digits over the bytes as they are.
 * Fails: `hashFile` rejects with the file system's own error; its caller knows what the file means.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

export const HASH_PATTERN = '^[0-9a-f]{64}$';

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** The hash of a local file, without holding it in memory. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of createReadStream(path)) hash.update(block as Uint8Array);
  return hash.digest('hex');
}
