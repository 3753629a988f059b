/**
 * Purpose: refuses a second run of the same kind on the same store and machine, because it would
 * only repeat the work. The store is correct without it: two runs at once still leave a linear
 * history.
 * Invariants: the lock file appears whole or not at all (`link`); a lock whose process is gone
 * (also where its pid is now another process's) is taken over; only the owner's own lock is
 * removed. A lock of another machine or an earlier boot cannot be judged, and is taken over. Two
 * processes that take over one dead lock in the same instant may both run.
 * Fails: RUN_IN_PROGRESS with the other's pid; STORE_UNAVAILABLE where the lock folder cannot be
 * written.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { HeadwayError } from '../errors.ts';

export interface RunLockOptions {
  /** Folder of the lock files, on a local disk. */
  readonly folder: string;
  /** The store's location, and the domain if runs are a domain's own: what two runs would share. */
  readonly store: string;
  /** The kind of run: "features", "training". */
  readonly kind: string;
  readonly clock: Clock;
}

export interface RunLock {
  readonly path: string;
  release(): Promise<void>;
}

interface Owner {
  readonly pid: number;
  /**
   * The process's start in ticks since boot, so that a recycled pid is told apart; null where the
   * system does not say.
   */
  readonly started: string | null;
  /** Machine and boot. */
  readonly machine: string;
  readonly token: string;
  readonly kind: string;
  readonly since: number;
}

const TRIES = 5;

export async function acquireRunLock({
  folder,
  store,
  kind,
  clock,
}: RunLockOptions): Promise<RunLock> {
  const path = lockPath(folder, store, kind);
  const owner: Owner = {
    pid: process.pid,
    started: processStart(process.pid),
    machine: machineId(),
    token: randomUUID(),
    kind,
    since: clock.now(),
  };
  const draft = `${path}.${owner.token}`;
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(draft, JSON.stringify(owner));
    for (let tries = 0; tries < TRIES; tries++) {
      if (await linked(draft, path)) return held(path, owner);
      const other = await readOwner(path);
      if (other === 'absent') continue;
      if (other !== 'unreadable' && isAlive(other)) throw inProgress(other, path);
      await removeDead(path, `${draft}.dead`, other === 'unreadable' ? null : other.token);
    }
  } catch (error) {
    throw error instanceof HeadwayError ? error : unavailable(folder, error);
  } finally {
    // A failure to remove the draft must not hide the error that led here.
    await rm(draft, { force: true }).catch(() => {});
  }
  throw new HeadwayError('RUN_IN_PROGRESS', `other ${kind} runs keep taking the lock`, {
    where: path,
    fix: 'Try again later.',
  });
}

/** Runs `work` while holding the lock. */
export async function withRunLock<T>(options: RunLockOptions, work: () => Promise<T>): Promise<T> {
  const lock = await acquireRunLock(options);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

export const lockPath = (folder: string, store: string, kind: string): string =>
  join(folder, `${kind}-${createHash('sha256').update(store).digest('hex').slice(0, 16)}.lock`);

function held(path: string, owner: Owner): RunLock {
  // `process.exit` runs no `finally`; a signal that kills runs nothing, and leaves a dead lock to
  // be taken over.
  const onExit = () => {
    try {
      if (parseOwner(readFileSync(path, 'utf8'))?.token === owner.token)
        rmSync(path, { force: true });
    } catch {
      // Gone already, or not ours to fix while exiting.
    }
  };
  process.once('exit', onExit);
  return {
    path,
    release: async () => {
      process.removeListener('exit', onExit);
      const current = await readOwner(path);
      if (typeof current === 'object' && current.token === owner.token)
        await rm(path, { force: true });
    },
  };
}

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Moves the dead lock aside and puts it back where it turns out to be a newer one that somebody
 * else has just taken.
 */
async function removeDead(path: string, aside: string, deadToken: string | null): Promise<void> {
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const moved = await readOwner(aside);
  if (typeof moved === 'object' && moved.token !== deadToken) await linked(aside, path);
  await rm(aside, { force: true });
}

async function readOwner(path: string): Promise<Owner | 'absent' | 'unreadable'> {
  try {
    return parseOwner(await readFile(path, 'utf8')) ?? 'unreadable';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent';
    throw error;
  }
}

function parseOwner(text: string): Owner | null {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    return Number.isInteger(owner?.pid) && typeof owner?.token === 'string'
      ? (owner as Owner)
      : null;
  } catch {
    return null;
  }
}

function isAlive(owner: Owner): boolean {
  if (owner.machine !== machineId()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives and is another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return owner.started === processStart(owner.pid);
}

/**
 * Field 22 of /proc/<pid>/stat; the name before it is in brackets and may hold anything. Null off
 * Linux.
 */
function processStart(pid: number): string | null {
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

const inProgress = (other: Owner, path: string) =>
  new HeadwayError(
    'RUN_IN_PROGRESS',
    `a ${other.kind} run is under way in process ${other.pid} since ${new Date(other.since).toISOString()}`,
    {
      where: path,
      fix: `Wait for it to end, or stop process ${other.pid}.`,
    },
  );

const unavailable = (folder: string, cause: unknown) =>
  new HeadwayError(
    'STORE_UNAVAILABLE',
    `the lock folder cannot be used: ${(cause as Error).message}`,
    {
      where: folder,
      fix: 'Set HEADWAY_WORK to a folder on a local disk that can be written.',
      cause,
    },
  );
