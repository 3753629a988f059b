/**
 * Purpose: one response of every kind as an example, of one small town, so that they fit together.
 * Invariants: each is an instance of its schema and has no member that the schema lacks
 * (tests/unit/services/inference/openapi.test.ts).
 * Fails: never.
 */
const modelVersion = '20260301T040000-1a2b3c';
const snapshotVersion = '42-0f1e2d3c4b5a';
const cutoff = '2026-03-01T23:00:00.000Z';

export const FORECAST = {
  domain: 'demo',
  seriesId: '16',
  title: 'North Harbour',
  unit: 'orders per hour',
  cutoff,
  issuedAt: '2026-03-02T00:05:00.000Z',
  modelVersion,
  snapshotVersion,
  frequency: 'PT1H',
  horizon: 2,
  timestamps: ['2026-03-02T00:00:00.000Z', '2026-03-02T01:00:00.000Z'],
  point: 'median',
  quantiles: { '0.1': [8.1, 6.2], '0.5': [11.4, 9.03], '0.9': [15.2, 12.7] },
  mean: [11.6, 9.31],
};

/** Of a baseline, while the model cannot forecast. */
const REPLACED = {
  ...FORECAST,
  seriesId: '210',
  title: 'Old Town',
  modelVersion: 'baseline-mean_4_weeks',
  quantiles: { '0.1': [3, 2], '0.5': [5.25, 4], '0.9': [8, 7] },
  mean: [5.34, 4.28],
  fallback: { reason: 'FORECAST_UNUSABLE', since: '2026-03-01T12:05:00.000Z' },
};

export const FORECASTS = { forecasts: [FORECAST, REPLACED] };
export const FORECASTS_PAGE = {
  total: 7,
  forecasts: [FORECAST, REPLACED],
  withoutForecast: ['dead'],
  nextCursor: 'NzU',
};
export const FORECAST_LINES = `${JSON.stringify(FORECAST)}\n${JSON.stringify(REPLACED)}\n`;
const VERSIONS = `${modelVersion},${snapshotVersion}`;
export const FORECAST_ROWS =
  'unique_id,ds,cutoff,q0.1,q0.5,q0.9,mean,model_version,snapshot_version,flags,' +
  'fallback_reason,fallback_since\n' +
  `16,2026-03-02T00:00:00.000Z,${cutoff},8.1,11.4,15.2,11.6,${VERSIONS},,,\n` +
  `16,2026-03-02T01:00:00.000Z,${cutoff},6.2,9.03,12.7,9.31,${VERSIONS},,,\n`;

export const SERIES_PAGE = {
  domain: 'demo',
  unit: 'orders per hour',
  seriesNoun: 'district',
  total: 7,
  series: [
    { seriesId: '16', title: 'North Harbour', mean: 9.87, lastValueAt: cutoff, forecast: true },
    { seriesId: 'dead', title: 'dead', mean: null, lastValueAt: null, forecast: false },
  ],
  nextCursor: 'ZGVhZA',
};

const MODEL = {
  modelVersion,
  forecaster: 'network',
  createdAt: '2026-03-01T04:00:00.000Z',
  trainingCutoff: '2026-03-01T03:00:00.000Z',
  snapshotVersion: '41-9a8b7c6d5e4f',
  trainingSeconds: 118.2,
  quantiles: [0.1, 0.5, 0.9],
  horizon: 24,
};

export const SERVED_MODEL = {
  domain: {
    name: 'demo',
    title: 'Orders of a simulated town',
    unit: 'orders per hour',
    seriesNoun: 'district',
    timeZone: 'America/New_York',
    frequency: 'PT1H',
    seasonLengths: [24, 168],
  },
  model: {
    ...MODEL,
    backend: 'wasm',
    seed: 7,
    minimumHistory: 672,
    metrics: { all: { network: { mae: 0.667 }, weekly_naive: { mae: 0.898 } } },
  },
  promotion: {
    number: 7,
    promotedAt: '2026-03-01T04:02:10.000Z',
    kind: 'promoted',
    reason: 'beats the best naive by 20 %',
  },
  snapshot: { snapshotVersion, committedAt: '2026-03-02T00:04:12.000Z', cutoff, series: 7 },
};

export const MODELS_PAGE = {
  total: 1,
  models: [
    {
      ...MODEL,
      isChampion: true,
      history: [
        {
          number: 7,
          at: '2026-03-01T04:02:10.000Z',
          kind: 'promoted',
          reason: 'beats the best naive by 20 %',
        },
      ],
    },
  ],
  nextCursor: null,
};

export const DECISIONS = {
  at: '2026-03-02T00:00:00.000Z',
  served: {
    modelVersion,
    since: '2026-03-01T18:00:00.000Z',
    kind: 'rolled-back',
    reason: 'rolled back: live, it has 48.1 % more pinball loss than the previous champion',
    promotion: 9,
  },
  decisions: [
    {
      number: 12,
      at: '2026-03-01T18:00:00.000Z',
      kind: 'rollback',
      actor: 'policy',
      modelVersion,
      before: '20260227T040000Z-0f1e2d3c4b5a',
      after: modelVersion,
      reason: 'rolled back: live, it has 48.1 % more pinball loss than the previous champion',
      evidence: { falseAlarmRate: 0.05 },
      policyHash: '81d0c7f2a4b93e60',
      promotion: 9,
    },
  ],
};

export const READY = {
  status: 'degraded',
  modelVersion,
  snapshotVersion,
  cutoff,
  dataAgeSeconds: 300,
  fallback: { reason: 'STORE_UNAVAILABLE', since: '2026-03-02T00:01:00.000Z' },
  rescuedSeries: 1,
  refreshFailure: { code: 'STORE_UNAVAILABLE', at: '2026-03-02T00:05:00.000Z' },
};

export const RECEIPT = {
  id: '5f2c0a7be4d19c83',
  isNew: true,
  availableAt: '2026-03-02T00:05:00.000Z',
  series: 1,
  values: 1,
};
