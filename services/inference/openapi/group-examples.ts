/**
 * Purpose: examples of the responses of groups, of the small town of response-examples.ts.
 * Invariants: as response-examples.ts.
 * Fails: never.
 */
import { FORECAST } from './response-examples.ts';

export const GROUPS = {
  domain: 'demo',
  unit: 'orders per hour',
  groups: [
    { groupId: 'all', title: 'Orders of a town', parent: null, seriesIds: ['16', '210', 'dead'] },
    { groupId: 'harbour', title: 'The harbour', parent: 'all', seriesIds: ['16'] },
  ],
};

export const GROUP_FORECAST = {
  domain: 'demo',
  groupId: 'all',
  title: 'Orders of a town',
  unit: 'orders per hour',
  cutoff: FORECAST.cutoff,
  issuedAt: FORECAST.issuedAt,
  modelVersion: FORECAST.modelVersion,
  snapshotVersion: FORECAST.snapshotVersion,
  frequency: 'PT1H',
  window: 'PT1H',
  timestamps: FORECAST.timestamps,
  point: 'mean',
  quantiles: { '0.1': [13.2, 10.4], '0.5': [16.9, 13.5], '0.9': [20.9, 17.1] },
  mean: [16.94, 13.59],
  peak: {
    mean: 17.21,
    quantiles: { '0.1': 13.9, '0.5': 17.1, '0.9': 21 },
    probability: [0.835, 0.165],
  },
  exceeds: { capacity: 20, probability: [0.142, 0.021], anyWindow: 0.154 },
  paths: 400,
  series: 2,
  withoutForecast: ['dead'],
};

export const DECISION = {
  domain: 'demo',
  groupId: null,
  seriesId: '16',
  title: 'North Harbour',
  unit: 'orders per hour',
  cutoff: FORECAST.cutoff,
  modelVersion: FORECAST.modelVersion,
  snapshotVersion: FORECAST.snapshotVersion,
  window: 'PT1H',
  timestamps: FORECAST.timestamps,
  quantile: 0.75,
  quantity: [13.4, 11],
  paths: 400,
};

export const PATHS_EXAMPLE = {
  domain: 'demo',
  groupId: null,
  seriesId: '16',
  title: 'North Harbour',
  unit: 'orders per hour',
  cutoff: FORECAST.cutoff,
  modelVersion: FORECAST.modelVersion,
  snapshotVersion: FORECAST.snapshotVersion,
  timestamps: FORECAST.timestamps,
  paths: [
    [12, 9],
    [15, 14],
  ],
};
