/**
 * Purpose: a store that commit 8c7fe12 wrote opens, verifies, serves and goes on
 * (tests/fixtures/cli/old-store.ts).
 */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type CliWorker, cliWorker } from '../fixtures/cli/cli-worker.ts';
import { endAll, startHeadway } from '../fixtures/cli/headway-process.ts';
import { oldStorePlace } from '../fixtures/cli/old-store.ts';
import { whenNotBusy } from '../fixtures/waiting.ts';

/** The newest hour that the store holds: labelled 00:00 of the next day in New York. */
const CUTOFF = '2017-04-14T03:00:00.000Z';

let place: Awaited<ReturnType<typeof oldStorePlace>>;
let worker: CliWorker;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  place = await oldStorePlace();
  env = place.env;
  worker = cliWorker();
});
afterAll(async () => {
  await worker.close();
  await endAll();
  await place.remove();
});

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await worker.run([...args, '--json'], env);
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};

test('an old store verifies without a problem and without orphans', async () => {
  const { problems, features, models } = await json('store', 'verify');
  expect({ problems, orphans: [...features.orphans, ...models.orphans] }).toEqual({
    problems: [],
    orphans: [],
  });
});

test('reads the log of an old store, its compaction and its champion', async () => {
  const snapshots = await json('store', 'log');
  expect(snapshots.map(({ number }: { number: number }) => number)).toEqual([1, 2, 3]);
  expect(await json('store', 'diff', '1', '2')).toMatchObject({
    totals: { counts: { added: 2 * 24 * 5, changed: 0 } },
  });
  const { champion, card } = await json('models', 'show');
  expect([champion, card.snapshotVersion]).toEqual([true, snapshots[2].snapshotVersion]);
});

test('serves the champion of an old store over HTTP', async () => {
  const server = startHeadway(['serve', '--port', '0'], env);
  const url = (await server.until(/on (http:\/\/127\.0\.0\.1:\d+)/))[1];
  const response = await whenNotBusy(`${url}/v1/series/AEP/forecast`);
  const forecast = (await response.json()) as Record<string, unknown>;
  expect(response.status).toBe(200);
  expect(forecast).toMatchObject({ seriesId: 'AEP', cutoff: CUTOFF });
  // A label would say that something else than the champion forecast it.
  expect(forecast).not.toHaveProperty('fallback');
  server.kill('SIGTERM');
  expect((await server.ended).code).toBe(0);
});

test('adds a day to an old store, and training compares with its champion', async () => {
  for (const [region, load] of [
    ['AEP', 9000],
    ['COMED', 7000],
  ] as const) {
    const rows = Array.from({ length: 23 }, (_, hour) => {
      const label = `2017-04-14 ${String(hour + 1).padStart(2, '0')}:00:00`;
      return `${label},${load}.0\n`;
    });
    await appendFile(join(place.folder, 'load', `${region}_hourly.csv`), rows.join(''));
  }
  const run = await json('features', 'run', '--source', join(place.folder, 'load'));
  expect(run).toMatchObject({ changed: true, snapshotVersion: expect.stringMatching(/^4-/) });
  const trained = await json('train', '--warm-start', '--steps', '2', '--test-days', '14');
  // Weights of other inputs are no start; the champion itself forecasts as before.
  expect(trained).toMatchObject({ warmStart: null });
  expect(trained.metrics.all).toHaveProperty('champion');
  expect((await worker.run(['store', 'verify'], env)).code).toBe(0);
});
