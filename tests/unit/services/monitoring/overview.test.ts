/** Purpose: what a check publishes: scores on equal targets, verdicts with their end. */
import { expect, test } from '@jest/globals';
import type { ScoreRow } from '../../../../forecasting/evaluation/live-scores.ts';
import { type OverviewRequest, overviewOf } from '../../../../services/monitoring/overview.ts';
import type { StandingVerdict } from '../../../../storage/monitoring/check-log.ts';
import { openOverviews } from '../../../../storage/monitoring/overviews.ts';
import type { ScoreDay } from '../../../../storage/scores/score-log.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);

/** A day's rows of one forecaster: ten pairs an hour with the same loss. */
function rowsOf(day: number, who: Partial<ScoreRow>, loss: number): ScoreRow[] {
  const row = (dimension: ScoreRow['dimension'], key: string, pairs: number): ScoreRow => ({
    ...{ forecaster: 'network', modelVersion: null, role: 'shadow', nominal: 0.8, ...who },
    ...{ dimension, key, pairs, absoluteError: 2 * loss * pairs, absoluteActual: 10 * pairs },
    ...{ error: 0, pinball: loss * pairs, expectedPinball: pairs, inside: 0.75 * pairs },
  });
  return [
    ...Array.from({ length: 24 }, (_, h) =>
      row('target', String(START + day * DAY + h * HOUR), 10),
    ),
    row('step', '1', 240),
    row('series', 'a', 240),
  ];
}
const served = (version: string) => ({ modelVersion: version, role: 'serving' as const });
const naive = { forecaster: 'seasonal_naive' };
const dayOf = (day: number, rows: readonly ScoreRow[]): ScoreDay => ({
  ...{
    day: START + day * DAY,
    scoredAt: START + 9 * DAY,
    truth: 'x'.repeat(64),
    pending: day,
    rows,
  },
});
const level: StandingVerdict = {
  ...{ name: 'level', since: START, detectedAt: START + DAY, seriesIds: ['a'] },
  ...{ message: 'Twice the usual.', evidence: { factor: 2 } },
};
const request = (more: Partial<OverviewRequest> = {}): OverviewRequest => ({
  ...{ now: START + 3 * DAY, from: START, before: null, knownDays: [], timeZone: 'UTC' },
  check: { number: 4, verdicts: [] },
  days: [
    dayOf(0, [...rowsOf(0, served('old'), 1), ...rowsOf(0, naive, 2)]),
    // Hard for everybody; the challenger was there on this day alone.
    dayOf(1, [
      ...rowsOf(1, served('new'), 5),
      ...rowsOf(1, { modelVersion: 'next' }, 4),
      ...rowsOf(1, naive, 8),
    ]),
  ],
  freshness: { dataUntil: null, forecastAt: null, scoredUntil: null },
  models: { champion: 'new', challenger: 'next', previous: 'old', twin: null },
  ...more,
});

test('has one line for what was served, and a place for each version', () => {
  const overview = overviewOf(request());
  expect(overview.served).toMatchObject({ pairs: 480, pinball: 3, coverage: 0.75 });
  expect(overview.served?.skill).toBeCloseTo(1 - 3 / 5, 12);
  expect(overview.forecasters.map(({ place, modelVersion }) => [place, modelVersion])).toEqual([
    ['champion', 'new'],
    ['challenger', 'next'],
    ['previous', 'old'],
    ['naive', null],
  ]);
  expect([overview.pending, overview.bestNaive, overview.steps.length]).toEqual([
    1,
    'seasonal_naive',
    1,
  ]);
});

test('compares skill with the baseline on the same targets only', () => {
  const { forecasters } = overviewOf(request());
  const skills = Object.fromEntries(forecasters.map((one) => [one.place, one.skill]));
  expect(skills.challenger).toBeCloseTo(1 - 4 / 8, 12);
  expect(skills.champion).toBeCloseTo(1 - 5 / 8, 12);
  expect(skills.previous).toBeCloseTo(1 - 1 / 2, 12);
});

test('takes the shadow of all series as reference, not a baseline of a few easy ones', () => {
  const fewOf = (forecaster: string, loss: number) =>
    rowsOf(0, { forecaster, role: 'serving' }, loss / 10).map((row) => ({
      ...{ ...row, pairs: row.pairs / 10, absoluteActual: row.absoluteActual / 10 },
    }));
  const few = fewOf('seasonal_naive', 0.1);
  const other = fewOf('mean_4_weeks', 0.2);
  const all = [...rowsOf(0, served('new'), 1), ...rowsOf(0, naive, 2)];
  const overview = overviewOf(request({ days: [dayOf(0, [...all, ...few, ...other])] }));
  expect([overview.bestNaive, overview.served?.skill]).toEqual(['seasonal_naive', 0.5]);
  expect(overview.days[0]?.naive?.pinball).toBe(2);
  expect(overview.forecasters[0]?.skill).toBeCloseTo(0.5, 12);
  const alone = overviewOf(request({ days: [dayOf(0, other)] }));
  expect(alone.bestNaive).toBe('mean_4_weeks');
});

test('ends a verdict at the check without it, and drops it after the span', () => {
  const first = overviewOf(request({ check: { number: 1, verdicts: [level] } }));
  expect(first.verdicts).toEqual([{ ...level, endedAt: null }]);
  const later = { ...level, detectedAt: START + 2 * DAY };
  const still = overviewOf(request({ check: { number: 2, verdicts: [later] }, before: first }));
  expect(still.verdicts[0]?.detectedAt).toBe(START + DAY);
  const gone = overviewOf(request({ before: still }));
  expect(gone.verdicts).toEqual([{ ...level, endedAt: START + 3 * DAY }]);
  const after = overviewOf(request({ now: START + 4 * DAY, before: gone }));
  expect(after.verdicts[0]?.endedAt).toBe(START + 3 * DAY);
  expect(overviewOf(request({ from: START + 4 * DAY, before: after })).verdicts).toEqual([]);
});

test('reads the newest published overview and names a corrupt one', async () => {
  const store = memoryObjectStore();
  const overviews = openOverviews({ store, domain: 'toy' });
  expect(await overviews.newest()).toBeNull();
  const [first, second] = [request(), request({ now: START + 4 * DAY })].map(overviewOf);
  for (const one of [first, second]) if (one) await overviews.publish(one);
  expect(await overviews.newest()).toEqual(second);
  expect(store.objects.size).toBe(1);
  const [key] = [...store.objects.keys()];
  store.objects.set(key as string, new Uint8Array(8));
  await expect(overviews.newest()).rejects.toMatchObject({ code: 'STORE_CORRUPT', where: key });
  expect((await overviews.verify()).problems.map((one) => one.key)).toEqual([key]);
});

test('has no figures without a score', () => {
  const overview = overviewOf(request({ days: [] }));
  expect(overview).toMatchObject({ served: null, forecasters: [], days: [], series: [] });
});
