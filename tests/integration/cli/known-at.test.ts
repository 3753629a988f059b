/**
 * Purpose: a correction of past data on the command line: `store diff` lists what was restated, and
 * the earlier model is reproduced bit for bit.
 */

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fixedClock } from '../../../platform/clock.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import type { Manifest } from '../../../storage/features/manifest.ts';
import { fileObjectStore } from '../../../storage/objects/file-object-store.ts';
import { type CliWorker, cliWorker, temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import { QUICK_TRAINING } from '../../fixtures/cli/quick-training.ts';
import { commitObjects } from '../../fixtures/storage/features.ts';

const HOUR = 3_600_000;
const FIRST = Date.UTC(2023, 4, 1);
const DAYS = 70;

let place: Awaited<ReturnType<typeof temporaryPlace>>;
let warm: CliWorker;
let modelVersion = '';
let before = 0;
beforeAll(async () => {
  place = await temporaryPlace();
  warm = cliWorker();
  await mkdir(join(place.folder, 'load'));
});
afterAll(async () => {
  await warm.close();
  await place.remove();
});

const run = async (...args: string[]) => {
  const { HEADWAY_SOURCE: _ours, ...env } = place.env;
  return warm.run(args, { ...env, HEADWAY_DOMAIN: 'electricity', HEADWAY_BACKEND: 'wasm' });
};
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(...args, '--json');
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};

/** Hourly load of one region; labels are the ends of hours on New York's summer clock. */
async function writeLoad(days: number, load: (t: number) => number): Promise<void> {
  const lines = Array.from({ length: 24 * days }, (_, t) => {
    const label = new Date(FIRST + (t + 1) * HOUR).toISOString().slice(0, 19).replace('T', ' ');
    return `${label},${load(t).toFixed(1)}`;
  });
  await writeFile(
    join(place.folder, 'load', 'AEP_hourly.csv'),
    `Datetime,AEP_MW\n${lines.join('\n')}\n`,
  );
}
const usual = (t: number) => 1000 + 200 * Math.sin((2 * Math.PI * t) / 24) + (t % 168);
/** The hour of the correction: 5 June, 12:00 in New York. */
const CORRECTED = 24 * 35 + 12;

test('train uses the snapshot that is known', async () => {
  await writeLoad(DAYS, usual);
  await json('features', 'run', '--source', join(place.folder, 'load'));
  ({ modelVersion } = await json('train', ...QUICK_TRAINING, '--steps', '2', '--test-days', '7'));
  before = Date.now();
});

test('store diff lists a corrected value and a new day', async () => {
  await writeLoad(DAYS + 1, (t) => (t === CORRECTED ? 1500 : usual(t)));
  await json('features', 'run', '--source', join(place.folder, 'load'));
  const csv = join(place.folder, 'deep', 'diff.csv');
  const diff = await json('store', 'diff', '--csv', csv);
  const corrected = Date.parse('2023-06-05T16:00:00Z');
  expect(diff.totals.counts).toEqual({
    added: 24,
    changed: 1,
    removed: 0,
    becameKnown: 0,
    becameUnknown: 0,
  });
  expect(diff.series).toMatchObject([
    { seriesId: 'AEP', largest: { timestamp: corrected, after: 1500 } },
  ]);
  const lines = (await readFile(csv, 'utf8')).trimEnd().split('\n');
  expect(lines[0]).toBe('unique_id,exogenous,ds,change,before,after');
  expect(lines[1]).toMatch(/^AEP,false,2023-06-05T16:00:00Z,changed,\d+(\.\d+)?,1500$/);
  expect(lines).toHaveLength(26);
  expect(await json('store', 'diff', '1', '2')).toMatchObject({ totals: diff.totals });
  expect(await json('store', 'diff', '--known-at', new Date(before).toISOString())).toMatchObject({
    totals: diff.totals,
  });

  const { stdout } = await run('store', 'diff');
  expect(stdout).toContain('24 added, 1 changed: 1 restated, 1 series.');
  expect(stdout).toContain('Added files: hourly-load (published again)');
  expect(stdout).toMatch(/2023-06-05 16:00: \d[\d.]* → 1500/);
  expect(stdout).toMatch(/2023-06-05 {2}█+ +1/);
  expect((await run('store', 'diff', '2', '2')).stdout).toContain('No differences.');
});

