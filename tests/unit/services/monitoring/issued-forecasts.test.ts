/** Purpose: issued forecasts next to actuals and to baselines with the same knowledge. */
import { expect, test } from '@jest/globals';
import {
  score,
  seasonalNaiveErrors,
  seriesGroups,
} from '../../../../forecasting/evaluation/metrics.ts';
import { createPanel, type Panel } from '../../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../../platform/clock.ts';
import { HeadwayError } from '../../../../platform/errors.ts';
import {
  type IssuedRequest,
  type IssuedResult,
  issuedForecasts,
} from '../../../../services/monitoring/issued-forecasts.ts';
import { openActualsLog } from '../../../../storage/forecasts/actuals-log.ts';
import { type LedgerIssue, openLedger } from '../../../../storage/ledger/ledger.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { hour } from '../../../fixtures/storage/features.ts';

const SEASON = 4;

const panelOf = (rows: Readonly<Record<string, readonly number[]>>): Panel => {
  const seriesIds = Object.keys(rows);
  return createPanel({
    seriesIds,
    start: hour(0),
    frequencyMinutes: 60,
    length: (Object.values(rows)[0] as readonly number[]).length,
    columns: { target: Float32Array.from(Object.values(rows).flat()) },
  });
};

/** What was known at hour 7, and what is known today: b's hour 7 was corrected. */
const THEN = panelOf({ a: [1, 2, 3, 4, 5, 6, 7, 8], b: [0, 0, 0, 0, 9, 9, 9, 9] });
const TODAY = panelOf({
  a: [1, 2, 3, 4, 5, 6, 7, 8, 10, 20],
  b: [0, 0, 0, 0, 9, 9, 9, 5, Number.NaN, 3],
});

/** 10 % and 90 % quantiles are 1 below and above the median. */
function issue(medians: Readonly<Record<string, readonly number[]>>): LedgerIssue {
  return {
    issuedAt: hour(8) + 1,
    cutoff: hour(7),
    ...{ forecaster: 'network', role: 'serving', origin: 'batch', fallback: null, mean: null },
    modelVersion: 'one',
    snapshotVersion: 'then',
    quantiles: [0.1, 0.5, 0.9],
    horizon: 3,
    frequencyMinutes: 60,
    seriesIds: Object.keys(medians),
    values: Object.values(medians).flatMap((row) =>
      [-1, 0, 1].flatMap((shift) => row.map((median) => median + shift)),
    ),
  };
}

async function issued(
  entries: readonly LedgerIssue[],
  request: Partial<IssuedRequest> = {},
): Promise<IssuedResult[]> {
  const store = memoryObjectStore();
  const ledger = openLedger({ store, domain: 'toy', clock: fixedClock(hour(10)) });
  for (const entry of entries) await ledger.append([entry]);
  const actuals = openActualsLog({ store, domain: 'toy' });
  const readAsOf = async ({ snapshotVersion }: { snapshotVersion?: string } = {}) =>
    snapshotVersion === 'then' ? THEN : TODAY;
  return issuedForecasts({
    features: { readAsOf },
    ledger,
    actuals,
    season: SEASON,
    ...request,
  });
}

const networkOf = ({ result, panel }: IssuedResult, name = 'network') => {
  const forecaster = result.forecasts.find((one) => one.name === name);
  if (!forecaster) throw new Error(`no ${name}`);
  const end = (result.cutoffs[0] as number) + 1;
  const [all] = seriesGroups(panel, end);
  if (!all) throw new Error('no group');
  return score(result, forecaster, all, seasonalNaiveErrors(panel, SEASON, end));
};

