/**
 * Purpose: a writer that kills itself with SIGKILL at its n-th call of the file system, for kill.test.ts.
 * Arguments: store folder, raw folder, `features` or `models`, a tag that makes its content its own. Reads n (0: never) from
 * standard input once it is loaded, so that loading can go on beside other work. Prints one line for everything that was acknowledged to it, and at its end how many calls it made.
 */
import { writeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { openFeatureStore } from '../../../storage/feature-store.ts';
import { fileObjectStore } from '../../../storage/file-object-store.ts';
import { openModelRegistry } from '../../../storage/model-registry.ts';
import { makeObjects, NOW, schemaOf } from '../feature-fixtures.ts';
import { modelOf } from '../model-fixtures.ts';
import { watched } from '../watched-files.ts';

const [folder, rawFolder, what, tag] = process.argv.slice(2);
let calls = 0;
let dieAt = 0;
const files = watched(() => {
  if (++calls === dieAt) process.kill(process.pid, 'SIGKILL');
});
const store = fileObjectStore(folder, { files });
const clock = { now: () => NOW + Number(tag) * 1000, elapsedMs: () => 0 };
const say = (line: string) => writeSync(1, `${line}\n`);

if (what === 'features') {
  const features = openFeatureStore({ store, domain: 'toy', clock });
  const n = Number(tag);
  const newObjects = await makeObjects(rawFolder, [{ part: tag, span: [n, n + 1], rows: [['x', n, n]] }]);
  dieAt = Number(await text(process.stdin));
  const report = Buffer.from(JSON.stringify({ tag }));
  say((await features.commit({ reason: 'test', schema: schemaOf('zero'), newObjects, report })).snapshotVersion);
} else {
  dieAt = Number(await text(process.stdin));
  const models = openModelRegistry({ store, domain: 'toy', clock });
  const { modelVersion } = await models.register(modelOf(Number(tag)));
  say(modelVersion);
  say(`champion ${(await models.promote({ modelVersion, reason: 'test', evidence: null })).modelVersion}`);
}
say(`calls ${calls}`);
