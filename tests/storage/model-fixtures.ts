/** Purpose: small models and forecasts for tests. */
import type { ForecastEntry } from '../../storage/forecast-log.ts';
import type { RegisterRequest } from '../../storage/model-registry.ts';
import { hour } from './feature-fixtures.ts';

export const modelOf = (seed: number): RegisterRequest => ({
  model: { layers: [1, 2, 3], seed },
  weights: Uint8Array.from({ length: 64 }, (_, i) => (i * seed) % 256),
  card: {
    snapshotVersion: '1-abcdefabcdef',
    knownAt: null,
    trainingCutoff: hour(9),
    panelHash: 'f'.repeat(64),
    forecaster: 'network',
    config: { epochs: 3 },
    seed,
    backend: 'cpu',
    trainingSeconds: 1.5,
    quantiles: [0.1, 0.5, 0.9],
    horizon: 24,
    metrics: { mae: seed },
  },
});

export const forecastAt = (issuedHour: number): ForecastEntry => ({
  issuedAt: hour(issuedHour),
  cutoff: hour(issuedHour - 1),
  modelVersion: '20240101T000000Z-abcdefabcdef',
  snapshotVersion: '1-abcdefabcdef',
  quantiles: [0.5],
  horizon: 2,
  frequencyMinutes: 60,
  seriesIds: ['a', 'b'],
  values: [1, 2.5, Number.NaN, -4],
});
