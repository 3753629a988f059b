import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import type { Domain } from '../../../../domains/domain.ts';
import { tableDomain } from '../../../../domains/sources/table.ts';
import { type FeatureFixture, featureFixture } from '../../../fixtures/feature-fixture.ts';

// The first run in a file loads danfo, which takes seconds on a busy machine.
jest.setTimeout(60_000);

const DAY_MS = 86_400_000;

const eventsOf = (frequencyMinutes: number, timeZone: string): Domain =>
  tableDomain({
    ...{ name: 'test', title: 'Test', unit: 'events', seriesNoun: 'series' },
    ...{ frequencyMinutes, timeZone, seasonLengths: [24], horizon: 4 },
    ...{ missing: 'zero', nonNegative: true },
    table: { time: 'time', series: 'series' },
  });

let bench: FeatureFixture | null = null;
afterEach(async () => {
  await bench?.remove();
});

/** Runs on a file of events, and says how it ends. */
async function outcome(domain: Domain, now: string, times: readonly string[]): Promise<string> {
  bench = await featureFixture(domain, now);
  const lines = ['time,series', ...times.map((time) => `${time},a`)];
  await writeFile(join(bench.input, 'events.csv'), `${lines.join('\n')}\n`);
  return bench.run().then(
    () => 'committed',
    (error: Error) => error.message.replace(/^.*: (future: )/, '$1'),
  );
}

/** A time each day of the weeks before a Monday, and on some days from it on. */
const daily = (monday: string, after: number): string[] =>
  Array.from({ length: 28 + after }, (_, i) =>
    new Date(Date.parse(`${monday}T08:00:00Z`) + (i - 28) * DAY_MS).toISOString().slice(0, 19),
  );

test.each(['2026-11-17', '2026-11-19', '2026-11-22'])(
  'the week that runs on %s has begun on Monday',
  async (today) => {
    expect(
      await outcome(eventsOf(10_080, 'UTC'), `${today}T09:00:00Z`, daily('2026-11-16', 1)),
    ).toBe('committed');
  },
);

test('a week that begins on the next Monday has not begun', async () => {
  const times = daily('2026-11-16', 8);
  expect(await outcome(eventsOf(10_080, 'UTC'), '2026-11-19T09:00:00Z', times)).toMatch(
    /^future: .* 1 intervals that have not begun$/,
  );
});

test.each([
  ['03:40', '09:05', 'committed'],
  ['03:20', '09:05', '1 intervals that have not begun'],
])('at %s UTC the hour of %s in Kolkata: %s', async (utc, local, expected) => {
  const times = [...daily('2026-11-16', 0), `2026-11-16T${local}:00`];
  const found = await outcome(eventsOf(60, 'Asia/Kolkata'), `2026-11-16T${utc}:00Z`, times);
  expect(found.endsWith(expected)).toBe(true);
});
