/**
 * Purpose: many commands, one loading: the command line in a process that stays
 * (children/warm-headway.ts).
 * Invariants: commands run one after another; whole-way.test.ts shows that a warm command and a
 * cold one say the same.
 * Fails: a command rejects where the process has died.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Ended, environmentOf, LOADER, ROOT } from './headway-process.ts';

const CHILD = fileURLToPath(new URL('./children/warm-headway.ts', import.meta.url));

export interface WarmHeadway {
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  close(): Promise<void>;
}

export function warmHeadway(): WarmHeadway {
  const child = spawn(process.execPath, [...LOADER, CHILD], {
    cwd: ROOT,
    env: environmentOf(),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(args, env = {}) {
      const next = last.then(async () => {
        child.stdin.write(`${JSON.stringify({ args, env })}\n`);
        const { value, done } = await answers.next();
        if (done) throw new Error(`the process that runs commands died at: ${args.join(' ')}`);
        return JSON.parse(value) as Ended;
      });
      last = next.catch(() => {});
      return next;
    },
    async close() {
      const closed = once(child, 'close');
      child.stdin.end();
      await closed;
    },
  };
}

export const SOURCE = 'city:months=3,places=4';

/** A folder of its own, and the environment that sends a command there. */
export async function temporaryPlace() {
  const folder = await mkdtemp(join(tmpdir(), 'headway-cli-'));
  return {
    folder,
    env: environmentIn(folder),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export const environmentIn = (folder: string) => ({
  HEADWAY_STORE: `file:${join(folder, 'store')}`,
  HEADWAY_WORK: join(folder, 'work'),
  HEADWAY_DOMAIN: 'taxi',
  HEADWAY_SOURCE: SOURCE,
  HEADWAY_LOG_LEVEL: 'warn',
});
