/**
 * Purpose: files of numbers that an interrupted run leaves for the next: a backtest's segments, a
 * fit's checkpoints.
 * Invariants: a file appears whole or not at all; it ends with the SHA-256 of its bytes; what is
 * torn or foreign is "unusable", never numbers.
 * Fails: writing fails with the file system's own error; reading never does.
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../../platform/files/content-hash.ts';
import { replaceFile } from '../../../platform/files/replace-file.ts';

const HASH_BYTES = 64;

export interface CheckpointColumns {
  /** What the writer says of them, as JSON. Not validated here. */
  readonly header: unknown;
  readonly columns: readonly Float32Array[];
}

/**
 * A line of JSON (the header and the columns' lengths), the columns, and the hash of all that in
 * hexadecimal digits.
 */
export async function keepColumns(
  path: string,
  { header, columns }: CheckpointColumns,
): Promise<void> {
  const body = Buffer.concat([
    Buffer.from(`${JSON.stringify({ header, lengths: columns.map(({ length }) => length) })}\n`),
    ...columns.map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength)),
  ]);
  await replaceFile(path, Buffer.concat([body, Buffer.from(sha256(body))]));
}

export async function readColumns(
  path: string,
): Promise<CheckpointColumns | 'absent' | 'unusable'> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'unusable';
  }
  const body = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES));
  if (sha256(body) !== bytes.subarray(body.length).toString('latin1')) return 'unusable';
  const end = body.indexOf('\n');
  let header: unknown;
  let lengths: number[];
  try {
    ({ header, lengths } = JSON.parse(body.subarray(0, end).toString('utf8')));
  } catch {
    return 'unusable';
  }
  if (
    !Array.isArray(lengths) ||
    end + 1 + 4 * lengths.reduce((sum, length) => sum + length, 0) !== body.length
  )
    return 'unusable';
  let at = end + 1;
  const columns = lengths.map((length) => {
    // A copy: after a line of text they do not lie where float32 may be read in place.
    const column = new Uint8Array(4 * length);
    column.set(body.subarray(at, at + 4 * length));
    at += 4 * length;
    return new Float32Array(column.buffer);
  });
  return { header, columns };
}

/**
 * Removes what lies in `folder`, but for `own`, and was not touched since `before` (epoch ms). What
 * cannot be removed stays.
 */
export async function removeUntouched(folder: string, before: number, own?: string): Promise<void> {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    if (name === own) continue;
    const path = join(folder, name);
    const changed = (await stat(path).catch(() => null))?.mtimeMs ?? before;
    if (changed < before) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}
