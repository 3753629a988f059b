/**
 * Purpose: the long form of tests/integration/storage/kill.test.ts on files: over four hundred
 * kills, at every call of every kind of writer.
 */
import path from 'node:path';
import { afterAll, beforeAll, test } from '@jest/globals';
import { fileObjectStore } from '../../storage/objects/file-object-store.ts';
import { temporaryFolder } from '../fixtures/storage/features.ts';
import {
  killFeatureWriters,
  killForecastWriters,
  killModelWriters,
} from '../fixtures/storage/kill-trials.ts';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

/** A store of its own for each trial, for verifying takes as long as a store is large. */
const trial = (name: string, kills: number, offset: number) => {
  const location = path.join(folder, `${name}-${offset}`);
  return { on: { location, store: fileObjectStore(location) }, rawFolder: folder, kills, offset };
};
const offsets = (count: number) => Array.from({ length: count }, (_, i) => i / count);

test.each(offsets(8))('32 killed feature commits leave a valid store, offset %d', (offset) =>
  killFeatureWriters(trial('features', 32, offset)),
);

test.each(offsets(5))(
  '32 killed registrations and promotions leave a valid store, offset %d',
  (offset) => killModelWriters(trial('models', 32, offset)),
);

test('24 killed forecasts leave a valid store', () =>
  killForecastWriters(trial('forecasts', 24, 0)));
