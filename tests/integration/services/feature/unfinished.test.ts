import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Domain, RawPart } from '../../../../domains/domain.ts';
import { tableDomain } from '../../../../domains/sources/table.ts';
import type { Table } from '../../../../domains/sources/table-declaration.ts';
import { silentProgress } from '../../../../platform/progress.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { runFeatures } from '../../../../services/feature/run.ts';
import { type FeatureFixture, featureFixture, utc } from '../../../fixtures/feature-fixture.ts';

// The first run in a file loads danfo, which takes seconds on a busy machine.
jest.setTimeout(60_000);

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;

const daily = (table: Partial<Table>, more: Partial<Domain> = {}) =>
  tableDomain({
    ...{ name: 'test', title: 'Test', unit: 'events', seriesNoun: 'series' },
    ...{ frequencyMinutes: 1440, timeZone: 'UTC', seasonLengths: [7], horizon: 7 },
    ...{ missing: table.value === undefined ? 'zero' : 'unknown', nonNegative: true },
    table: { time: 'time', series: 'series', ...table },
    ...more,
  });

let bench: FeatureFixture;
const said: string[] = [];
const logger = Object.assign(Object.create(silentLogger) as typeof silentLogger, {
  info: (_fields: object, text: string) => void said.push(text),
});
beforeEach(() => {
  said.length = 0;
});
afterEach(() => bench.remove());

const runParts = (domain: Domain, parts: readonly RawPart[], accept?: string) =>
  runFeatures({
    ...{ domain, features: bench.features, workFolder: bench.workFolder, clock: bench.clock },
    source: { description: 'a test', parts: async () => [...parts] },
    accept: accept === undefined ? null : { id: accept, reason: 'a test' },
    ...{ logger, progress: silentProgress },
  });

async function run(domain: Domain, accept?: string) {
  const source = await domain.openSource(bench.input, bench.context);
  return runParts(domain, await source.parts(), accept);
}

const write = (name: string, header: string, rows: readonly string[]) =>
  writeFile(join(bench.input, name), `${[header, ...rows].join('\n')}\n`);
const at = (iso: string) => bench.clock.advance(Date.parse(iso) - bench.clock.now());
const value = (day: string) => bench.features.values().get(`a@${utc(`${day}T00`)}`);
const newest = async () => (await bench.features.head())!.objects.at(-1)!;

/** An event every 15 minutes. */
const events = (from: string, to: string): string[] => {
  const rows: string[] = [];
  for (let time = Date.parse(from); time < Date.parse(to); time += QUARTER_MS)
    rows.push(`${new Date(time).toISOString().slice(0, 19)},a`);
  return rows;
};

describe('a file of events by the day, read at half past nine', () => {
  const domain = daily({});
  beforeEach(async () => {
    bench = await featureFixture(domain, '2026-11-22T09:30:00Z');
    await write('events.csv', 'time,series', events('2026-11-12T00:00Z', '2026-11-22T09:30Z'));
  });

  test('gives the days that are over, and says what was left out', async () => {
    const { manifest, report } = await run(domain);
    expect(manifest.objects[0]).toMatchObject({
      span: { start: utc('2026-11-12T00'), end: utc('2026-11-22T00') },
      rowsUsed: 960,
      rejected: { unfinished_interval: 38 },
    });
    expect([value('2026-11-21'), value('2026-11-22')]).toEqual([96, undefined]);
    expect(report?.run.rejected).toEqual({ unfinished_interval: 38 });
    expect(said).toContainEqual(
      'intervals that are not over are left out, and come with a run after their end: 1 of rows',
    );
    const rejected = report?.verdicts.find(({ name }) => name === 'rejected');
    expect(rejected).toMatchObject({ outcome: 'pass', value: 0 });
  });

  test('is not read again before the day is over, and then gives it', async () => {
    await run(domain);
    at('2026-11-22T23:59:59Z');
    expect((await run(domain)).changed).toBe(false);
    at('2026-11-23T00:00:00Z');
    expect((await run(domain)).changed).toBe(true);
    expect(value('2026-11-22')).toBe(38);
    at('2026-11-24T00:00:00Z');
    expect((await run(domain)).changed).toBe(false);
    expect(bench.features.commits).toBe(2);
  });

  test('gives the whole day where the file grew meanwhile', async () => {
    await run(domain);
    at('2026-11-23T09:30:00Z');
    await write('events.csv', 'time,series', events('2026-11-12T00:00Z', '2026-11-23T09:30Z'));
    await run(domain);
    expect([value('2026-11-22'), value('2026-11-23')]).toEqual([96, undefined]);
  });
});

test('a day in America runs on when it is over in UTC', async () => {
  const domain = daily({}, { dayTimeZone: 'America/Los_Angeles' });
  bench = await featureFixture(domain, '2026-11-23T00:30:00Z'); // 16:30 there
  await write('events.csv', 'time,series', events('2026-11-12T00:00Z', '2026-11-22T16:30Z'));
  await run(domain);
  expect([value('2026-11-21'), value('2026-11-22')]).toEqual([96, undefined]);
  await write('events.csv', 'time,series', events('2026-11-12T00:00Z', '2026-11-23T00:00Z'));
  at('2026-11-23T07:59:59Z');
  await run(domain);
  expect((await run(domain)).changed).toBe(false);
  expect(value('2026-11-22')).toBeUndefined();
  at('2026-11-23T08:00:00Z');
  expect((await run(domain)).changed).toBe(true);
  expect(value('2026-11-22')).toBe(96);
});

