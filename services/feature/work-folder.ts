/**
 * Purpose: a folder for the work files of each run; removes the folders that killed runs left.
 * Invariants: the folder is removed when the work ends, however it ends; the folder of a run that
 * may be alive is never touched.
 * Fails: STORE_FULL where the disk is full; else with the error of the work.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { HeadwayError } from '../../platform/errors.ts';

const ABANDONED_MS = 86_400_000;
/**
 * In the name of each folder of this process: an earlier process may have had the same id, as the
 * first process of a container always has.
 */
const PROCESS = randomUUID().replaceAll('-', '');

export async function withWorkFolder<T>(
  root: string,
  now: number,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  let folder: string | null = null;
  try {
    await mkdir(root, { recursive: true });
    await removeLeftovers(root, now);
    const run = randomUUID().replaceAll('-', '');
    folder = join(root, `run-${host()}-${process.pid}-${PROCESS}${run}`);
    await mkdir(folder);
    return await work(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    throw new HeadwayError('STORE_FULL', 'the disk is full', {
      where: root,
      fix: 'Free some space and run again; nothing was committed.',
      cause: error,
    });
  } finally {
    if (folder) await rm(folder, { recursive: true, force: true });
  }
}

const host = (): string => hostname().replace(/[^A-Za-z0-9.]/g, '_');

async function removeLeftovers(root: string, now: number): Promise<void> {
  for (const name of await readdir(root)) {
    const match = /^run-([A-Za-z0-9._]+)-(\d+)-[A-Za-z0-9]+$/.exec(name);
    if (match && (await isAbandoned(join(root, name), match[1], Number(match[2]), now))) {
      await rm(join(root, name), { recursive: true, force: true });
    }
  }
}

async function isAbandoned(
  path: string,
  owner: string,
  pid: number,
  now: number,
): Promise<boolean> {
  // Whether a process of another machine lives cannot be checked: only the age counts.
  if (owner !== host())
    return ((await stat(path).catch(() => null))?.mtimeMs ?? now) < now - ABANDONED_MS;
  if (pid === process.pid) return !basename(path).includes(PROCESS);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
