/**
 * Purpose: SHA-256, the name of every immutable object.
 * Invariants: 64 lower-case hexadecimal digits over the bytes as they are.
 * Fails: never. Of a file: file-hash.ts.
 */
import { createHash } from 'node:crypto';

export const HASH_PATTERN = '^[0-9a-f]{64}$';

export const sha256 = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');
