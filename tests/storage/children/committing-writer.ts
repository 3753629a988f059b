/**
 * Purpose: one of several feature writers at once, for concurrency.test.ts. Arguments: store
 * folder, raw folder, writer number, how many commits. Prints the snapshot version of every
 * acknowledged commit.
 */
import { writeSync } from 'node:fs';
import { openFeatureStore } from '../../../storage/feature-store.ts';
import { fileObjectStore } from '../../../storage/file-object-store.ts';
import { makeObjects, NOW, schemaOf } from '../feature-fixtures.ts';

const [folder, rawFolder, writerText, countText] = process.argv.slice(2);
const [writer, count] = [Number(writerText), Number(countText)];
const clock = { now: () => NOW, elapsedMs: () => 0 };
const features = openFeatureStore({ store: fileObjectStore(folder), domain: 'toy', clock });
const specs = Array.from({ length: count }, (_, i) => {
  const at = writer * count + i;
  return { part: `${writer}-${i}`, span: [at, at + 1] as const, rows: [['x', at, at] as const] };
});
for (const object of await makeObjects(rawFolder, specs)) {
  const { snapshotVersion } = await features.commit({
    reason: 'test',
    schema: schemaOf('zero'),
    newObjects: [object],
  });
  writeSync(1, `${snapshotVersion}\n`);
}
