/** Purpose: the nearest past days are found, are past, and are what is said of them. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type SimilarDaysRequest,
  similarDays,
} from '../../../../forecasting/features/similar-days.ts';
import type { Panel } from '../../../../forecasting/panel/panel.ts';
import { seededRandom } from '../../../../platform/random.ts';
import {
  changedAfter,
  HOUR,
  panelDescription,
  panelOf,
  randomPanel,
  START,
  toySpec,
} from '../../../fixtures/random-panels.ts';

const LENGTH = 12 * 168;
const UTC = { timeZone: 'UTC', holidays: null };
/** 23:00 of the last day, a Sunday: the horizon is a Monday. */
const LAST = LENGTH - 1;

const ask = (panel: Panel, changes: Partial<SimilarDaysRequest> = {}) =>
  similarDays({
    panel,
    series: 0,
    cutoff: LAST,
    horizon: 24,
    day: 24,
    week: 168,
    place: UTC,
    count: 5,
    ...changes,
  });

/** Noise around 10. */
function noise(seed = 1): Panel {
  const random = seededRandom(seed);
  return panelOf(['a'], LENGTH, () => 10 + 4 * random());
}
const edited = (panel: Panel, edit: (target: Float32Array) => void): Panel => {
  const target = panel.columns.target.slice();
  edit(target);
  return { ...panel, columns: { target } };
};
/** The 24 hours up to the cutoff `days` before the last one are those up to the last one. */
const planted = (panel: Panel, days: number) =>
  edited(panel, (target) => target.set(target.slice(LAST - 23), LAST - 23 - days * 24));

test.each([7, 14, 35, 77])(
  'finds a copy %d days back on the same weekday first, at distance 0',
  (days) => {
    const panel = planted(noise(), days);
    const [first, second] = ask(panel);
    const cutoff = LAST - days * 24;
    expect(first).toEqual({
      cutoff,
      distance: 0,
      next: panel.columns.target.slice(cutoff + 1, cutoff + 25),
    });
    expect(second?.distance).toBeGreaterThan(0.05);
  },
);

test('with closed weekdays counts days whose open steps are known', () => {
  const random = seededRandom(2);
  // Days from a Thursday on; the last one is a Friday.
  const length = 7 * 20 + 2;
  const days = panelOf(['a'], length, (_, t) => ((t + 3) % 7 > 4 ? Number.NaN : 10 + random()));
  const panel = { ...days, start: Date.UTC(2024, 0, 4), frequencyMinutes: 1440 };
  const found = ask(panel, {
    ...{ cutoff: length - 1, horizon: 7, day: 1, week: 7, closedWeekdays: [6, 7] },
  });
  expect(found).toHaveLength(5);
  // Fridays: the days after them are open and closed as those after the cutoff.
  expect(new Set(found.map(({ cutoff }) => (length - 1 - cutoff) % 7))).toEqual(new Set([0]));
  for (const { next } of found) {
    expect(next.slice(0, 2)).toEqual(new Float32Array(2).fill(Number.NaN));
    expect([...next.slice(2)].every(Number.isFinite)).toBe(true);
  }
});

test('another weekday costs 0.1, another type of day 0.5', () => {
  // The target is a Monday: a Tuesday, and a Saturday.
  const distanceOf = (days: number) =>
    ask(planted(noise(), days), { count: 99 }).find(({ cutoff }) => cutoff === LAST - days * 24)
      ?.distance;
  expect(distanceOf(6)).toBeCloseTo(0.1, 12);
  expect(distanceOf(2)).toBeCloseTo(0.5, 12);
});

test('a public holiday differs from a working day and equals a Sunday', () => {
  const place = { timeZone: 'UTC', holidays: { country: 'US' } };
  // The day after the cutoff is Monday 2 January 2023, when New Year's Day, a Sunday, is made up
  // for.
  const panel = { ...noise(), start: Date.UTC(2023, 0, 2) - LENGTH * HOUR };
  const distanceOf = (days: number) =>
    ask(planted(panel, days), { place, count: 99 }).find(
      ({ cutoff }) => cutoff === LAST - days * 24,
    )?.distance;
  expect(distanceOf(8)).toBeCloseTo(0.1, 12);
  expect(distanceOf(14)).toBeCloseTo(0.5, 12);
});

