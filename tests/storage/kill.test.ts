/** Purpose: SIGKILL at any moment leaves a store that verifies, keeps all that was acknowledged, and takes the next commit. */

import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fixedClock } from '../../runtime/clock.ts';
import { openFeatureStore } from '../../storage/feature-store.ts';
import { fileObjectStore } from '../../storage/file-object-store.ts';
import { openModelRegistry } from '../../storage/model-registry.ts';
import { hour, NOW, temporaryFolder } from './feature-fixtures.ts';

const CHILD = fileURLToPath(new URL('./children/killed-writer.ts', import.meta.url));

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

function runWriter(store: string, dieAt: number, what: string, tag: number): Promise<{ lines: string[]; signal: string | null }> {
  return new Promise((resolve, reject) => {
    const args = ['--import', 'tsx', CHILD, store, folder, String(dieAt), what, String(tag)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let errors = '';
    child.stdout.on('data', (text) => {
      out += text;
    });
    child.stderr.on('data', (text) => {
      errors += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code !== 0 && signal === null) reject(new Error(errors));
      else resolve({ lines: out.split('\n').filter(Boolean), signal });
    });
  });
}

/** `count` moments from the first call to the last. */
const moments = (calls: number, count: number) =>
  Array.from({ length: count }, (_, i) => 1 + Math.floor((i * (calls - 1)) / (count - 1)));

const callsIn = (lines: string[]) => Number(lines.at(-1)?.replace('calls ', ''));

test('a feature commit that is killed', async () => {
  const root = path.join(folder, 'features');
  const features = openFeatureStore({ store: fileObjectStore(root), domain: 'toy', clock: fixedClock(NOW) });
  const first = await runWriter(root, 0, 'features', 0);
  const acknowledged = [first.lines[0]];
  let tag = 0;
  for (const dieAt of moments(callsIn(first.lines), 16)) {
    const { lines, signal } = await runWriter(root, dieAt, 'features', ++tag);
    expect(signal).toBe('SIGKILL');
    acknowledged.push(...lines);
    expect((await features.verify()).problems).toEqual([]);
  }
  const last = await runWriter(root, 0, 'features', ++tag);
  acknowledged.push(last.lines[0]);
  const log = await features.log();
  expect(log.map(({ snapshotVersion }) => snapshotVersion)).toEqual(expect.arrayContaining(acknowledged));
  expect(log.at(-1)?.snapshotVersion).toBe(last.lines[0]);
  const panel = await features.readAsOf();
  for (const { part } of log.at(-1)?.objects ?? []) {
    expect(panel.columns.target[(hour(Number(part)) - panel.start) / 3_600_000]).toBe(Number(part));
  }
}, 120_000);

test('a registration and promotion that is killed', async () => {
  const root = path.join(folder, 'models');
  const models = openModelRegistry({ store: fileObjectStore(root), domain: 'toy', clock: fixedClock(NOW) });
  const first = await runWriter(root, 0, 'models', 1);
  const registered = [first.lines[0]];
  let champion = first.lines[1];
  let tag = 1;
  for (const dieAt of moments(callsIn(first.lines), 16)) {
    const { lines, signal } = await runWriter(root, dieAt, 'models', ++tag);
    expect(signal).toBe('SIGKILL');
    if (lines[0]) registered.push(lines[0]);
    if (lines[1]) champion = lines[1];
    expect((await models.verify()).problems).toEqual([]);
    const reigning = (await models.champion())?.modelVersion ?? '';
    // A promotion may be durable without having been acknowledged, never the other way round.
    expect([champion, `champion ${registered.at(-1)}`]).toContain(`champion ${reigning}`);
    champion = `champion ${reigning}`;
  }
  const cards = (await models.list()).map(({ modelVersion }) => modelVersion);
  expect(cards).toEqual(expect.arrayContaining(registered));
  for (const version of cards) await models.load(version);
  const last = await runWriter(root, 0, 'models', ++tag);
  expect(`champion ${(await models.champion())?.modelVersion}`).toBe(last.lines[1]);
}, 120_000);
