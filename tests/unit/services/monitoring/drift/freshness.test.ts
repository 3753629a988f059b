/**
 * Purpose: data that stops is found whatever the time between checks, and data that comes as it
 * always does is not.
 */
import { expect, test } from '@jest/globals';
import { createPanel } from '../../../../../forecasting/panel/panel.ts';
import {
  type Freshness,
  freshness,
} from '../../../../../services/monitoring/drift/facts/freshness.ts';
import { openWindow } from '../../../../../services/monitoring/drift/window.ts';
import { HOUR, NEW_YORK } from '../../../../fixtures/drift-fixture.ts';

const START = Date.UTC(2026, 7, 3);
const HOURS = 40 * 24;

/** The hours from START on at which a check finds stale data. */
function staleHours(everyHours: number, knownUntil: (hour: number) => number): number[] {
  let before: Freshness = { usualLag: null, lastAt: null };
  const found: number[] = [];
  for (let hour = 48; hour < HOURS; hour += everyHours) {
    const end = knownUntil(hour);
    const panel = createPanel({
      ...{ seriesIds: ['a'], start: START, frequencyMinutes: 60, length: hour },
      columns: {
        target: Float32Array.from({ length: hour }, (_, t) => (t < end ? 5 : Number.NaN)),
      },
    });
    const at = START + hour * HOUR;
    const window = openWindow(panel, at, { place: NEW_YORK, day: 24, week: 168 });
    const { findings, after } = freshness(window, before, { at });
    before = JSON.parse(JSON.stringify(after)) as Freshness;
    if (findings.length > 0) found.push(hour);
  }
  return found;
}

/** Data of each hour an hour later, but for a week from hour 480 on. */
const stops = (hour: number): number => (hour >= 480 && hour < 648 ? 479 : hour - 1);

test.each([1, 6, 12, 24])(
  'checks every %i h find a feed that stops, once it starts again not',
  (every) => {
    const found = staleHours(every, stops);
    expect(found[0]).toBeGreaterThan(480);
    expect(found[0]).toBeLessThanOrEqual(480 + Math.max(7, every) + every);
    expect(found.at(-1)).toBeLessThan(648);
    expect(found.length).toBeGreaterThan(120 / every);
  },
);

test.each([1, 6, 24])('checks every %i h expect data of a day once a day', (every) => {
  expect(staleHours(every, (hour) => 24 * Math.floor((hour - 3) / 24))).toEqual([]);
});

test('an outage is not learned as usual', () => {
  const twice = (hour: number) => (hour >= 800 && hour < 900 ? 799 : stops(hour));
  expect(staleHours(1, twice).some((hour) => hour > 800 && hour < 820)).toBe(true);
});
