/** Purpose: a store reads its own files, whatever its folder and the folders next to it are called. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { targetOf } from '../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../platform/clock.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { fileObjectStore } from '../../../storage/objects/file-object-store.ts';
import {
  commitObjects,
  makeObjects,
  NOW,
  schemaOf,
  temporaryFolder,
} from '../../fixtures/storage/features.ts';

let root: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ folder: root, remove } = await temporaryFolder());
});
afterEach(() => remove());

async function commitTo(name: string) {
  const folder = path.join(root, name);
  await mkdir(folder);
  const store = fileObjectStore(folder);
  const features = openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) });
  for (const at of [0, 1]) {
    const part = { part: `p${at}`, fingerprint: `f${at}`, span: [at, at + 1] } as const;
    const newObjects = await makeObjects(folder, [{ ...part, rows: [['x', at, at + 5]] }]);
    await commitObjects(features, { reason: 'test', schema: schemaOf('zero'), newObjects });
  }
  return features;
}

// Content names the objects, so the sibling holds files of the same names.
test("commits, reads, verifies and compacts in a folder named with =, [], *, ? and '", async () => {
  const name = "target=[78]*?'s";
  const features = await commitTo(name);
  const other = await commitTo("target=7ab's");
  for (const store of [features, other]) {
    expect([...targetOf(await store.readAsOf(), 0)]).toEqual([5, 6]);
    expect((await store.verify()).problems).toEqual([]);
  }
  await features.compact();
  expect([...targetOf(await features.readAsOf(), 0)]).toEqual([5, 6]);
  expect((await features.verify()).problems).toEqual([]);
});
