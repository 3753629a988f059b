/**
 * Purpose: the service and the writer of the soak as real processes that are started again.
 * Invariants: standard error of the service goes to /dev/full, so its log is always on a full disk;
 * it has few file descriptors; both read the clock that the soak steps.
 * Fails: `stop` rejects where a process does not end within its limit.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { environmentOf, LOADER, ROOT } from '../fixtures/cli/headway-process.ts';
import type { Place } from './place.ts';

export const STOP_SECONDS = 8;
const SERVICE_FILES = 256;
/** Loading takes seconds on a busy machine. */
const START_MS = 60_000;

export interface Soaked {
  readonly child: ChildProcess;
  /** @returns the exit status */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

function soaked(child: ChildProcess): Soaked {
  const ended = once(child, 'exit') as Promise<[number | null]>;
  return {
    child,
    async stop(signal) {
      child.kill(signal);
      const late = new Promise<never>((_resolve, reject) => {
        const limitMs = (STOP_SECONDS + 3) * 1000;
        setTimeout(
          () => reject(new Error(`no end ${limitMs} ms after ${signal}`)),
          limitMs,
        ).unref();
      });
      const [status] = await Promise.race([ended, late]);
      return status;
    },
  };
}

function spawnNode(args: readonly string[], place: Place, shell: string): ChildProcess {
  const clock = pathToFileURL(`${ROOT}/tests/chaos/stepped-clock.mjs`).href;
  const command = [process.execPath, ...LOADER, '--import', clock, ...args];
  return spawn('sh', ['-c', `${shell} exec "$0" "$@"`, ...command], {
    cwd: ROOT,
    env: environmentOf(place.env),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** @returns once it listens */
export async function startService(place: Place): Promise<Soaked & { readonly url: string }> {
  const limits = `ulimit -n ${SERVICE_FILES}; exec 2>/dev/full;`;
  const child = spawnNode(['cli/headway.ts', 'serve', '--port', '0'], place, limits);
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  for await (const line of createInterface({ input: child.stdout! })) {
    const [, url] = /on (http:\S+) /.exec(line) ?? [];
    if (url === undefined) continue;
    clearTimeout(timer);
    child.stdout!.resume();
    return { ...soaked(child), url };
  }
  throw new Error(`the service did not listen within ${START_MS} ms`);
}

export function startWriter(place: Place, onLine: (line: string) => void): Soaked {
  const args = [
    'tests/chaos/writer.ts',
    place.address,
    place.disk,
    place.env.HEADWAY_STORE_SECONDS,
  ];
  const child = spawnNode(args, place, '');
  createInterface({ input: child.stdout! }).on('line', onLine);
  return soaked(child);
}