test('prefers the later of equals, limits the count and sorts by distance', () => {
  const flat = panelOf(['a'], LENGTH, () => 5);
  expect(ask(flat, { count: 3 }).map(({ cutoff }) => (LAST - cutoff) / 24)).toEqual([7, 14, 21]);
  const distances = ask(noise(), { count: 50 }).map(({ distance }) => distance);
  expect(distances).toHaveLength(50);
  expect(distances).toEqual([...distances].sort((a, b) => a - b));
});

test('the distance is the root mean square difference in units of the level', () => {
  const panel = edited(
    panelOf(['a'], LENGTH, () => 8),
    (target) => target.fill(12, LAST - 168 - 23, LAST - 168 - 11),
  );
  // Twelve hours differ by 4, twelve by 0; the level is the mean of 4 weeks: 8 and a little.
  const level = 8 + (12 * 4) / 672;
  const found = ask(panel, { count: 99 }).find(({ cutoff }) => cutoff === LAST - 168);
  expect(found?.distance).toBeCloseTo(Math.sqrt(8) / level, 6);
});

test('uses the local clock: across a change the day is found one hour off', () => {
  const place = { timeZone: 'America/New_York', holidays: null };
  const panel = { ...noise(), start: Date.UTC(2023, 2, 20) - LENGTH * HOUR };
  const cutoffs = ask(panel, { place, count: 99 }).map(({ cutoff }) => LAST - cutoff);
  // The clocks went forward on 12 March, eight days before.
  expect(cutoffs).toEqual(expect.arrayContaining([7 * 24, 14 * 24 - 1]));
  expect(cutoffs).not.toContain(14 * 24);
});

test('requires a known horizon after each day, and reads nothing after the cutoff', () => {
  fc.assert(
    fc.property(
      panelDescription(LENGTH),
      fc.integer({ min: 0, max: LAST }),
      fc.constantFrom(1, 24, 60),
      (description, cutoff, horizon) => {
        const panel = randomPanel(description);
        const place = toySpec.place;
        const found = ask(panel, { cutoff, horizon, place, count: 1000 });
        expect(
          ask(
            changedAfter(panel, cutoff, () => 1e9),
            { cutoff, horizon, place, count: 1000 },
          ),
        ).toEqual(found);
        for (const { cutoff: then, distance, next } of found) {
          expect(then + horizon).toBeLessThanOrEqual(cutoff);
          expect([...next]).toEqual([...panel.columns.target.slice(then + 1, then + 1 + horizon)]);
          expect([...next, distance].every(Number.isFinite)).toBe(true);
        }
      },
    ),
    { numRuns: 5, seed: 3 },
  );
});

test('scaling a series changes no distance', () => {
  const panel = noise();
  const scaled = { ...panel, columns: { target: panel.columns.target.map((value) => value * 4) } };
  expect(ask(scaled).map(({ cutoff, distance }) => [cutoff, distance])).toEqual(
    ask(panel).map(({ cutoff, distance }) => [cutoff, distance]),
  );
});

describe('little history', () => {
  test('compares over a gap if half a day is known in both', () => {
    const days = 14;
    const gap = (hours: number) =>
      edited(planted(noise(), days), (target) => target.fill(Number.NaN, LAST - hours + 1));
    expect(ask(gap(12))[0]).toMatchObject({ cutoff: LAST - days * 24, distance: 0 });
    expect(ask(gap(13))).toEqual([]);
  });

  test('finds nothing with a day of history or only gaps', () => {
    const short = {
      ...noise(),
      length: 30,
      columns: { target: noise().columns.target.slice(0, 30) },
    };
    expect(ask(short, { cutoff: 29 })).toEqual([]);
    expect(ask(panelOf(['a'], LENGTH, () => Number.NaN))).toEqual([]);
  });

  test('refuses a cutoff outside the panel with a RangeError', () => {
    for (const cutoff of [-1, LENGTH, 1.5])
      expect(() => ask(noise(), { cutoff })).toThrow(RangeError);
    expect(START % HOUR).toBe(0);
  });
});
