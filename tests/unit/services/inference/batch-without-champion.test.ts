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

test('an odd last value of all series does not leave them without a forecast', async () => {
  // Weeks of 28 and 29 in turn: the last value is the best baseline, but for the last hour.
  const values = Float32Array.from({ length: LENGTH }, (_, t) =>
    t === LENGTH - 1 ? 7 : 28 + (Math.floor(t / 168) % 2),
  );
  const odd = createPanel({ ...panel, columns: { target: values } });
  const openOnline = async () => heldSnapshot(odd, { snapshotVersion: '1-0' } as never);
  const features = { ...request.features, openOnline };
  const { entry, replaced } = await issueForecasts({ ...request, features, allowsBaseline: true });
  expect([entry.forecaster, entry.fallback]).toEqual(['last_value', 'NO_CHAMPION']);
  expect(replaced.get('a')?.reason).toBe('FORECAST_OUT_OF_RANGE');
  const median = entry.quantiles.indexOf(0.5) * entry.horizon;
  expect([...entry.values.slice(median, median + 3)]).toEqual([28.5, 28.5, 28.5]);
});
