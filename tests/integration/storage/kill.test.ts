/**
 * Purpose: SIGKILL at any moment leaves a store that verifies, keeps all that was acknowledged, and
 * takes the next commit. Sixteen moments here; `npm run test:crash` takes more than five
 * hundred (tests/crash).
 */
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fileObjectStore } from '../../../storage/objects/file-object-store.ts';
import { startKillingS3 } from '../../fakes/killing-s3.ts';
import { temporaryFolder } from '../../fixtures/storage/features.ts';
import {
  killFeatureWriters,
  killForecastWriters,
  killModelWriters,
  momentsOf,
} from '../../fixtures/storage/kill-trials.ts';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

const on = (name: string) => {
  const location = path.join(folder, name);
  return { location, store: fileObjectStore(location) };
};

test('a killed feature commit is complete or absent', () =>
  killFeatureWriters({ on: on('features'), rawFolder: folder, kills: 4 }));

test('a killed registration and promotion is complete or absent', () =>
  killModelWriters({ on: on('models'), rawFolder: folder, kills: 4 }));

test('a killed forecast is complete or absent in the ledger', () =>
  killForecastWriters({ on: on('forecasts'), rawFolder: folder, kills: 4 }));

test('a killed feature commit to S3 is complete or absent', async () => {
  const double = await startKillingS3(folder);
  try {
    await killFeatureWriters({ on: double, rawFolder: folder, kills: 4 });
  } finally {
    await double.close();
  }
});

test('trials with offsets cover every moment', () => {
  const met = [0, 0.25, 0.5, 0.75].flatMap((offset) => momentsOf(40, 10, offset));
  expect(new Set(met).size).toBe(40);
  expect([Math.min(...met), Math.max(...met)]).toEqual([1, 40]);
});
