import { expect, test } from '@jest/globals';
import { createPanel } from '../../../../forecasting/panel/panel.ts';
import { issueForecasts } from '../../../../services/inference/batch/issue-forecasts.ts';
import { heldSnapshot } from '../../../../storage/features/online/online-snapshot.ts';
import { toyDomain } from '../../../fixtures/toy-store.ts';

const HOUR = 3_600_000;
const LENGTH = 8 * 168;
const START = Date.UTC(2018, 0, 1);

const panel = createPanel({
  ...{ seriesIds: ['a'], start: START, frequencyMinutes: 60, length: LENGTH },
  columns: { target: Float32Array.from({ length: LENGTH }, (_, t) => 10 + (t % 24)) },
});
const request = {
  domain: toyDomain,
  features: {
    head: async () => null,
    openOnline: async () => heldSnapshot(panel, { snapshotVersion: '1-0' } as never),
  },
  registry: {
    champion: async () => null,
    load: () => Promise.reject(new Error('there is none')),
    earlierChampions: async () => [],
    list: async () => [],
    promotions: async () => [],
  },
  restoreForecaster: () => {
    throw new Error('there is none');
  },
  issuedAt: START + LENGTH * HOUR + 3000 * 24 * HOUR,
};

test('refuses a batch, and the error states the age of the data', async () => {
  await expect(issueForecasts(request)).rejects.toMatchObject({
    code: 'NO_CHAMPION',
    message: expect.stringMatching(/the newest interval ended 2018-02-26 .*, 3000 days ago$/),
    fix: expect.stringContaining('baseline'),
  });
});

test('forecasts with the baseline where it is allowed, as the service does', async () => {
  const { entry } = await issueForecasts({ ...request, allowsBaseline: true });
  expect([entry.forecaster, entry.modelVersion]).toEqual(['mean_4_weeks', null]);
  const median = entry.quantiles.indexOf(0.5) * entry.horizon;
  expect([...entry.values.slice(median, median + 3)]).toEqual([10, 11, 12]);
});
