/**
 * Purpose: SHA-256 of a file's content: the fingerprint of a raw file, and the name of an
 * object in the store.
 * Invariants: equal content gives an equal hash, whatever the file's name or date; a block is read
 * while the previous one is hashed, in two buffers.
 * Fails: with the error of the file system (ENOENT, EACCES, …).
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const BLOCK_BYTES = 1 << 20;

export async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path);
  try {
    let [block, spare] = [Buffer.allocUnsafe(BLOCK_BYTES), Buffer.allocUnsafe(BLOCK_BYTES)];
    for (let read = file.read(block, 0, BLOCK_BYTES, null); ; [block, spare] = [spare, block]) {
      const { bytesRead } = await read;
      if (bytesRead === 0) return hash.digest('hex');
      read = file.read(spare, 0, BLOCK_BYTES, null);
      hash.update(block.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
