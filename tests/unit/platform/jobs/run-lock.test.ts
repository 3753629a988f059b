/**
 * Purpose: one run of a kind at a time; a dead process never holds a lock, even if its pid is
 * reused.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import { acquireRunLock, lockPath, withRunLock } from '../../../../platform/jobs/run-lock.ts';

const clock = fixedClock(Date.UTC(2024, 0, 1));
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const acquire = (kind = 'training', store = 'file:/store') =>
  acquireRunLock({ folder, store, kind, clock });

/** Writes the lock as the process described would have left it. */
async function leave(change: Record<string, unknown>) {
  const lock = await acquire();
  const owner = JSON.parse(await readFile(lock.path, 'utf8'));
  await lock.release();
  await writeFile(lock.path, JSON.stringify({ ...owner, token: 'other', ...change }));
}

/** The pid of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  return child.pid!;
}

describe('acquireRunLock', () => {
  test('refuses a second run of the same kind and store with the pid, and no others', async () => {
    const lock = await acquire();
    await expect(acquire()).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS', where: lock.path });
    await expect(acquire()).rejects.toThrow(`process ${process.pid} since 2024-01-01`);
    const others = [await acquire('features'), await acquire('training', 'file:/other')];
    for (const each of [lock, ...others]) await each.release();
    await (await acquire()).release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('exactly one of many concurrent attempts succeeds', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => acquire()));
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(won).toHaveLength(1);
    await won[0]!.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('takes over the lock of a dead process', async () => {
    await leave({ pid: await deadPid() });
    await (await acquire()).release();
    expect(await readdir(folder)).toEqual([]);
  });

  (existsSync('/proc/self/stat') ? test : test.skip)(
    'a living process that only has the pid does not hold it',
    async () => {
      await leave({ pid: process.pid, started: '1' });
      await (await acquire()).release();
    },
  );

  test('takes over a lock of another machine or boot', async () => {
    await leave({ machine: 'elsewhere' });
    await (await acquire()).release();
  });

  test.each(['', '{"pid":', '[]', 'null', '{"pid":"x"}'])(
    'takes over a torn or foreign lock file (%j)',
    async (text) => {
      await writeFile(lockPath(folder, 'file:/store', 'training'), text);
      await (await acquire()).release();
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test('release keeps a lock that another process has taken over', async () => {
    const lock = await acquire();
    await writeFile(
      lock.path,
      (await readFile(lock.path, 'utf8')).replace(/"token":"[^"]+"/, '"token":"theirs"'),
    );
    await lock.release();
    expect(existsSync(lock.path)).toBe(true);
  });

  test('reports an unusable lock folder with a code and a fix', async () => {
    await writeFile(join(folder, 'file'), '');
    const options = { folder: join(folder, 'file', 'locks'), store: 's', kind: 'training', clock };
    await expect(acquireRunLock(options)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      where: options.folder,
    });
  });

  test('leaves no lock if the process exits without releasing', async () => {
    const script = join(folder, 'exit.mts');
    const module = new URL('../../../../platform/jobs/run-lock.ts', import.meta.url).href;
    await writeFile(
      script,
      `import { acquireRunLock } from ${JSON.stringify(module)};
       await acquireRunLock({ folder: ${JSON.stringify(join(folder, 'locks'))}, store: 's',
         kind: 'k', clock: { now: () => 0, elapsedMs: () => 0 } });
       process.exit(3);`,
    );
    const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: 'inherit' });
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(3);
    expect(await readdir(join(folder, 'locks'))).toEqual([]);
  });
});

describe('withRunLock', () => {
  test('returns the result, and releases after success and failure', async () => {
    const options = { folder, store: 's', kind: 'features', clock };
    expect(await withRunLock(options, async () => 42)).toBe(42);
    await expect(withRunLock(options, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await readdir(folder)).toEqual([]);
  });
});
