/** Purpose: no response shows a closed weekday: as a step, in a window or in the history. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPanel } from '../../../../../forecasting/panel/panel.ts';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import { storedResponse } from '../../../../../services/inference/responses/forecast-response.ts';
import { groupResponse } from '../../../../../services/inference/responses/group-response.ts';
import type { Serving } from '../../../../../services/inference/serving/build-serving-snapshot.ts';
import { CUTOFF, createFixture, domain as hourly } from '../../../../fakes/inference.ts';
import { toyDomain } from '../../../../fixtures/toy-store.ts';

const HORIZON = 7;
const domain = {
  ...{ ...toyDomain, frequencyMinutes: 1440, seasonLengths: [7], horizon: HORIZON },
  closedWeekdays: [6, 7],
};

/** Ends on Friday 5 January 2024; the median of step k is k. */
function serving(): Serving {
  const length = 33;
  const panel = createPanel({
    ...{ seriesIds: ['a'], start: Date.UTC(2023, 11, 4), frequencyMinutes: 1440, length },
    columns: { target: Float32Array.from({ length }, (_, t) => (t % 7 < 5 ? t : Number.NaN)) },
  });
  const steps = Float32Array.from({ length: HORIZON }, (_, k) => k + 1);
  const card = { quantiles: [0.5], horizon: HORIZON, modelVersion: 'm' };
  return {
    snapshot: {
      ...{ panel, cutoff: length - 1, indexOf: new Map([['a', 0]]) },
      manifest: { snapshotVersion: '1-x' },
    },
    model: { card, forecaster: {} },
    forecasts: { values: steps, mean: steps, usable: Uint8Array.of(1) },
    ...{ replaced: new Map(), fallback: null, unknownInputs: [], issuedAt: 0 },
    cutoffTimestamp: Date.UTC(2024, 0, 5),
  } as unknown as Serving;
}

test('a week has five steps of open days, each with its own numbers', () => {
  const asked = { history: 6 };
  const response = storedResponse(serving(), domain, 'a', asked);
  const { horizon, timestamps, quantiles, mean, history } = response;
  expect(timestamps.map((stamp) => stamp.slice(0, 10))).toEqual([
    ...['2024-01-08', '2024-01-09', '2024-01-10', '2024-01-11', '2024-01-12'],
  ]);
  expect([horizon, quantiles['0.5'], mean]).toEqual([5, [3, 4, 5, 6, 7], [3, 4, 5, 6, 7]]);
  expect(history?.values).toEqual([25, 28, 29, 30, 31, 32]);
});

test('the step after a Friday is the Monday', () => {
  const { timestamps, quantiles } = storedResponse(serving(), domain, 'a', { horizon: 1 });
  expect([timestamps, quantiles['0.5']]).toEqual([['2024-01-08T00:00:00.000Z'], [3]]);
});

test('totals, windows and peaks cover open days only', () => {
  const total = {
    group: { groupId: 'all', title: 'All', parent: null, seriesIds: ['a'] },
    // Of two paths, with most on Saturday and Sunday, the first two steps.
    paths: Float64Array.of(90, 90, 3, 4, 5, 6, 7, 90, 90, 5, 6, 7, 8, 9),
    mean: Float64Array.of(90, 90, 4, 5, 6, 7, 8),
    withoutForecast: [],
  };
  const daily = groupResponse(serving(), domain, total, { capacity: 80 });
  expect(daily.timestamps.map((stamp) => stamp.slice(0, 10))).toEqual([
    ...['2024-01-08', '2024-01-09', '2024-01-10', '2024-01-11', '2024-01-12'],
  ]);
  expect([daily.mean, daily.quantiles['0.5'], daily.paths]).toEqual([
    ...[[4, 5, 6, 7, 8], [4, 5, 6, 7, 8], 2],
  ]);
  expect([daily.peak.mean, daily.peak.probability]).toEqual([8, [0, 0, 0, 0, 1]]);
  expect(daily.exceeds?.anyWindow).toBe(0);
  const pairs = groupResponse(serving(), domain, total, { window: '2d' });
  expect([pairs.mean, pairs.timestamps.map((stamp) => stamp.slice(0, 10))]).toEqual([
    ...[
      [9, 13],
      ['2024-01-08', '2024-01-10'],
    ],
  ]);
  expect(() => groupResponse(serving(), domain, total, { window: '6d' })).toThrow(
    expect.objectContaining({ code: 'WINDOW_INVALID' }),
  );
});

/** By hour, with a horizon of a week, so that two days of it are closed. */
let app: App;
beforeAll(async () => {
  app = await createFixture({ horizon: 168 }).build({
    domain: { ...hourly, horizon: 168, closedWeekdays: [6, 7] },
  });
});
afterAll(() => app.close());

test('a decision has windows of open days only', async () => {
  const of = async (window: string) =>
    (await app.inject(`/v1/series/74/decision?under=1&over=1&window=${window}`)).json();
  const { timestamps, quantity } = await of('1d');
  expect([timestamps.length, quantity.length]).toEqual([5, 5]);
  expect(timestamps[0]).toBe(new Date(CUTOFF + 3_600_000).toISOString());
  expect((await of('6d')).code).toBe('WINDOW_INVALID');
});

test('an explanation from a Friday night continues on Monday', async () => {
  const cutoff = new Date(CUTOFF - 48 * 3_600_000).toISOString();
  const response = await app.inject(`/v1/series/74/explanation?cutoff=${cutoff}`);
  const { horizon, timestamps, parts, baseline, forecast } = response.json();
  expect([horizon, timestamps.length, timestamps[0]]).toEqual([
    ...[120, 120, new Date(CUTOFF + 3_600_000).toISOString()],
  ]);
  for (const { values, total } of [baseline, ...parts, forecast]) {
    expect(values).toHaveLength(120);
    expect(values.reduce((sum: number, value: number) => sum + value, 0)).toBeCloseTo(total, 6);
  }
});
