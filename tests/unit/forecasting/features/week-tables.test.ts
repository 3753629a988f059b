/**
 * Purpose: the shape of the week, entry by entry, against its definition written as slowly as it
 * reads, to the last bit.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCalendar, localLag } from '../../../../forecasting/features/calendar.ts';
import {
  createWeekTables,
  lagsByWeek,
  WEEKS_OF_SHAPE,
  type WeekTableSizes,
} from '../../../../forecasting/features/week-tables.ts';
import { createPanel, type Panel, targetOf } from '../../../../forecasting/panel/panel.ts';
import { seededRandom } from '../../../../platform/random.ts';

const PLACE = { timeZone: 'America/New_York', holidays: { country: 'US', state: 'NY' } };

/** The mean of the week before the day of grid index t; every value is added in its order. */
function weekBefore(
  panel: Panel,
  values: Float32Array,
  t: number,
  { day, week }: WeekTableSizes,
): number {
  const intervals = Math.floor(panel.start / (panel.frequencyMinutes * 60_000));
  const ahead = ((intervals % day) + day) % day;
  const end = Math.floor((t + ahead) / day) * day - ahead;
  let sum = 0;
  let known = 0;
  for (let i = Math.max(0, end - week); i < Math.min(end, values.length); i++) {
    if (Number.isNaN(values[i])) continue;
    sum += values[i] as number;
    known++;
  }
  return 2 * known >= week ? sum / known : Number.NaN;
}

function shapeAt(panel: Panel, series: number, t: number, sizes: WeekTableSizes): number {
  const values = targetOf(panel, series);
  const calendar = createCalendar(panel.start, panel.frequencyMinutes, sizes.span, PLACE);
  let above = 0;
  let below = 0;
  for (let w = 1; w <= WEEKS_OF_SHAPE; w++) {
    const lag = localLag(calendar, t, w * sizes.week);
    if (lag < 0) break;
    if (lag >= panel.length || calendar.holiday[lag] === 1) continue;
    const mean = weekBefore(panel, values, lag, sizes);
    if (Number.isNaN(values[lag]) || Number.isNaN(mean)) continue;
    above += values[lag] as number;
    below += mean;
  }
  return Math.fround(below > 0 ? above / below : Number.NaN);
}

/**
 * Loads and counts, whose sums of days are exact, and what is not: many orders of magnitude, the
 * smallest numbers there are, infinity.
 */
const VALUES: Readonly<Record<string, (random: () => number) => number>> = {
  loads: (random) => 1e4 * (0.5 + random()),
  counts: (random) => Math.floor(random() * 20),
  'negative ones': (random) => random() - 0.5,
  'orders of magnitude': (random) => 10 ** (16 * random() - 8),
  'the smallest': (random) => 1e-44 * random(),
  'an infinite one': (random) => (random() < 0.001 ? Number.POSITIVE_INFINITY : random()),
};

test('entries equal their definition bit for bit, with gaps and at any alignment', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(VALUES)),
      fc.constantFrom([60, 24], [30, 48], [1440, 1]),
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 15, max: 30 }),
      fc.constantFrom(0, 0.2),
      (kind, [frequencyMinutes = 0, day = 0], seed, weeks, gaps) => {
        const random = seededRandom(seed);
        const week = 7 * day;
        const length = weeks * week + Math.floor(random() * week);
        const value = VALUES[kind] as (random: () => number) => number;
        const target = Float32Array.from({ length: 2 * length }, () =>
          random() < gaps ? Number.NaN : value(random),
        );
        const start = Date.UTC(2023, 0, 1) + Math.floor(random() * 500) * frequencyMinutes * 60_000;
        const panel = createPanel({
          seriesIds: ['a', 'b'],
          start,
          frequencyMinutes,
          length,
          columns: { target },
        });
        const sizes = {
          day,
          week,
          weeksOfMean: 4,
          from: Math.max(0, length - 3 * day),
          span: length + day,
        };
        const calendar = createCalendar(start, frequencyMinutes, sizes.span, PLACE);
        const lags = lagsByWeek(panel, calendar, sizes);
        const { weekShape, width } = createWeekTables(panel, sizes, lags);
        for (const t of [sizes.from, length - 1, sizes.span - 1]) {
          for (const series of [0, 1]) {
            expect(weekShape[series * width + t - sizes.from]).toBe(
              shapeAt(panel, series, t, sizes),
            );
          }
        }
      },
    ),
    { numRuns: 12, seed: 3 },
  );
});
