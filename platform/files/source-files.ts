/**
 * Purpose: the raw files of a source: their names, the fingerprint of their content, and whether
 * they changed while their rows were read.
 * Invariants: only regular files are opened, so nothing waits for a FIFO; of a folder only files
 * inside it. A fingerprint is of the bytes that the rows come from, or `verifyUnchanged` fails.
 * Fails: SOURCE_NOT_FOUND; SOURCE_INVALID where no file matches, naming what is there instead, and
 * naming every path that is not a regular file or is outside of the folder; RAW_FILE_INVALID for a
 * file that changed or cannot be read.
 */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import { HeadwayError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import { fileHash } from './file-hash.ts';

const MAX_NAMED = 8;

export interface WantedFiles {
  /** What one of them is, for example "load file". */
  readonly noun: string;
  readonly isWanted: (name: string) => boolean;
  /** What to do where there is none. */
  readonly fix: string;
  /** Is warned of entries that are not read. */
  readonly logger?: Logger;
  /** Whether folders inside the folder are read too. Names are then paths, separated by /. */
  readonly isNested?: boolean;
}

/** The matching files of a folder, at least one, in the order of their names; or the file `spec`. */
export async function sourceFiles(
  spec: string,
  { noun, isWanted, fix, logger, isNested = false }: WantedFiles,
): Promise<string[]> {
  const { isFolder, entries } = await listEntries(spec, isNested).catch(
    (cause: NodeJS.ErrnoException) => {
      const what = `cannot read the source (${cause.code ?? cause.message})`;
      throw new HeadwayError('SOURCE_NOT_FOUND', what, { where: spec, fix, cause });
    },
  );
  const files = entries.filter(({ name }) => isWanted(name)).map(({ path }) => path);
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
  const ignored = entries.filter(({ name }) => !isWanted(name) && !name.startsWith('.'));
  if (files.length === 0) {
    const isHive = ignored.some(({ name, isFolder }) => isFolder && /^[^=]+=/.test(name));
    throw new HeadwayError('SOURCE_INVALID', `no ${noun} here, ${othersText(ignored)}`, {
      where: spec,
      fix: isHive
        ? `Folders are not read, not even a layout of folders named column=value. ${fix}`
        : fix,
    });
  }
  if (ignored.length > 0)
    logger?.warn({ source: spec }, `not read, because it is not a ${noun}: ${namesOf(ignored)}`);
  return files;
}

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly isFolder: boolean;
}

async function listEntries(
  spec: string,
  isNested: boolean,
): Promise<{ isFolder: boolean; entries: Entry[] }> {
  if (!(await stat(spec)).isDirectory()) {
    return { isFolder: false, entries: [{ name: basename(spec), path: spec, isFolder: false }] };
  }
  const found = await readdir(spec, { withFileTypes: true });
  const entries: Entry[] = [];
  for (const entry of found) {
    const path = join(spec, entry.name);
    if (isNested && entry.isDirectory()) {
      if (entry.name.startsWith('.')) continue;
      for (const inner of (await listEntries(path, true)).entries)
        entries.push({ ...inner, name: `${entry.name}/${inner.name}` });
    } else entries.push({ name: entry.name, path, isFolder: entry.isDirectory() });
  }
  return { isFolder: true, entries: entries.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

function othersText(entries: readonly Entry[]): string {
  if (entries.length === 0) return 'the folder is empty';
  const folders = entries.filter(({ isFolder }) => isFolder);
  const files = entries.filter(({ isFolder }) => !isFolder);
  const parts = [
    ...(folders.length > 0 ? [`the folders ${namesOf(folders)}`] : []),
    ...(files.length > 0 ? [`the files ${namesOf(files)}`] : []),
  ];
  return `only ${parts.join(' and ')}`;
}

const namesOf = (entries: readonly Entry[]): string =>
  entries
    .slice(0, MAX_NAMED)
    .map(({ name }) => JSON.stringify(name))
    .join(', ') + (entries.length > MAX_NAMED ? ` and ${entries.length - MAX_NAMED} more` : '');

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
export async function filesFingerprint(
  paths: readonly string[],
  nameOf: (path: string) => string = basename,
): Promise<Fingerprint> {
  const hash = createHash('sha256');
  const files: Fingerprint[] = [];
  for (const path of paths) {
    const file = await fileFingerprint(path);
    hash.update(`${nameOf(path)} ${file.fingerprint}\n`);
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
