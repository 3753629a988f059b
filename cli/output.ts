/**
 * Purpose: writes a report, chart or table to a file that the user names.
 * Invariants: a missing folder is created; the file is written in place, so that /dev/stdout and
 * pipes work.
 * Fails: USAGE for a file that cannot be written, STORE_FULL where the disk is full, with the file.
 */
import { type FileHandle, mkdir, open, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HeadwayError } from '../platform/errors.ts';

/** The file, opened once for writing in parts: a pipe whose writer closes it has ended. */
export async function openOutput(path: string): Promise<FileHandle> {
  try {
    await mkdir(dirname(path), { recursive: true });
    return await open(path, 'w');
  } catch (error) {
    throw notWritten(path, error);
  }
}

/** @param content as a whole, or in the parts that it is made in */
export async function writeOutput(
  path: string,
  content: string | Uint8Array | Iterable<string | Uint8Array>,
): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  } catch (error) {
    throw notWritten(path, error);
  }
}

/** What is wrong with a file of the user's; an error of another kind as it is. */
export function notWritten(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || !/^E[A-Z0-9]+$/.test(code ?? '')) return error;
  const detail = { where: path, cause: error };
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new HeadwayError('STORE_FULL', 'the disk of this file is full', {
      ...detail,
      fix: 'Free some space, or name a file on another disk.',
    });
  return new HeadwayError('USAGE', `the file cannot be written: ${message}`, {
    ...detail,
    fix: 'Name a file in a folder that this user may write to.',
  });
}