test('a stated span is over when its last day is, by the clock of its days', async () => {
  const domain = daily({}, { dayTimeZone: 'America/Los_Angeles' });
  bench = await featureFixture(domain, '2026-11-23T00:30:00Z');
  await write('events.csv', 'time,series', events('2026-11-12T00:00Z', '2026-11-22T16:30Z'));
  const source = await domain.openSource(bench.input, bench.context);
  const span = { start: utc('2026-11-12T00'), end: utc('2026-11-23T00') };
  const parts = (await source.parts()).map((part) => ({ ...part, span }));
  await runParts(domain, parts);
  expect([value('2026-11-21'), value('2026-11-22')]).toEqual([96, undefined]);
  at('2026-11-23T08:00:00Z');
  await runParts(domain, parts);
  expect(value('2026-11-22')).toBe(66);
});

test('a day in Asia is over when it is over in UTC', async () => {
  const domain = daily({}, { dayTimeZone: 'Asia/Tokyo' });
  bench = await featureFixture(domain, '2026-11-22T23:59:59Z');
  await write('events.csv', 'time,series', events('2026-11-12T00:00Z', '2026-11-23T00:00Z'));
  await run(domain);
  expect(value('2026-11-22')).toBeUndefined();
  at('2026-11-23T00:00:00Z');
  await run(domain);
  expect(value('2026-11-22')).toBe(96);
});

test('a measured value that is there before its day is over comes when it is', async () => {
  const domain = daily({ value: 'load' });
  bench = await featureFixture(domain, '2026-11-22T09:30:00Z');
  const days = ['2026-11-20', '2026-11-21', '2026-11-22'];
  await write(
    'loads.csv',
    'time,series,load',
    days.map((day, i) => `${day},a,${i + 5}`),
  );
  await run(domain);
  expect([value('2026-11-21'), value('2026-11-22')]).toEqual([6, undefined]);
  expect((await newest()).span.end).toBe(utc('2026-11-22T00'));
  at('2026-11-23T00:10:00Z');
  await run(domain);
  expect(value('2026-11-22')).toBe(7);
  expect((await newest()).span.end).toBe(utc('2026-11-23T00'));
});

test('a file of the running day alone waits, and stops nothing else', async () => {
  const domain = daily({ part: 'file' });
  bench = await featureFixture(domain, '2026-11-22T09:30:00Z');
  await write('22.csv', 'time,series', events('2026-11-22T00:00Z', '2026-11-22T09:30Z'));
  await expect(run(domain)).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
    message: 'the source has no data yet',
  });
  await write('21.csv', 'time,series', events('2026-11-21T00:00Z', '2026-11-22T00:00Z'));
  expect((await run(domain)).manifest.objects).toHaveLength(1);
  expect((await run(domain)).changed).toBe(false);
  at('2026-11-23T00:10:00Z');
  await run(domain);
  expect([value('2026-11-21'), value('2026-11-22')]).toEqual([96, 38]);
});

describe('a file that reaches into the future', () => {
  const rows = events('2026-11-12T00:00Z', '2026-11-25T00:00Z');

  test('is refused; accepted, it gives what is over and is done', async () => {
    const domain = daily({});
    bench = await featureFixture(domain, '2026-11-22T09:30:00Z');
    await write('events.csv', 'time,series', rows);
    await expect(run(domain)).rejects.toMatchObject({ code: 'DATA_QUARANTINED' });
    const [entry] = await bench.features.quarantine.list();
    await run(domain, entry!.id);
    expect((await newest()).span.end).toBe(utc('2026-11-22T00'));
    at('2026-11-25T00:10:00Z');
    expect((await run(domain)).changed).toBe(false);
  });

  test('gives day after day where its domain allows it', async () => {
    const domain = daily({}, { expectations: { limits: { future: { soft: null, hard: null } } } });
    bench = await featureFixture(domain, '2026-11-22T09:30:00Z');
    await write('events.csv', 'time,series', rows);
    for (const day of ['2026-11-22', '2026-11-23', '2026-11-24', '2026-11-25']) {
      at(`${day}T09:30:00Z`);
      expect((await run(domain)).changed).toBe(true);
      expect((await newest()).span.end).toBe(utc(`${day}T00`));
    }
    at('2026-11-26T09:30:00Z');
    expect((await run(domain)).changed).toBe(false);
  });
});

test('a stated span ends where the intervals that are over do', async () => {
  const domain = daily({}, { frequencyMinutes: 60 });
  bench = await featureFixture(domain, '2026-11-21T23:30:00Z');
  const start = utc('2026-11-21T00');
  const part: RawPart = {
    ...{ name: 'day', feed: 'rows', fingerprint: 'f', span: { start, end: start + DAY_MS } },
    open: async () => ({
      relation:
        "(SELECT TIMESTAMP '2026-11-21' + to_minutes(15 * i::INTEGER) AS t FROM range(94) r(i))",
      ...{ seriesId: "'a'", localTime: 't', value: null, duplicateKey: [], rejections: [] },
    }),
  };
  await runParts(domain, [part]);
  expect(await newest()).toMatchObject({
    span: { start, end: utc('2026-11-21T23') },
    rejected: { unfinished_interval: 2 },
  });
  at('2026-11-22T00:00:00Z');
  await runParts(domain, [part]);
  expect(await newest()).toMatchObject({ span: part.span, fingerprint: 'f', rejected: {} });
});
