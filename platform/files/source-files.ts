/**
 * Purpose: the raw files of a source: their names, the fingerprint of their content, and whether
 * they changed while their rows were read.
 * Invariants: only regular files are opened, so nothing waits for a FIFO; of a folder only files
 * inside it. A fingerprint is of the bytes that the rows come from, or `verifyUnchanged` fails.
 * Fails: SOURCE_NOT_FOUND; SOURCE_INVALID naming every path that is no regular file or is outside
 * of the folder; RAW_FILE_INVALID for a file that changed or cannot be read.
 */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import { HeadwayError } from '../errors.ts';
import { fileHash } from './file-hash.ts';

export interface SourceFiles {
  /** Paths in the order of their names. */
  readonly files: string[];
  /** Names of the other entries of the folder. */
  readonly ignored: string[];
}

/** The matching files of a folder, or the file `spec`. */
export async function sourceFiles(
  spec: string,
  isWanted: (name: string) => boolean,
  fix: string,
): Promise<SourceFiles> {
  const { isFolder, paths } = await listPaths(spec).catch((cause: NodeJS.ErrnoException) => {
    const what = `cannot read the source (${cause.code ?? cause.message})`;
    throw new HeadwayError('SOURCE_NOT_FOUND', what, { where: spec, fix, cause });
  });
  const files = paths.filter((path) => isWanted(basename(path)));
  const root = isFolder ? await realpath(spec) : null;
  const refused: { path: string; problem: string }[] = [];
  for (const path of files) {
    const problem = await problemOf(path, root);
    if (problem !== null) refused.push({ path, problem });
  }
  if (refused.length > 0) {
    const problems = refused.map(({ path, problem }) => `${basename(path)} ${problem}`);
    throw new HeadwayError('SOURCE_INVALID', problems.join('; '), {
      where: refused.map(({ path }) => path).join(', '),
      fix: 'Put a regular file in its place, or remove it.',
    });
  }
  const ignored = paths.map((path) => basename(path)).filter((name) => !isWanted(name));
  return { files, ignored };
}

async function listPaths(spec: string): Promise<{ isFolder: boolean; paths: string[] }> {
  if (!(await stat(spec)).isDirectory()) return { isFolder: false, paths: [spec] };
  return { isFolder: true, paths: (await readdir(spec)).sort().map((name) => join(spec, name)) };
}

async function problemOf(path: string, root: string | null): Promise<string | null> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return `is ${kindOf(found)}, not a regular file`;
    if (root === null) return null;
    const inside = relative(root, await realpath(path));
    return isAbsolute(inside) || inside.split(sep)[0] === '..'
      ? 'is a link to a file outside of the folder'
      : null;
  } catch (error) {
    return `cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`;
  }
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isFIFO()) return 'a FIFO';
  return found.isSocket() ? 'a socket' : 'a device';
}

/** Identifies the content of a part: two fields of a RawPart. */
export interface Fingerprint {
  readonly fingerprint: string;
  /** Call it after the rows were read. */
  verifyUnchanged(): Promise<void>;
}

/** Fingerprint of a part of one file: the SHA-256 of its content. */
export async function fileFingerprint(path: string): Promise<Fingerprint> {
  const before = await stateOf(path);
  const fingerprint = await fileHash(path).catch((cause: NodeJS.ErrnoException) => {
    const what = `${basename(path)} cannot be read (${cause.code ?? cause.message})`;
    const fix = 'Make the file readable, or remove it.';
    throw new HeadwayError('RAW_FILE_INVALID', what, { where: path, fix, cause });
  });
  return {
    fingerprint,
    async verifyUnchanged() {
      if ((await stateOf(path)) === before) return;
      throw new HeadwayError('RAW_FILE_INVALID', `${basename(path)} changed while it was read`, {
        where: path,
        fix: 'Run again when no program writes to the file.',
      });
    },
  };
}

/** Fingerprint of a part of several files: from their names and contents. */
export async function filesFingerprint(paths: readonly string[]): Promise<Fingerprint> {
  const hash = createHash('sha256');
  const files: Fingerprint[] = [];
  for (const path of paths) {
    const file = await fileFingerprint(path);
    hash.update(`${basename(path)} ${file.fingerprint}\n`);
    files.push(file);
  }
  return {
    fingerprint: hash.digest('hex'),
    async verifyUnchanged() {
      for (const file of files) await file.verifyUnchanged();
    },
  };
}

/**
 * Differs after every write, also one that keeps the size or resets the modification time. Null:
 * the file is gone.
 */
async function stateOf(path: string): Promise<string | null> {
  const found = await stat(path, { bigint: true }).catch(() => null);
  return found && [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(' ');
}
