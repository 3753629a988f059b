/**
 * Purpose: the long form of tests/integration/storage/concurrency.test.ts: four writers with a
 * hundred commits each, read all along.
 */
import { expect, test } from '@jest/globals';
import { concurrentWriters } from '../fixtures/storage/concurrent-trial.ts';
import { temporaryFolder } from '../fixtures/storage/features.ts';

test('4 processes with 100 commits each lose nothing, as a reader sees', async () => {
  const { folder, remove } = await temporaryFolder();
  expect((await concurrentWriters(folder, 4, 100)).looks).toBeGreaterThan(100);
  await remove();
});
