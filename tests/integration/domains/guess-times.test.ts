/** Purpose: whose clock, which end of an interval and which day the guess reads out of times. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Hints } from '../../../domains/sources/guess/columns-guess.ts';
import { type Guess, guessTable } from '../../../domains/sources/guess/guess.ts';
import { tableDomain } from '../../../domains/sources/table.ts';
import { featureFixture } from '../../fixtures/feature-fixture.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'headway-guess-times-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const HOUR = 3_600_000;

async function guessed(lines: readonly string[], hints: Hints = {}) {
  const path = join(root, 'data.csv');
  await writeFile(path, `${lines.join('\n')}\n`);
  const rawFolder = join(root, 'raw');
  return guessTable({
    ...{
      paths: [path],
      nameOf: (one: string) => basename(one),
      hints,
      rawFolder,
      defaultTimeZone: 'Asia/Tokyo',
    },
  });
}

/** Hours of five weeks of 2024, from 1 March on, but those of which the text starts so. */
function hours(left: string, first = '2024-03-01T00:00Z'): string[] {
  const rows = ['time,load'];
  const start = Date.parse(first);
  for (let t = start; t < start + 39 * 24 * HOUR; t += HOUR) {
    const text = new Date(t).toISOString().slice(0, 16).replace('T', ' ');
    if (left === '' || !text.startsWith(left)) rows.push(`${text},${1.5 + ((t / HOUR) % 7)}`);
  }
  return rows;
}

test.each([
  // The hour from 2:00 to 3:00 is labelled by its end.
  ['2024-03-31 03', 'Europe/Berlin', { timeOf: 'end', clock: undefined }],
  ['2024-03-31 02', 'Europe/Berlin', { timeOf: undefined, clock: undefined }],
  ['', 'Europe/Berlin', { timeOf: undefined, clock: 'UTC' }],
  ['2024-03-31 01', 'Europe/London', { timeOf: undefined, clock: undefined }],
  ['2024-03-31 02', 'Europe/London', { timeOf: 'end', clock: undefined }],
  ['', 'Europe/London', { timeOf: undefined, clock: 'UTC' }],
  // Clocks that skip another hour, or none, say nothing by having these.
  ['2024-03-31 03', 'Europe/Helsinki', { timeOf: undefined, clock: undefined }],
  ['', 'Asia/Tokyo', { timeOf: undefined, clock: undefined }],
])('without the hour %j in %s guesses time and clock', async (left, timeZone, expected) => {
  const { table, ...guess } = await guessed(hours(left), { timeZone });
  expect(guess.timeZone).toBe(timeZone);
  expect({ timeOf: table.timeOf, clock: table.clock }).toEqual(expected);
  expect(guess.doubts.map(({ flag }) => flag)).toEqual(expected.clock ? ['--clock'] : []);
});

test('keeps a given clock and the end of the hour', async () => {
  const hints = { timeZone: 'Europe/Berlin', clock: 'Europe/Berlin' };
  expect((await guessed(hours('2024-03-31 03'), hints)).table).toMatchObject({
    ...{ clock: 'Europe/Berlin', timeOf: 'end' },
  });
  expect((await guessed(hours(''), { ...hints, clock: 'Etc/GMT-1' })).table.clock).toBe(
    'Etc/GMT-1',
  );
});

/** Six weeks of business days in texts that a function gives. */
function days(textOf: (day: string) => string): string[] {
  const rows = ['time,load'];
  for (let t = Date.parse('2024-03-01'); t < Date.parse('2024-04-12'); t += 24 * HOUR)
    if (new Date(t).getUTCDay() % 6 > 0)
      rows.push(`${textOf(new Date(t).toISOString().slice(0, 10))},${1.5 + ((t / HOUR) % 7)}`);
  return rows;
}

/** The first time of the data as the domain reads it. */
async function firstRead({ table, frequencyMinutes, timeZone }: Guess): Promise<string> {
  const fixture = await featureFixture(
    tableDomain({
      ...{ name: 'guessed', title: '', unit: '', seriesNoun: '', seasonLengths: [7], horizon: 14 },
      ...{ table, frequencyMinutes, timeZone, missing: 'unknown', nonNegative: true },
    }),
  );
  try {
    const { values } = await fixture.read(join(root, 'data.csv'));
    const times = [...values.keys()].map((key) => Number(key.split('@')[1]));
    return new Date(Math.min(...times)).toISOString();
  } finally {
    await fixture.remove();
  }
}

test('takes a day with an offset as the day that is written', async () => {
  const guess = await guessed(days((day) => `${day}T00:00:00+02:00`));
  expect(guess).toMatchObject({ frequencyMinutes: 1440, timeZone: 'UTC', doubts: [] });
  expect(guess.closedWeekdays).toEqual([6, 7]);
  expect(await firstRead(guess)).toBe('2024-03-01T00:00:00.000Z');
});

