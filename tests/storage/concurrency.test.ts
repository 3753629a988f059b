/** Purpose: many feature writers at once leave a linear history with nothing lost. */

import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fixedClock } from '../../runtime/clock.ts';
import { openFeatureStore } from '../../storage/feature-store.ts';
import { fileObjectStore } from '../../storage/file-object-store.ts';
import { memoryObjectStore } from '../contracts/memory-object-store.ts';
import { makeObjects, NOW, schemaOf, temporaryFolder } from './feature-fixtures.ts';

const CHILD = fileURLToPath(new URL('./children/committing-writer.ts', import.meta.url));
const WRITERS = 4;
const COMMITS = 25;

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

test(`${WRITERS} processes with ${COMMITS} commits each`, async () => {
  const root = path.join(folder, 'store');
  const run = promisify(execFile);
  const outputs = await Promise.all(
    Array.from({ length: WRITERS }, (_, writer) =>
      run(process.execPath, ['--import', 'tsx', CHILD, root, folder, String(writer), String(COMMITS)]),
    ),
  );
  const acknowledged = outputs.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean));
  expect(new Set(acknowledged).size).toBe(WRITERS * COMMITS);

  const features = openFeatureStore({ store: fileObjectStore(root), domain: 'toy', clock: fixedClock(NOW) });
  const log = await features.log();
  expect(log.map(({ snapshotVersion }) => snapshotVersion).sort()).toEqual([...acknowledged].sort());
  for (const [i, manifest] of log.entries()) expect(manifest.objects).toHaveLength(i + 1);
  expect([...(await features.readAsOf()).columns.target]).toEqual(Array.from({ length: WRITERS * COMMITS }, (_, i) => i));
  expect((await features.verify()).problems).toEqual([]);
}, 180_000);

test('two runs that fetched the same parts at once commit them once', async () => {
  const store = memoryObjectStore();
  try {
    const features = openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) });
    const specs = [
      { part: 'a', span: [0, 1] as const, rows: [['x', 0, 1] as const] },
      { part: 'b', span: [1, 2] as const, rows: [['x', 1, 1] as const] },
    ];
    const request = async (n: number) => ({
      reason: `run ${n}`,
      schema: schemaOf('zero'),
      newObjects: await makeObjects(folder, specs),
    });
    const requests = [await request(1), await request(2)];
    const [one, two] = await Promise.all(requests.map((each) => features.commit(each)));
    expect(one).toEqual(two);
    expect((await features.head())?.objects.map(({ part }) => part)).toEqual(['a', 'b']);
    expect(await features.log()).toHaveLength(1);
  } finally {
    await store.close();
  }
});
