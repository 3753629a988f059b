/**
 * Purpose: examples of responses about what happened and how good forecasts were, of the town of
 * response-examples.ts.
 * Invariants: as response-examples.ts.
 * Fails: never.
 */
import { SERVED_MODEL } from './response-examples.ts';

const { modelVersion } = SERVED_MODEL.model;
const { snapshotVersion } = SERVED_MODEL.snapshot;

const served = {
  ...{ pairs: 4032, mae: 0.671, wape: 0.31, bias: -0.02, pinball: 0.214 },
  ...{ coverage: 0.79, nominal: 0.8, skill: 0.238 },
};
const naive = {
  ...{ pairs: 4032, mae: 0.902, wape: 0.42, bias: 0.01, pinball: 0.281 },
  ...{ coverage: 0.81, nominal: 0.8, skill: 0 },
};
const forecasters = [
  { place: 'champion' as const, forecaster: 'network', modelVersion, ...served },
  { place: 'naive' as const, forecaster: 'mean_4_weeks', modelVersion: null, ...naive },
];
const series = [{ seriesId: '16', title: 'North Harbour', share: 0.4, served, naive }];

export const MONITORING = {
  domain: 'demo',
  unit: 'orders per hour',
  timeZone: 'America/New_York',
  state: 'checked' as const,
  overview: {
    checkedAt: '2026-03-02T00:10:00.000Z',
    check: 311,
    from: '2026-02-02T00:00:00.000Z',
    freshness: {
      dataUntil: '2026-03-02T00:00:00.000Z',
      forecastAt: '2026-03-02T00:05:00.000Z',
      scoredUntil: '2026-03-02T00:00:00.000Z',
    },
    champion: modelVersion,
    bestNaive: 'mean_4_weeks',
    pending: 0,
    served,
    forecasters,
    days: [{ day: '2026-03-01T00:00:00.000Z', served, naive, forecasters }],
    steps: [{ step: 1, served, naive }],
    hoursOfWeek: [{ served, naive }],
    series: { total: 6, worst: series, best: series, largest: series },
    verdicts: [
      {
        name: 'closed',
        since: '2026-02-20T05:00:00.000Z',
        detectedAt: '2026-02-21T09:10:00.000Z',
        endedAt: null,
        seriesIds: ['210'],
        message: '210 is zero for 28 intervals, where 3.1 an interval are usual.',
        evidence: { statistic: 'nats', value: 61.2, limit: 31.9 },
      },
    ],
    knownDays: [{ at: '2026-02-16T05:00:00.000Z', name: "Presidents' Day" }],
  },
};

export const RECORD = {
  domain: 'demo',
  seriesId: '16',
  title: 'North Harbour',
  unit: 'orders per hour',
  frequency: 'PT1H',
  from: '2026-03-01T22:00:00.000Z',
  until: '2026-03-02T00:00:00.000Z',
  scoredAt: '2026-03-02T00:10:00.000Z',
  score: { pairs: 2, mae: 0.7, bias: 0.2, coverage: 1, nominal: 0.8 },
  timestamps: ['2026-03-01T22:00:00.000Z', '2026-03-01T23:00:00.000Z'],
  actuals: [12, 9],
  forecasts: [
    {
      issuedAt: '2026-03-01T22:05:00.000Z',
      cutoff: '2026-03-01T21:00:00.000Z',
      forecaster: 'network',
      modelVersion,
      origin: 'batch' as const,
      fallback: null,
      start: '2026-03-01T22:00:00.000Z',
      step: 1,
      quantiles: { '0.1': [8.1, 6.2], '0.5': [11.5, 9.9], '0.9': [15.2, 12.7] },
      errors: [-0.5, 0.9],
    },
  ],
};

export const JOBS = {
  runs: [
    {
      job: 'training',
      slot: '2026-03-01T04:00:00.000Z',
      attempt: 1,
      state: 'failed' as const,
      startedAt: '2026-03-01T04:00:02.000Z',
      tookSeconds: 118.2,
      problem: 'SNAPSHOT_EMPTY: no features have been committed yet',
    },
  ],
};

export const ACTUALS = {
  domain: 'demo',
  unit: 'orders per hour',
  frequency: 'PT1H',
  snapshotVersion,
  timestamps: ['2026-03-01T22:00:00.000Z', '2026-03-01T23:00:00.000Z'],
  total: 1,
  series: [{ seriesId: '16', title: 'North Harbour', values: [12, null] }],
  nextCursor: null,
};
