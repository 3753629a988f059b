/** Purpose: a response shows no closed weekday, neither as a step nor in the history. */
import { expect, test } from '@jest/globals';
import { createPanel } from '../../../../../forecasting/panel/panel.ts';
import { storedResponse } from '../../../../../services/inference/responses/forecast-response.ts';
import type { Serving } from '../../../../../services/inference/serving/build-serving-snapshot.ts';
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
  } as unknown as Serving;
}

test('five of seven days are steps, and each keeps its own numbers', () => {
  const asked = { history: 6 };
  const response = storedResponse(serving(), domain, 'a', asked);
  const { horizon, timestamps, quantiles, mean, history } = response;
  expect(timestamps.map((stamp) => stamp.slice(0, 10))).toEqual([
    ...['2024-01-08', '2024-01-09', '2024-01-10', '2024-01-11', '2024-01-12'],
  ]);
  expect([horizon, quantiles['0.5'], mean]).toEqual([5, [3, 4, 5, 6, 7], [3, 4, 5, 6, 7]]);
  expect(history?.values).toEqual([25, 28, 29, 30, 31, 32]);
});

test('the next step after a Friday is Monday', () => {
  const { timestamps, quantiles } = storedResponse(serving(), domain, 'a', { horizon: 1 });
  expect([timestamps, quantiles['0.5']]).toEqual([['2024-01-08T00:00:00.000Z'], [3]]);
});
