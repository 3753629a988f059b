/** Purpose: what is guessed of files in people's shapes is what is true about them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Hints } from '../../../domains/sources/guess/columns-guess.ts';
import { guessTable } from '../../../domains/sources/guess/guess.ts';
import { tableDomain } from '../../../domains/sources/table.ts';
import { sourceFiles } from '../../../platform/files/source-files.ts';
import { featureFixture } from '../../fixtures/feature-fixture.ts';
import { someOf } from '../../fixtures/property-runs.ts';
import { firstShapes, type Shape, secondShapes, writeShape } from '../../fixtures/shaped-files.ts';
import { sharedData } from '../../fixtures/shared-data.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'headway-guess-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function guessed(shape: Shape, hints: Hints = {}) {
  const folder = await mkdtemp(join(root, 'shape-'));
  await writeShape(folder, shape);
  return { folder, guess: await guessOf(folder, hints) };
}

async function guessOf(folder: string, hints: Hints = {}) {
  const paths = await sourceFiles(folder, {
    noun: 'table',
    isWanted: () => true,
    fix: '',
    isNested: true,
  });
  const nameOf = (path: string) => relative(folder, path) || basename(path);
  return guessTable({
    ...{ paths, nameOf, hints, rawFolder: join(root, 'raw'), defaultTimeZone: 'UTC' },
  });
}

/** Reads the files as the guess says, and compares with the truth. */
async function check(shape: Shape): Promise<void> {
  const { folder, guess } = await guessed(shape);
  const { truth } = shape;
  const { table, facts, doubts, closedWeekdays, frequencyMinutes, timeZone, missing } = guess;
  const asked = doubts.map(({ flag }) => flag.split(' ')[0]);
  expect({ table, facts, doubts, frequencyMinutes }).toMatchObject({
    frequencyMinutes: truth.frequencyMinutes,
    facts: { rows: truth.rows, series: truth.series.length },
  });
  expect(missing).toBe(truth.missing ?? missing);
  expect(closedWeekdays.length > 0).toBe(truth.closed ?? false);
  if (truth.timeZone !== undefined && timeZone !== truth.timeZone)
    expect(asked).toContain('--time-zone');
  const domain = tableDomain({
    ...{ name: 'guessed', title: '', unit: '', seriesNoun: '', seasonLengths: [24], horizon: 24 },
    ...{ table, frequencyMinutes, timeZone, missing, nonNegative: guess.nonNegative },
    ...(closedWeekdays.length > 0 && { closedWeekdays }),
  });
  const fixture = await featureFixture(domain, '2030-01-01T00:00:00Z');
  try {
    const { parts, values } = await fixture.read(folder);
    const series = new Set([...values.keys()].map((key) => key.split('@')[0]));
    expect([...series].sort()).toEqual([...truth.series].sort());
    expect(parts[0]?.rowsIn).toBe(truth.rows);
    const total = [...values.values()].reduce((sum, value) => sum + value, 0);
    expect(Math.round(total * 10) / 10).toBeCloseTo(truth.total, 1);
  } finally {
    await fixture.remove();
  }
}

describe('guesses of the first shapes', () => {
  test.each(someOf(firstShapes()).map((shape) => [shape.name, shape] as const))(
    '%s',
    async (_name, shape) => check(shape),
  );
});

describe('guesses of the second shapes', () => {
  test.each(someOf(secondShapes(), 1).map((shape) => [shape.name, shape] as const))(
    '%s',
    async (_name, shape) => check(shape),
  );
});

describe('guesses of real data', () => {
  const published: [name: string, guess: object, asked: string[]][] = [
    [
      'healthy-ride',
      {
        table: { time: 'Starttime', series: 'From station id', once: ['Trip id'] },
        ...{ frequencyMinutes: 60, missing: 'zero', timeZone: 'America/New_York' },
      },
      ['--value', '--series', '--time-zone'],
    ],
    [
      'pjm-hourly',
      {
        table: { time: 'Datetime', timeOf: 'end', series: { columns: expect.any(RegExp) } },
        ...{ frequencyMinutes: 60, missing: 'unknown', timeZone: 'America/New_York' },
        valueName: 'MW',
      },
      ['--time-zone'],
    ],
    [
      'djia',
      {
        table: { time: 'Date', series: 'Name', value: 'Close' },
        ...{ frequencyMinutes: 1440, closedWeekdays: [6, 7], missing: 'unknown' },
      },
      ['--value'],
    ],
    [
      'tlc-green-2023/green_tripdata_2023-03.parquet',
      {
        table: { time: 'lpep_pickup_datetime', series: 'PULocationID' },
        ...{ frequencyMinutes: 60, missing: 'zero', timeZone: 'America/New_York' },
      },
      ['--value', '--series', '--time-zone'],
    ],
  ];
  test.each(published)('%s', async (name, expected, asked) => {
    const folder = sharedData(name);
    if (folder === null) return;
    const guess = await guessOf(folder);
    expect(guess).toMatchObject(expected);
    expect(guess.doubts.map(({ flag }) => flag.split(' ')[0])).toEqual(asked);
  });
});
