/** Purpose: the record of a day: what was served for each interval, next to what happened. */
import { expect, test } from '@jest/globals';
import { createPanel } from '../../../../../forecasting/panel/panel.ts';
import { recordDay } from '../../../../../services/monitoring/scoring/record-day.ts';
import { scoreDay } from '../../../../../services/monitoring/scoring/score-day.ts';
import { scoreLedger } from '../../../../../services/monitoring/scoring/score-ledger.ts';
import type { LedgerIssue } from '../../../../../storage/ledger/ledger.ts';
import { openSeriesRecords } from '../../../../../storage/monitoring/series-records.ts';
import { openScoreLog } from '../../../../../storage/scores/score-log.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);

/** Step k of `a` is 100 · cutoff hour + k, of `b` a thousand more; bands of one. */
function issueAt(hour: number, more: Partial<LedgerIssue> = {}): LedgerIssue {
  const steps = Array.from({ length: 6 }, (_, k) => 100 * hour + k + 1);
  return {
    ...{ issuedAt: START + (hour + 1) * HOUR, cutoff: START + hour * HOUR, forecaster: 'network' },
    ...{ modelVersion: 'm1', snapshotVersion: '1-a', role: 'serving', origin: 'batch' },
    ...{ fallback: null, quantiles: [0.1, 0.5, 0.9], horizon: 6, frequencyMinutes: 60 },
    seriesIds: ['a', 'b'],
    values: [0, 1000].flatMap((base) =>
      [-1, 0, 1].flatMap((band) => steps.map((value) => base + value + band)),
    ),
    mean: null,
    ...more,
  };
}
const actualAt = (id: string, at: number) =>
  at >= START + 20 * HOUR ? Number.NaN : (id === 'a' ? 0 : 1000) + (at - START) / HOUR;
const day = { day: START, until: START + DAY, scoredAt: START + DAY };

test('clips a forecast to the day and keeps unknown actuals unknown', () => {
  const { start, series } = recordDay([issueAt(-3), issueAt(20)], actualAt, day);
  expect(start).toBe(START);
  const a = series.get('a');
  expect(a?.actuals).toHaveLength(24);
  expect(a?.actuals.slice(18, 22)).toEqual([18, 19, null, null]);
  const [before, late] = a?.forecasts ?? [];
  // The cutoff three hours before the day: its steps 3 to 6 are of the day.
  expect([before?.step, before?.values]).toEqual([
    3,
    [
      [-298, -297, -296, -295],
      [-297, -296, -295, -294],
      [-296, -295, -294, -293],
    ],
  ]);
  expect([late?.step, late?.values[1]]).toEqual([1, [2001, 2002, 2003]]);
  expect(series.get('b')?.forecasts[1]?.values[1]).toEqual([3001, 3002, 3003]);
});

test('takes the first issue of each version at a cutoff, and no shadow', () => {
  const issues = [
    issueAt(3, { issuedAt: START + 9 * HOUR, modelVersion: 'later' }),
    issueAt(3, { origin: 'replayed', issuedAt: START, modelVersion: 'made up' }),
    issueAt(3),
    issueAt(3, { role: 'shadow', modelVersion: 'shadow' }),
  ];
  // Versions are forecasters of their own, as in the scores.
  const versions = recordDay(issues, actualAt, day)
    .series.get('a')
    ?.forecasts.map((one) => one.modelVersion);
  expect(versions?.sort()).toEqual(['later', 'm1', 'made up']);
  const twice = [issueAt(3, { issuedAt: START + 9 * HOUR }), issueAt(3)];
  const [only, ...others] = recordDay(twice, actualAt, day).series.get('a')?.forecasts ?? [];
  expect([only?.issuedAt, others]).toEqual([START + 4 * HOUR, []]);
});

test('keeps 24 forecasts an interval on a fine grid with a long horizon', () => {
  const quarter = HOUR / 4;
  const issues = Array.from({ length: 192 }, (_, i) =>
    issueAt(0, {
      ...{ cutoff: START + (i - 96) * quarter, issuedAt: START + (i - 95) * quarter },
      ...{ horizon: 96, frequencyMinutes: 15, seriesIds: ['a'], quantiles: [0.5] },
      values: new Float32Array(96).fill(1),
    }),
  );
  const { series } = recordDay(issues, actualAt, day);
  const { forecasts = [], actuals = [] } = series.get('a') ?? {};
  expect(actuals).toHaveLength(96);
  expect(forecasts).toHaveLength(48);
  const covering = forecasts.filter(
    ({ step, cutoff, values }) =>
      cutoff + step * quarter <= START + 12 * HOUR &&
      cutoff + (step + (values[0]?.length ?? 0)) * quarter > START + 12 * HOUR,
  );
  expect(covering).toHaveLength(24);
});

