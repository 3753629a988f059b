/**
 * Purpose: refuses a second run of the same kind on the same store and machine, because it would
 * only repeat the work. The store is correct without it: two runs at once still leave a linear
 * history.
 * Invariants: the lock file appears whole or not at all (`link`). A lock is taken over where its
 * process is gone (also where another process has its pid), or where it cannot be judged: of
 * another machine, an earlier boot, or unreadable. Only the owner removes its lock. Two processes
 * that take over one dead lock in the same instant may both run. No library: their locks expire by
 * time, and a training blocks the event loop for longer than that.
 * Fails: RUN_IN_PROGRESS with the pid and start of the other run; STORE_UNAVAILABLE where the lock
 * folder cannot be written.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { HeadwayError } from '../errors.ts';

export interface RunLockOptions {
  /** Folder of the lock files, on a local disk. */
  readonly folder: string;
  /** What two runs must not share: the store's location, and the domain if there is one. */
  readonly store: string;
  /** The kind of run: "features", "training". */
  readonly kind: string;
  readonly clock: Clock;
}

export interface RunLock {
  readonly path: string;
  release(): void;
}

interface Owner {
  readonly pid: number;
  /** Start of the process in ticks since boot, because pids are reused; null off Linux. */
  readonly started: string | null;
  /** Machine and boot. */
  readonly machine: string;
  readonly token: string;
  readonly kind: string;
  readonly since: number;
}

export async function acquireRunLock(options: RunLockOptions): Promise<RunLock> {
  const { folder, store, kind, clock } = options;
  const path = lockPath(folder, store, kind);
  const { pid } = process;
  const token = randomUUID();
  const machine = machineId();
  const owner: Owner = { pid, started: startOf(pid), machine, token, kind, since: clock.now() };
  const draft = `${path}.${token}`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(draft, JSON.stringify(owner));
    while (!(await linked(draft, path))) {
      const other = readOwner(path);
      if (other === 'absent') continue;
      if (other !== 'unreadable' && isAlive(other)) throw inProgress(other, path);
      await rename(draft, path);
      break;
    }
  } catch (error) {
    throw error instanceof HeadwayError ? error : unavailable(folder, error);
  } finally {
    // A failure to remove the draft must not hide the error that led here.
    await rm(draft, { force: true }).catch(() => {});
  }
  const remove = () => {
    const current = readOwner(path);
    if (typeof current === 'object' && current.token === token) rmSync(path, { force: true });
  };
  // `process.exit` runs no `finally`; a signal that kills runs nothing, and leaves a dead lock.
  process.once('exit', remove);
  const release = () => {
    process.off('exit', remove);
    remove();
  };
  return { path, release };
}

/** Runs `work` while holding the lock. */
export async function withRunLock<T>(options: RunLockOptions, work: () => Promise<T>): Promise<T> {
  const lock = await acquireRunLock(options);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

export const lockPath = (folder: string, store: string, kind: string): string =>
  join(folder, `${kind}-${createHash('sha256').update(store).digest('hex').slice(0, 16)}.lock`);

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(path: string): Owner | 'absent' | 'unreadable' {
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner> | null;
    const isOwner = Number.isInteger(owner?.pid) && typeof owner?.token === 'string';
    return isOwner ? (owner as Owner) : 'unreadable';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'unreadable';
  }
}

function isAlive({ pid, started, machine }: Owner): boolean {
  if (machine !== machineId()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process is alive and belongs to another user.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return started === startOf(pid);
}

/** Field 22 of /proc/PID/stat; the name before it is in brackets and may hold any character. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function machineId(): string {
  try {
    return `${hostname()} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return hostname();
  }
}

const inProgress = ({ kind, pid, since }: Owner, path: string) =>
  new HeadwayError(
    'RUN_IN_PROGRESS',
    `a ${kind} run is in progress in process ${pid} since ${new Date(since).toISOString()}`,
    { where: path, fix: `Wait for it to end, or stop process ${pid}.` },
  );

const unavailable = (folder: string, cause: unknown) =>
  new HeadwayError(
    'STORE_UNAVAILABLE',
    `the lock folder cannot be used: ${(cause as Error).message}`,
    { where: folder, fix: 'Set HEADWAY_WORK to a writable folder on a local disk.', cause },
  );
