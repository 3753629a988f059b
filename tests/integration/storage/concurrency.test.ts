/**
 * Purpose: many feature writers at once leave a linear history with nothing lost. `npm run
 * test:crash` takes more commits (tests/crash).
 */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { concurrentWriters } from '../../fixtures/storage/concurrent-trial.ts';
import { temporaryFolder } from '../../fixtures/storage/features.ts';

const WRITERS = 4;
const COMMITS = 8;

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

test(`${WRITERS} processes with ${COMMITS} commits each lose nothing, as a reader sees`, async () => {
  expect((await concurrentWriters(folder, WRITERS, COMMITS)).looks).toBeGreaterThan(0);
});
