/**
 * Purpose: writers that are killed at every request they make to S3, before and after it is served:
 * over a hundred kills.
 */
import { afterAll, beforeAll, beforeEach, test } from '@jest/globals';
import { startKillingS3 } from '../fakes/killing-s3.ts';
import { temporaryFolder } from '../fixtures/storage/features.ts';
import {
  killFeatureWriters,
  killForecastWriters,
  killModelWriters,
} from '../fixtures/storage/kill-trials.ts';

let folder: string;
let remove: () => Promise<void>;
let on: Awaited<ReturnType<typeof startKillingS3>>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
beforeEach(async () => {
  on = await startKillingS3(folder);
});
afterAll(() => remove());

test.each([0, 0.5])('28 killed feature commits leave a valid store, offset %d', async (offset) => {
  await killFeatureWriters({ on, rawFolder: folder, kills: 28, offset });
  await on.close();
});

test.each([0, 0.5])(
  '20 killed registrations and promotions leave a valid store, offset %d',
  async (offset) => {
    await killModelWriters({ on, rawFolder: folder, kills: 20, offset });
    await on.close();
  },
);

test('8 killed forecasts leave a valid store', async () => {
  await killForecastWriters({ on, rawFolder: folder, kills: 8 });
  await on.close();
});