test('a written day west of Greenwich ends by the clock of its offset', async () => {
  const guess = await guessed(days((day) => `${day}T00:00:00-0${day < '2024-03-11' ? 5 : 4}:00`));
  expect(guess).toMatchObject({ timeZone: 'UTC', dayTimeZone: 'Etc/GMT+5', doubts: [] });
  expect((await guessed(days((day) => `${day}T00:00:00+02:00`))).dayTimeZone).toBeUndefined();
});

test('asks for a zone of UTC days only if they do not start at 00:00 UTC', async () => {
  expect((await guessed(days((day) => `${day}T00:00:00Z`))).doubts).toEqual([]);
  const evening = days((day) => `${day}T22:00:00Z`);
  expect((await guessed(evening)).doubts).toMatchObject([{ flag: '--time-zone', chosen: 'UTC' }]);
  expect((await guessed(evening, { timeZone: 'Europe/Helsinki' })).doubts).toEqual([]);
});

test.each([
  ['2024-03-31 01', 'Europe/London', '2024-03-01T00:00Z'],
  ['2024-03-31 02', 'Europe/Berlin', '2024-03-01T00:00Z'],
  ['2024-10-06 02', 'Australia/Sydney', '2024-09-10T00:00Z'],
])('without the hour %j guesses %s, and asks', async (left, timeZone, first) => {
  const guess = await guessed(hours(left, first));
  expect(guess).toMatchObject({ timeZone, doubts: [{ flag: '--time-zone', chosen: timeZone }] });
  expect(guess.table.clock).toBeUndefined();
});

test.each([
  ['texts', (at: number) => new Date(at).toISOString().replace('.000', '')],
  ['seconds', (at: number) => String(at / 1000)],
  ['milliseconds', (at: number) => String(at)],
])('reads instants of midnight in a zone as its days, from %s', async (_name, text) => {
  const rows = ['time,load'];
  for (let day = 0; day < 60; day++)
    // In Berlin, where clocks are set forward on 31 March.
    rows.push(`${text(Date.UTC(2024, 2, 1 + day, day < 31 ? -1 : -2))},${day % 7}.5`);
  const guess = await guessed(rows, { timeZone: 'Europe/Berlin' });
  expect(guess).toMatchObject({ frequencyMinutes: 1440, timeZone: 'UTC', doubts: [] });
  expect(guess.facts).toMatchObject({ usable: 60, repeated: 0 });
  expect(await firstRead(guess)).toBe('2024-03-01T00:00:00.000Z');
});

test('events by the day have the days of where people are', async () => {
  const rows = ['placed_at,shop'];
  for (let at = 0; at < 60; at++)
    rows.push(`${new Date(Date.UTC(2024, 2, 1, 31 * at, 17)).toISOString().slice(0, 16)},A`);
  expect(await guessed(rows)).toMatchObject({
    ...{ frequencyMinutes: 1440, timeZone: 'UTC', dayTimeZone: 'Asia/Tokyo' },
  });
  expect((await guessed(rows, { timeZone: 'America/Lima' })).dayTimeZone).toBe('America/Lima');
  expect((await guessed(days((day) => day))).dayTimeZone).toBeUndefined();
});

test('days without a time are those of the calendar, whatever zone is said', async () => {
  const guess = await guessed(
    days((day) => day),
    { timeZone: 'Europe/Berlin' },
  );
  expect(guess).toMatchObject({ timeZone: 'UTC', doubts: [] });
  expect(await firstRead(guess)).toBe('2024-03-01T00:00:00.000Z');
});

test.each([
  ['1900-01-01', 'iso', (day: string) => day],
  ['1981-01-01', 'iso', (day: string) => day],
  ['1981-01-01', '%d.%m.%Y', (day: string) => day.split('-').reverse().join('.')],
  ['1985-01-01', '%d.%m.%y', (day: string) => day.slice(2).split('-').reverse().join('.')],
])('reads days from %s on, written as %s', async (first, format, textOf) => {
  const rows = ['day,load'];
  for (let day = 0; day < 60; day++) {
    const at = new Date(Date.parse(first) + day * 24 * HOUR);
    rows.push(`${textOf(at.toISOString().slice(0, 10))},${day % 7}.5`);
  }
  const guess = await guessed(rows);
  expect(guess.table.timeFormat ?? 'iso').toBe(format);
  expect(guess.facts).toMatchObject({ rows: 60, usable: 60 });
  expect(await firstRead(guess)).toBe(`${first}T00:00:00.000Z`);
});

test.each([
  ['1 to 24', 1, '2024-03-01T00:00:00.000Z', 'end'],
  ['0 to 23', 0, '2024-03-01T00:00:00.000Z', undefined],
])('reads hours from %s in their own column', async (_name, first, start, timeOf) => {
  const rows = ['Date,Hour,load'];
  for (let day = 1; day <= 21; day++)
    for (let hour = first; hour < first + 24; hour++)
      rows.push(`03/${String(day).padStart(2, '0')}/2024,${hour},${1.5 + (hour % 7)}`);
  const guess = await guessed(rows, { timeZone: 'UTC' });
  expect(guess.table.timeOf).toBe(timeOf);
  expect(guess.facts).toMatchObject({ rows: 504, usable: 504, repeated: 0 });
  expect(await firstRead(guess)).toBe(start);
});
