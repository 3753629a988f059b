/**
 * Purpose: a writer that is killed, for kill-trials.ts: on files by itself with SIGKILL, at its
 * n-th call of the file system, a write half done, or at the n-th call after its m-th link ("m+n");
 * on S3 by who serves its requests. Arguments: store (a folder, or the address of an S3 double),
 * raw folder, `features`, `models` or `forecasts`, a tag that makes its content its own. Reads n or
 * m+n (0: never) from standard input once it is loaded, so that loading can go on beside other
 * work. Prints one line for everything that was acknowledged to it, and at its end how many calls
 * it made.
 */
import { writeSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { openFeatureStore } from '../../../storage/feature-store.ts';
import { fileObjectStore } from '../../../storage/file-object-store.ts';
import { openForecastLog } from '../../../storage/forecast-log.ts';
import { openModelRegistry } from '../../../storage/model-registry.ts';
import type { ObjectStore } from '../../../storage/object-store.ts';
import { makeObjects, NOW, schemaOf } from '../feature-fixtures.ts';
import { forecastAt, modelOf } from '../model-fixtures.ts';
import { watched } from '../watched-files.ts';

const [location = '', rawFolder = '', what, tag = ''] = process.argv.slice(2);
let calls = 0;
let links = 0;
let sinceLink = 0;
let dieAt = 'never';
const files = watched(
  (call, _name, tear) => {
    calls++;
    sinceLink++;
    if (call === 'link') [links, sinceLink] = [links + 1, 0];
    if (dieAt !== String(calls) && dieAt !== `${links}+${sinceLink}`) return;
    tear?.();
    process.kill(process.pid, 'SIGKILL');
  },
  { handles: true },
);
const store = await openStore();
const n = Number(tag);
const clock = { now: () => NOW + n * 1000, elapsedMs: () => 0 };
const say = (line: string) => writeSync(1, `${line}\n`);

async function openStore(): Promise<ObjectStore> {
  if (!location.startsWith('s3:')) return fileObjectStore(location, { files });
  // Loaded only here: the SDK costs every other child half a second.
  const [{ s3ObjectStore }, { parseS3Address }] = await Promise.all([
    import('../../../storage/s3-object-store.ts'),
    import('../../../storage/s3-address.ts'),
  ]);
  return s3ObjectStore(parseS3Address(location), {
    credentials: { accessKeyId: 'double-access-key', secretAccessKey: 'double-secret-key' },
    cache: { folder: path.join(rawFolder, `cache-${tag}`), mostBytes: 1e9 },
  });
}

const work: Record<string, () => Promise<void>> = {
  async features() {
    const features = openFeatureStore({ store, domain: 'toy', clock });
    const newObjects = await makeObjects(rawFolder, [
      { part: tag, span: [n, n + 1], rows: [['x', n, n]] },
    ]);
    dieAt = await text(process.stdin);
    const report = Buffer.from(JSON.stringify({ tag }));
    say(
      (await features.commit({ reason: 'test', schema: schemaOf('zero'), newObjects, report }))
        .snapshotVersion,
    );
  },
  async models() {
    dieAt = await text(process.stdin);
    const models = openModelRegistry({ store, domain: 'toy', clock });
    const { modelVersion } = await models.register(modelOf(n));
    say(modelVersion);
    const verdict = {
      modelVersion,
      reason: 'test',
      evidence: null,
      picture: `<svg><text>${tag}</text></svg>`,
    };
    say(`champion ${(await models.promote(verdict)).modelVersion}`);
  },
  async forecasts() {
    dieAt = await text(process.stdin);
    say(await openForecastLog({ store, domain: 'toy' }).append(forecastAt(n)));
  },
};
await work[what as string]?.();
say(`calls ${calls} ${links}`);
