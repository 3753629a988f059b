/**
 * Purpose: `headway serve --shard` as processes that share one store: by a flag, by the
 * environment, and what is refused.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { fixedClock } from '../../../platform/clock.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { fileObjectStore } from '../../../storage/objects/file-object-store.ts';
import { endAll, headway, startHeadway } from '../../fixtures/cli/headway-process.ts';
import { NOW } from '../../fixtures/storage/features.ts';
import { commitPanel, learnable, TOYS } from '../../fixtures/toy-store.ts';

let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-serve-shard-'));
  const store = fileObjectStore(join(folder, 'store'));
  const features = openFeatureStore({ store, domain: 'taxi', clock: fixedClock(NOW) });
  await commitPanel(folder, { features }, learnable());
  env = {
    ...{ HEADWAY_STORE: `file:${join(folder, 'store')}`, HEADWAY_WORK: join(folder, 'work') },
    ...{ HEADWAY_DOMAIN: 'taxi', HEADWAY_WORKER: 'off', HEADWAY_DRAIN_SECONDS: '0', PORT: '0' },
  };
});
afterEach(endAll);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('two services have all series between them, and each knows where the others are', async () => {
  const running = [
    startHeadway(['serve', '--shard', '1/2'], env),
    startHeadway(['serve'], { ...env, HEADWAY_SHARD: '2/2' }),
  ];
  const urls: string[] = [];
  for (const [i, service] of running.entries()) {
    const [, url] = await service.until(new RegExp(`, shard ${i + 1}/2, on (http:\\S+) `));
    urls.push(url as string);
  }
  const [first, second] = await Promise.all(
    urls.map(async (url) => {
      const { series } = (await (await fetch(`${url}/v1/series`)).json()) as {
        series: { seriesId: string }[];
      };
      return series.map(({ seriesId }) => seriesId);
    }),
  );
  expect([first, second]).toEqual([TOYS.slice(0, 3), TOYS.slice(3)]);
  const elsewhere = await fetch(`${urls[0]}/v1/series/${second?.[0]}/forecast`);
  expect([elsewhere.status, await elsewhere.json()]).toMatchObject([421, { shard: '2/2' }]);
  const there = await fetch(`${urls[1]}/v1/series/${second?.[0]}/forecast`);
  expect([there.status, await there.json()]).toMatchObject([200, { seriesId: second?.[0] }]);
  for (const service of running) {
    service.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  }
});

test.each([
  [['serve', '--shard', '3/2'], {}, /USAGE.*--shard "3\/2" is not a shard/s],
  [['serve'], { HEADWAY_SHARD: '0/2' }, /SETTINGS_INVALID.*HEADWAY_SHARD is "0\/2"/s],
  [['start'], { HEADWAY_SHARD: '1/2' }, /SETTINGS_INVALID.*serves all series/s],
])('%j with %j is refused before anything is done', async (args, more, said) => {
  const { code, stderr } = await headway(args, { ...env, ...more });
  expect([code, stderr]).toEqual([2, expect.stringMatching(said)]);
});