test('scores known actuals, leaves others pending, and gives baselines past data only', async () => {
  const [one] = (await issued([issue({ a: [11, 18, 1], b: [5, 5, 5] })])) as [IssuedResult];
  // a: 10 and 20 against 11 and 18; b: 3 against 5 at step 2
  expect(networkOf(one)).toMatchObject({ count: 3, mae: 5 / 3, coverage: 1 / 3 });
  expect(one).toMatchObject({ modelVersion: 'one', pending: 3, unknownSeries: [] });
  const closedWeekdays = [1, 2, 3, 4, 5, 6, 7];
  const [closed] = await issued([issue({ a: [11, 18, 1], b: [5, 5, 5] })], { closedWeekdays });
  expect(closed?.pending).toBe(0);
  // a: 8 for 10 and 20; b: 9, not the corrected 5, for 3
  expect(networkOf(one, 'last_value')).toMatchObject({ count: 3, mae: (2 + 12 + 6) / 3 });
  // the values of hours 4 and 5
  expect(networkOf(one, 'seasonal_naive')).toMatchObject({ mae: (5 + 14 + 6) / 3 });
});

test('a second issue at a cutoff only adds series', async () => {
  const first = issue({ a: [11, 18, 1] });
  const again = { ...issue({ a: [0, 0, 0], b: [5, 5, 5] }), issuedAt: first.issuedAt + 1 };
  const [one] = (await issued([again, first])) as [IssuedResult];
  expect(one.result.cutoffs).toEqual([7]);
  expect(networkOf(one)).toMatchObject({ count: 3, mae: 5 / 3 });
});

test('gives one result per model version, and scores shorter horizons as far as they go', async () => {
  const short = { ...issue({ a: [11] }), horizon: 1, values: [10, 11, 12] };
  const results = await issued([
    { ...short, issuedAt: hour(8) },
    issue({ b: [5, 5, 5] }),
    { ...issue({ a: [1, 1, 1] }), modelVersion: 'two', issuedAt: hour(9) },
  ]);
  expect(results.map(({ modelVersion }) => modelVersion)).toEqual(['one', 'two']);
  expect(networkOf(results[0] as IssuedResult)).toMatchObject({ count: 2, mae: 1.5 });
});

test('fills unknown values with posted actuals, the last post first', async () => {
  const actuals = openActualsLog({ store: memoryObjectStore(), domain: 'toy' });
  const post = (receivedAt: number, value: number) =>
    actuals.append({
      ...{ receivedAt, frequencyMinutes: 60, idempotencyKey: null, client: null },
      // hour 8 is unknown, hour 9 is 3 in the features
      actuals: [{ seriesId: 'b', start: hour(8), values: [value, 100] }],
    });
  await post(hour(20), 7);
  await post(hour(21), 6);
  const [one] = (await issued([issue({ b: [5, 5, 5] })], { actuals })) as [IssuedResult];
  expect(networkOf(one)).toMatchObject({ count: 2, mae: (1 + 2) / 2 });
  expect(one.pending).toBe(1);
});

test('scores nothing that is absent from the ledger or the snapshot', async () => {
  expect(await issued([])).toEqual([]);
  expect(await issued([issue({ a: [1, 1, 1] })], { from: hour(9) })).toEqual([]);
  const [one] = (await issued([issue({ gone: [1, 1, 1], a: [11, 18, 1] })])) as [IssuedResult];
  expect(one.unknownSeries).toEqual(['gone']);
  expect(networkOf(one).count).toBe(2);
});

test('reads what was known at issue if the snapshot was collected', async () => {
  const asked: unknown[] = [];
  const readAsOf = async (query: { snapshotVersion?: string; knownAt?: number } = {}) => {
    asked.push(query);
    if (query.snapshotVersion === 'then') throw new HeadwayError('SNAPSHOT_COLLECTED', 'gone', {});
    return query.knownAt === undefined ? TODAY : THEN;
  };
  const [one] = (await issued([issue({ b: [5, 5, 5] })], { features: { readAsOf } })) as [
    IssuedResult,
  ];
  expect(asked).toContainEqual({ knownAt: hour(8) + 1 });
  expect(networkOf(one, 'last_value').mae).toBe(6);
});