test.each([
  [['9'], 3, /^OBJECT_NOT_FOUND: There is no snapshot "9"/],
  [['1-000000000000', '2'], 3, /^OBJECT_NOT_FOUND/],
  [['--known-at', 'tomorrow'], 2, /^USAGE: --known-at "tomorrow" is not a timestamp/],
  [['--known-at', '2020-01-01'], 3, /^SNAPSHOT_EMPTY/],
  [['1', '2', '--known-at', '2020-01-01'], 2, /^USAGE/],
])('store diff refuses %j', async (args, exit, text) => {
  const { code, stdout, stderr } = await run('store', 'diff', ...args);
  expect([code, stdout]).toEqual([exit, '']);
  expect(stderr).toMatch(text);
});

test('train --reproduce gives the earlier model bit for bit after the store changed', async () => {
  const quick = await json('train', '--reproduce', modelVersion, '--panel-only');
  expect(quick).toMatchObject({
    modelVersion,
    trainingSet: { equal: true, intervals: 24 * DAYS },
    weights: null,
  });
  const { code, stdout } = await run('train', '--reproduce', modelVersion);
  expect(code).toBe(0);
  expect(stdout).toContain('Training set: equal bit for bit, 1 series × 1680 intervals');
  expect(stdout).toContain('Weights: equal bit for bit, wasm, seed 7');
  expect((await json('models', 'list')).models).toHaveLength(1);
});

test('train --reproduce uses the card and refuses other settings', async () => {
  const { code, stderr } = await run('train', '--reproduce', modelVersion, '--steps', '3');
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^USAGE: option '--reproduce <modelVersion>' cannot be used with option '--steps/,
  );
  expect(await run('train', '--panel-only')).toMatchObject({ code: 2 });
  expect(await run('train', '--reproduce', '20200101T000000Z-000000000000')).toMatchObject({
    code: 3,
  });
});

test('a commit with a clock ahead is reported and repaired', async () => {
  const source = ['--source', join(place.folder, 'load')];
  const store = fileObjectStore(join(place.folder, 'store'));
  const ahead = fixedClock(Date.now() + 365 * 24 * HOUR);
  const features = openFeatureStore({ store, domain: 'electricity', clock: ahead });
  const { objects, schema, number } = (await features.head()) as Manifest;
  const newest = objects.at(-1) as Manifest['objects'][0];
  const object = { ...newest, path: await store.localPath(newest.key), fingerprint: 'ahead' };
  await commitObjects(features, {
    reason: 'ahead',
    schema,
    newObjects: [{ ...object, availableAt: ahead.now() }],
  });

  for (const [code, text, ...args] of [
    [4, /^CLOCK_BEHIND: .* UTC, but it is .* UTC .*repair-clock/, 'features', 'run', ...source],
    [5, /^CLOCK_AHEAD: .* UTC, but it is .* UTC .*repair-clock/, 'store', 'verify'],
  ] as const) {
    const ended = await run(...args);
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringMatching(text)]);
    expect(ended.stderr).toContain(`log/${String(number + 1).padStart(20, '0')}.json`);
  }
  expect(await json('store', 'repair-clock')).toMatchObject({
    changed: true,
    restated: [newest.part],
  });
  expect((await run('store', 'repair-clock')).stdout).toMatch(
    /^Snapshot \S+ has no timestamp in the future/,
  );
  expect(await json('store', 'verify')).toMatchObject({ features: { clock: null }, problems: [] });
  expect(await json('features', 'run', ...source)).toMatchObject({ changed: true });
  expect(await json('features', 'run', ...source)).toMatchObject({ changed: false });
});

test('train --reproduce fails in a changed store and names the object', async () => {
  const data = join(place.folder, 'store', 'features', 'electricity', 'data');
  const [first] = (await json('store', 'log')) as { objects: { sha256: string }[] }[];
  const name = `${first?.objects[0]?.sha256}.parquet`;
  expect(await readdir(data)).toContain(name);
  const bytes = await readFile(join(data, name));
  bytes[50] = (bytes[50] as number) ^ 4;
  await rm(join(data, name));
  await writeFile(join(data, name), bytes);
  const { code, stderr, stdout } = await run('train', '--reproduce', modelVersion, '--panel-only');
  expect([code, stdout]).toEqual([5, '']);
  expect(stderr).toMatch(/^STORE_CORRUPT: /);
  expect(stderr).toContain(name);
});
