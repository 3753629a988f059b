/**
 * Purpose: jobs in other processes give what they would give here, fail with their own code, and
 * end with the pool.
 */
import { getEventListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openWorkerPool, type WorkerPool } from '../../../platform/jobs/worker-pool.ts';

let folder = '';
let module: URL;
let pool: WorkerPool;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-pool-'));
  const path = join(folder, 'module.ts');
  await writeFile(
    path,
    `type Input = { act: string; values?: Float32Array };
    const acts: Record<string, (input: Input, report: (p: unknown) => void) => unknown> = {
      double: ({ values }, report) => { report({ half: true }); return values!.map((x) => 2 * x); },
      pid: () => process.pid,
      coded: () => { throw Object.assign(new Error('too short'), {
        name: 'HeadwayError', code: 'HISTORY_TOO_SHORT', fix: 'Bring more.' }); },
      plain: () => { throw new TypeError('boom'); },
      die: () => process.exit(9),
      forever: (_, report) => { report('here');
        return new Promise(() => setInterval(() => {}, 1000)); },
    };
    export const work = (input: Input, report: (p: unknown) => void) =>
      acts[input.act]!(input, report);`,
  );
  module = pathToFileURL(path);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => pool.close());

describe('worker pool', () => {
  test('copies typed arrays both ways and forwards progress', async () => {
    pool = openWorkerPool({ module, size: 1 });
    const seen: unknown[] = [];
    const output = await pool.run<Float32Array>(
      { act: 'double', values: Float32Array.of(1, Number.NaN, 3) },
      { onProgress: (progress) => seen.push(progress) },
    );
    expect([...output]).toEqual([2, Number.NaN, 6]);
    expect(ArrayBuffer.isView(output)).toBe(true);
    expect(seen).toEqual([{ half: true }]);
  });

  test('uses at most its size of processes and reuses them', async () => {
    pool = openWorkerPool({ module, size: 2 });
    const pids = await Promise.all(
      Array.from({ length: 6 }, () => pool.run<number>({ act: 'pid' })),
    );
    expect(new Set(pids).size).toBeLessThanOrEqual(2);
    expect(pids).not.toContain(process.pid);
  });

  test('keeps the code of an error, and continues after an error or a dead worker', async () => {
    pool = openWorkerPool({ module, size: 1 });
    await expect(pool.run({ act: 'coded' })).rejects.toMatchObject({
      code: 'HISTORY_TOO_SHORT',
      fix: 'Bring more.',
    });
    await expect(pool.run({ act: 'plain' })).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'boom',
    });
    await expect(pool.run({ act: 'die' })).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'a worker ended with exit status 9',
    });
    await expect(pool.run({ act: 'pid' })).resolves.toBeGreaterThan(0);
  });

  test('removes the signal listeners of ended jobs', async () => {
    pool = openWorkerPool({ module, size: 1 });
    const { signal } = new AbortController();
    await pool.run({ act: 'pid' }, { signal });
    await pool.run({ act: 'die' }, { signal }).catch(() => undefined);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('stops a job when its signal aborts or its pool closes', async () => {
    pool = openWorkerPool({ module, size: 1 });
    const stop = new AbortController();
    const stopped = pool.run(
      { act: 'forever' },
      { signal: stop.signal, onProgress: () => stop.abort() },
    );
    await expect(stopped).rejects.toMatchObject({ message: 'the job was stopped' });
    let closing = Promise.resolve();
    const running = pool.run({ act: 'forever' }, { onProgress: () => (closing = pool.close()) });
    const waiting = pool.run({ act: 'pid' });
    await expect(waiting).rejects.toMatchObject({ message: 'the worker pool was closed' });
    await expect(running).rejects.toMatchObject({ code: 'INTERNAL' });
    await closing;
    await expect(pool.run({ act: 'pid' })).rejects.toMatchObject({
      message: 'the worker pool is closed',
    });
  });

  test('refuses a module that cannot be loaded and an invalid size', async () => {
    pool = openWorkerPool({ module: new URL('nowhere.ts', module), size: 1 });
    await expect(pool.run({})).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('nowhere.ts'),
    });
    expect(() => openWorkerPool({ module, size: 0 })).toThrow('at least 1 worker');
  });
});
