/**
 * Purpose: feature runs at the same time: one work folder admits one; whatever admits two leaves a
 * linear history.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Manifest } from '../../../storage/features/manifest.ts';
import { type CliWorker, cliWorker, temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import { endAll, headway } from '../../fixtures/cli/headway-process.ts';

let place: Awaited<ReturnType<typeof temporaryPlace>>;
let warm: CliWorker;
beforeAll(async () => {
  place = await temporaryPlace();
  warm = cliWorker();
});
afterAll(async () => {
  await endAll();
  await warm.close();
  await place.remove();
});

test('one work folder admits one run, and concurrent runs leave a linear history', async () => {
  const run = (work: string) =>
    headway(['features', 'run', '--work', join(place.folder, work)], place.env);
  const [one, other, elsewhere] = await Promise.all([run('work'), run('work'), run('elsewhere')]);
  for (const { code, stderr } of [one, other]) {
    expect([0, 6]).toContain(code);
    if (code === 6) expect(stderr).toMatch(/RUN_IN_PROGRESS: /);
  }
  expect([one.code, other.code]).toContain(0);
  expect(elsewhere.code).toBe(0);

  const json = async (...args: string[]) =>
    JSON.parse((await warm.run([...args, '--json'], place.env)).stdout);
  const log = (await json('store', 'log')) as Manifest[];
  for (const [i, { number, parent }] of log.entries()) {
    expect([number, parent]).toEqual([i + 1, log[i - 1]?.snapshotVersion ?? null]);
  }
  // Nothing is lost, and nothing is there twice.
  const parts = (log.at(-1) as Manifest).objects.map(
    ({ part, fingerprint }) => `${part} ${fingerprint}`,
  );
  expect(new Set(parts).size).toBe(parts.length);
  expect((await json('store', 'verify')).problems).toEqual([]);
  const counts = (await warm.run(['panel', 'export'], place.env)).stdout;
  const alone = { ...place.env, HEADWAY_STORE: `file:${join(place.folder, 'alone')}` };
  expect((await warm.run(['features', 'run'], alone)).code).toBe(0);
  const expected = (await warm.run(['panel', 'export'], alone)).stdout;
  // An hour may have begun meanwhile: what both know is the same.
  const shared = Math.min(counts.length, expected.length) === counts.length ? counts : expected;
  expect(new Set([...counts.split('\n'), ...expected.split('\n')]).size).toBeLessThanOrEqual(
    shared.split('\n').length + 8,
  );
});
