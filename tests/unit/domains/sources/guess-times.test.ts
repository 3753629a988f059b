/** Purpose: whose clock, which end of an interval and which day the guess reads out of times. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Hints } from '../../../../domains/sources/guess/columns-guess.ts';
import { guessTable } from '../../../../domains/sources/guess/guess.ts';

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

/** Hours of March 2024, but those of which the text starts so. */
function hours(left: string): string[] {
  const rows = ['time,load'];
  for (let t = Date.parse('2024-03-01T00:00Z'); t < Date.parse('2024-04-09T00:00Z'); t += HOUR) {
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
  // Clocks that skip another hour, or none, say nothing by having these.
  ['2024-03-31 03', 'Europe/Helsinki', { timeOf: undefined, clock: undefined }],
  ['', 'Europe/London', { timeOf: undefined, clock: undefined }],
  ['', 'Asia/Tokyo', { timeOf: undefined, clock: undefined }],
])('without %j, in %s', async (left, timeZone, expected) => {
  const { table, ...guess } = await guessed(hours(left), { timeZone });
  expect(guess.timeZone).toBe(timeZone);
  expect({ timeOf: table.timeOf, clock: table.clock }).toEqual(expected);
  expect(guess.doubts.map(({ flag }) => flag)).toEqual(expected.clock ? ['--clock'] : []);
});

test('a clock that was given stays, and so does the end of the hour', async () => {
  const hints = { timeZone: 'Europe/Berlin', clock: 'Europe/Berlin' };
  expect((await guessed(hours('2024-03-31 03'), hints)).table).toMatchObject({
    ...{ clock: 'Europe/Berlin', timeOf: 'end' },
  });
  expect((await guessed(hours(''), { ...hints, clock: 'Etc/GMT-1' })).table.clock).toBe(
    'Etc/GMT-1',
  );
});