test('scoring publishes the record of each scored day once, also of empty days', async () => {
  const issues = Array.from({ length: 60 }, (_, hour) => issueAt(hour));
  const store = memoryObjectStore();
  const records = openSeriesRecords({ store, domain: 'toy' });
  const panel = createPanel({
    ...{ seriesIds: ['a', 'b'], start: START, frequencyMinutes: 60, length: 60 },
    columns: { target: Float32Array.from({ length: 120 }, (_, i) => i) },
  });
  const request = {
    ledger: {
      read: async ({ targetFrom = 0, targetUntil = 0 }) =>
        issues.filter(
          ({ cutoff }) => cutoff + HOUR < targetUntil && cutoff + 6 * HOUR >= targetFrom,
        ) as never,
    },
    ...{ scores: openScoreLog({ store: memoryObjectStore(), domain: 'toy' }), panel, posts: [] },
    ...{ from: START, openDays: 1 },
  };
  await scoreLedger({ ...request, now: START + 60 * HOUR, records: null });
  const range = { from: START, until: START + 3 * DAY };
  expect(await records.read('a', range)).toEqual([]);
  const now = START + 61 * HOUR;
  await scoreLedger({ ...request, now, records });
  const days = await records.read('a', range);
  expect(days.map(({ start, actuals }) => [start, actuals.length])).toEqual([
    [START, 24],
    [START + DAY, 24],
    [START + 2 * DAY, 13],
  ]);
  expect(days[1]?.actuals[0]).toBe(24);
  const keys = [...store.objects.keys()];
  await scoreLedger({ ...request, now, records });
  expect([...store.objects.keys()]).toEqual(keys);
  // Asked for from the second day on, the first has none.
  const later = openSeriesRecords({ store: memoryObjectStore(), domain: 'toy' });
  await scoreLedger({ ...request, now, records: later, recordFrom: START + DAY });
  expect((await later.read('a', range)).map(({ start }) => start)).toEqual([
    START + DAY,
    START + 2 * DAY,
  ]);
  // START is a Monday: a closed Tuesday has neither scores nor a record.
  const others = openSeriesRecords({ store: memoryObjectStore(), domain: 'toy' });
  const scores = openScoreLog({ store: memoryObjectStore(), domain: 'toy' });
  const closed = { scores, records: others, closedWeekdays: [2] };
  expect(await scoreLedger({ ...request, now, ...closed })).toEqual([START, START + 2 * DAY]);
  expect((await others.read('a', range)).map(({ start }) => start)).not.toContain(START + DAY);
  // Four weeks later the record is gone.
  await scoreLedger({ ...request, now: now + 30 * DAY, records });
  expect(await records.read('a', range)).toEqual([]);
});

test('an issue of fewer steps does not hide the later steps of one that follows', () => {
  const few = { horizon: 2, quantiles: [0.5], seriesIds: ['a'], values: [7, 7] };
  const whole = issueAt(3, { issuedAt: START + 9 * HOUR });
  const { rows, pending } = scoreDay([whole, issueAt(3, few)], actualAt, {
    from: START,
    until: START + DAY,
  });
  const pairsOf = (key: string, quantiles: number) =>
    rows
      .filter((row) => row.dimension === 'step' && row.key === key)
      .filter(({ nominal }) => Number.isNaN(nominal) === (quantiles === 1))
      .map(({ pairs }) => pairs);
  expect(pending).toBe(0);
  // Two series, but of `a` the first two steps were issued before.
  expect(['1', '2', '3', '6'].map((key) => pairsOf(key, 3))).toEqual([[1], [1], [2], [2]]);
  expect(['1', '2', '3'].map((key) => pairsOf(key, 1))).toEqual([[1], [1], []]);
  const [first, later] = recordDay([whole, issueAt(3, few)], actualAt, day).series.get('a')
    ?.forecasts ?? [undefined, undefined];
  expect([first?.values[0], later?.values[1]]).toEqual([
    [7, 7],
    [null, null, 303, 304, 305, 306],
  ]);
});
