/** Purpose: SIGKILL at any moment leaves a store that verifies, keeps all that was acknowledged, and takes the next commit. */

import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
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

type Outcome = Promise<{ lines: string[]; signal: string | null }>;

/** Starts a writer that loads and then waits to be told at which call to die. */
function startWriter(store: string, what: string, tag: number): (dieAt: number) => Outcome {
  const args = ['--import', 'tsx', CHILD, store, folder, what, String(tag)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const [out, errors] = [text(child.stdout), text(child.stderr)];
  const outcome: Outcome = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', async (code, signal) => {
      if (code !== 0 && signal === null) reject(new Error(await errors));
      else resolve({ lines: (await out).split('\n').filter(Boolean), signal });
    });
  });
  return (dieAt) => {
    child.stdin.end(String(dieAt));
    return outcome;
  };
}

/** Writers one after another; while one works, the next is loading. */
function writers(store: string, what: string) {
  let tag = 1;
  let next = startWriter(store, what, tag);
  return {
    run(dieAt: number): Outcome {
      const current = next;
      next = startWriter(store, what, ++tag);
      return current(dieAt);
    },
    last: (): Outcome => next(0),
  };
}

/** `count` moments from the first call to the last. */
const moments = (calls: number, count: number) =>
  Array.from({ length: count }, (_, i) => 1 + Math.floor((i * (calls - 1)) / (count - 1)));

const callsIn = (lines: string[]) => Number(lines.at(-1)?.replace('calls ', ''));

test('a feature commit that is killed', async () => {
  const root = path.join(folder, 'features');
  const features = openFeatureStore({ store: fileObjectStore(root), domain: 'toy', clock: fixedClock(NOW) });
  const { run, last: runLast } = writers(root, 'features');
  const first = await run(0);
  const acknowledged = [first.lines[0]];
  for (const dieAt of moments(callsIn(first.lines), 16)) {
    const { lines, signal } = await run(dieAt);
    expect(signal).toBe('SIGKILL');
    acknowledged.push(...lines);
    expect((await features.verify()).problems).toEqual([]);
  }
  const last = await runLast();
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
  const { run, last: runLast } = writers(root, 'models');
  const first = await run(0);
  const registered = [first.lines[0]];
  let champion = first.lines[1];
  for (const dieAt of moments(callsIn(first.lines), 16)) {
    const { lines, signal } = await run(dieAt);
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
  const last = await runLast();
  expect(`champion ${(await models.champion())?.modelVersion}`).toBe(last.lines[1]);
}, 120_000);
