/**
 * Purpose: runs the real command line as a process of its own, the way people start it, for tests.
 * Invariants: it sees no HEADWAY_* variable but those it is given; what was started is ended by
 * `endAll`.
 * Fails: `until` rejects, with everything that was printed, where the process ends before it has
 * printed what is waited for.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const ROOT = join(import.meta.dirname, '..', '..');
export const LOADER = [
  '--import',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
];

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Resolves with the match once standard output and error together hold it. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** Closes the pipe that standard output goes into. */
  stopReading(): void;
}

type Environment = Readonly<Record<string, string>>;

/** This process's environment without anything that is Headway's, and what is given. */
export function environmentOf(given: Environment = {}): Record<string, string> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(HEADWAY_|PORT$|HOST$|NODE_OPTIONS$|FORCE_COLOR$)/.test(name),
  );
  return { ...(Object.fromEntries(own) as Record<string, string>), ...given };
}

const started = new Set<ChildProcess>();

/** @param limits shell commands before it starts, e.g. `ulimit -n 100`, and redirections */
export function startHeadway(args: readonly string[], env: Environment = {}, limits = ''): Running {
  const command = [process.execPath, ...LOADER, join(ROOT, 'headway.ts'), ...args];
  const shell = ['sh', '-c', `${limits}; exec "$0" "$@"`, ...command];
  const [file, ...given] = (limits === '' ? command : shell) as [string, ...string[]];
  const child = spawn(file, given, {
    cwd: ROOT,
    env: environmentOf(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let [stdout, stderr] = ['', ''];
  const listeners = new Set<() => void>();
  const hear = () => {
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    hear();
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    hear();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      started.delete(child);
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    pid: child.pid as number,
    ended,
    kill: (signal) => void child.kill(signal),
    stopReading: () => void child.stdout.destroy(),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(`${stdout}\n${stderr}`);
          if (match === null) return;
          listeners.delete(look);
          resolve(match);
        };
        listeners.add(look);
        look();
        void ended.then(() =>
          reject(new Error(`it ended before ${pattern}:\n${stdout}\n${stderr}`)),
        );
      }),
  };
}

/** Runs to the end. */
export const headway = (args: readonly string[], env: Environment = {}): Promise<Ended> =>
  startHeadway(args, env).ended;

/** Ends whatever a failed test has left running. */
export async function endAll(): Promise<void> {
  const left = [...started];
  for (const child of left) child.kill('SIGKILL');
  await Promise.all(left.map((child) => new Promise((resolve) => child.once('close', resolve))));
}

/**
 * The processes, of whatever parent, that were started with this text in their environment. null
 * where there is no /proc.
 */
export function processesWith(text: string): number[] | null {
  if (process.platform !== 'linux') return null;
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const isDead = /^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${name}/stat`, 'utf8'));
      return !isDead && readFileSync(`/proc/${name}/environ`, 'utf8').includes(text)
        ? [Number(name)]
        : [];
    } catch {
      return [];
    }
  });
}
