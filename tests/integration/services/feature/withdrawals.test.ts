import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { tableDomain } from '../../../../domains/sources/table.ts';
import type { Table } from '../../../../domains/sources/table-declaration.ts';
import { silentProgress } from '../../../../platform/progress.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { runFeatures } from '../../../../services/feature/run.ts';
import { type FeatureStore, openFeatureStore } from '../../../../storage/features/feature-store.ts';
import { fileObjectStore } from '../../../../storage/objects/file-object-store.ts';
import { type FeatureFixture, featureFixture } from '../../../fixtures/feature-fixture.ts';

// The first run in a file loads danfo, which takes seconds on a busy machine.
jest.setTimeout(60_000);

const HOUR = 3_600_000;
const FIRST = Date.UTC(2026, 9, 1);
const NOW = '2026-11-22T04:30:00Z';

const hourly = (table: Partial<Table>) =>
  tableDomain({
    ...{ name: 'test', title: 'Test', unit: 'MW', seriesNoun: 'series' },
    ...{ frequencyMinutes: 60, timeZone: 'UTC', seasonLengths: [24, 168], horizon: 24 },
    ...{ missing: table.value === undefined ? 'zero' : 'unknown', nonNegative: true },
    table: { time: 'time', series: 'series', part: 'file', ...table },
  });
const loads = hourly({ value: 'load' });
const events = hourly({});

let bench: FeatureFixture;
let features: FeatureStore;
let domain = loads;
beforeEach(async () => {
  domain = loads;
  bench = await featureFixture(loads, NOW);
  const store = fileObjectStore(join(bench.folder, 'store'));
  features = openFeatureStore({ store, domain: 'test', clock: bench.clock });
});
afterEach(() => bench.remove());

/** One row an hour, from hour `from` to hour `to`, exclusive. */
const write = (from: number, to: number, name = 'export.csv') => {
  const rows = Array.from(
    { length: to - from },
    (_, i) => `${new Date(FIRST + (from + i) * HOUR).toISOString().slice(0, 19)},a,${from + i + 1}`,
  );
  return writeFile(join(bench.input, name), `time,series,load\n${rows.join('\n')}\n`);
};

async function run() {
  bench.clock.advance(1000);
  const source = await domain.openSource(bench.input, bench.context);
  const { workFolder, clock } = bench;
  const { report } = await runFeatures({
    ...{ domain, source, features, workFolder, clock },
    ...{ logger: silentLogger, progress: silentProgress },
  });
  return report?.verdicts.find(({ name }) => name === 'withdrawn');
}

/** Publishes hours [from, to) of a file. */
async function publish(from: number, to: number, name?: string) {
  await write(from, to, name);
  return run();
}

/** The known hours as [first, past], and whether those that are known have their values. */
async function known(knownAt?: number) {
  const panel = await features.readAsOf(knownAt === undefined ? {} : { knownAt });
  const shift = (panel.start - FIRST) / HOUR;
  const values = [...panel.columns.target].map((value, t) => [t + shift, value] as const);
  const found = values.filter(([, value]) => value > 0);
  expect(found.every(([hour, value]) => value === hour + 1 || domain === events)).toBe(true);
  return found.map(([hour]) => hour);
}
const between = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('a file that is published again without its last rows', () => {
  test('takes their values away, with a warning that counts them', async () => {
    await publish(0, 400);
    const before = bench.clock.now();
    expect(await publish(0, 380)).toMatchObject({
      outcome: 'warn',
      value: 20,
      detail: expect.stringContaining('20 values up to 2026-10-17 16:00'),
    });
    expect(await known()).toEqual(between(0, 380));
    expect(await (await features.openOnline()).lastObserved()).toBe(379);
    // What was known before is a fact.
    expect(await known(before)).toEqual(between(0, 400));
    expect((await features.verify()).problems).toEqual([]);
  });

  test('gives them back, and warns once', async () => {
    await publish(0, 400);
    await publish(0, 380);
    expect(await publish(0, 385)).toMatchObject({ outcome: 'pass', value: 0 });
    expect(await known()).toEqual(between(0, 385));
    await publish(0, 410);
    expect(await known()).toEqual(between(0, 410));
    await features.compact({ minObjects: 2 });
    expect(await known()).toEqual(between(0, 410));
  });

  test('of events: the hours are without an event', async () => {
    domain = events;
    await publish(0, 400);
    expect(await publish(0, 380)).toMatchObject({ outcome: 'warn', value: 20 });
    expect(await known()).toEqual(between(0, 380));
    const { target } = (await features.readAsOf({})).columns;
    expect([...target.slice(380)]).toEqual(Array(20).fill(0));
  });
});

test('a rolling export keeps its older history, also where its end goes', async () => {
  await publish(0, 300);
  for (const first of [24, 48])
    expect(await publish(first, first + 300)).toMatchObject({ outcome: 'pass', value: 0 });
  expect(await known()).toEqual(between(0, 348));
  expect(await publish(72, 340)).toMatchObject({ outcome: 'warn', value: 8 });
  expect(await known()).toEqual(between(0, 340));
});

test('another window under the same name takes nothing away', async () => {
  await publish(200, 400);
  expect(await publish(100, 250)).toMatchObject({ outcome: 'pass', value: 0 });
  expect(await known()).toEqual(between(100, 400));
  expect(await publish(0, 90)).toMatchObject({ outcome: 'pass', value: 0 });
  expect(await known()).toEqual([...between(0, 90), ...between(100, 400)]);
});

test.each(['in the same run', 'in a later run'])(
  'rows that moved to another file %s are there',
  async (when) => {
    await publish(0, 400, 'a.csv');
    await write(0, 380, 'a.csv');
    if (when === 'in a later run') await run();
    await publish(380, 420, 'b.csv');
    expect(await known()).toEqual(between(0, 420));
    // And stay, whatever the first file says again.
    await publish(0, 370, 'a.csv');
    expect(await known()).toEqual([...between(0, 370), ...between(380, 420)]);
    await rm(join(bench.input, 'b.csv'));
    await publish(0, 360, 'a.csv');
    expect(await known()).toEqual([...between(0, 360), ...between(380, 420)]);
  },
);
