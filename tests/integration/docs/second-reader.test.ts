/**
 * Purpose: tools/second-reader.mjs, written from the protocol document alone, reads what Headway
 * writes, to the bit, and finds damage.
 */
import { execFile } from 'node:child_process';
import { chmod, cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../platform/clock.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { viewObjects } from '../../../storage/features/manifest.ts';
import { fileObjectStore } from '../../../storage/objects/file-object-store.ts';
import {
  commitObjects,
  makeObjects,
  NOW,
  type ObjectSpec,
  type Row,
  schemaOf,
  temporaryFolder,
} from '../../fixtures/storage/features.ts';

const READER = fileURLToPath(new URL('../../../tools/second-reader.mjs', import.meta.url));

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

interface ReaderOutput {
  readonly ok: boolean;
  readonly key?: string | null;
  readonly problem?: string;
  readonly manifests?: number;
}

/** Runs the script as a person would. It reports on standard output, and by its exit status. */
function secondReader(store: string, ...more: string[]): Promise<ReaderOutput> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [READER, store, 'toy', ...more], (error, stdout, stderr) => {
      if (stdout === '') return reject(new Error(stderr));
      const reply: ReaderOutput = JSON.parse(stdout);
      expect((error?.code ?? 0) === 0).toBe(reply.ok);
      resolve(reply);
    });
  });
}

const rows = (id: string, from: number, values: readonly number[]): Row[] =>
  values.map((value, i) => [id, from + i, value]);

/**
 * Two feeds, one with a correction that takes a row away, an exogenous one known afterwards and one
 * known in advance.
 */
const commits: ObjectSpec[][] = [
  [
    {
      feed: 'one',
      part: 'a',
      span: [0, 8],
      rows: [...rows('x', 0, [1, 0.1, 2.5, 3]), ...rows("é'y", 2, [7, 8])],
    },
    { feed: '@weather', part: 'w', span: [-2, 12], rows: rows('heat', -1, [5, 6, 7, 8, 9]) },
  ],
  [
    {
      feed: 'two',
      part: 'b',
      span: [2, 12],
      rows: [...rows('x', 2, [0.2, 0.3]), ...rows('𝒛', 9, [4])],
    },
    {
      feed: '@plans',
      part: 'p',
      span: [0, 16],
      rows: rows('plan', 3, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    },
  ],
  [
    {
      feed: 'one',
      part: 'c',
      availableAt: NOW + 5,
      span: [2, 6],
      rows: rows('x', 3, [1e-7, 33.3]),
    },
  ],
  [{ feed: 'one', part: 'd', availableAt: NOW + 3, span: [5, 12], rows: rows('B', 5, [1, 2, 3]) }],
];

/**
 * The commits one after another; with `packed` the third is followed by a compaction of what can be
 * merged.
 */
async function makeStore(
  name: string,
  missing: 'zero' | 'unknown',
  packed = false,
  rangeSeries = 100,
) {
  const root = path.join(folder, name);
  const features = openFeatureStore({
    store: fileObjectStore(root),
    domain: 'toy',
    clock: fixedClock(NOW),
  });
  for (const [i, specs] of commits.entries()) {
    const newObjects = await makeObjects(folder, specs);
    const report = Buffer.from(JSON.stringify({ i }));
    const more = {
      report,
      rangeSeries,
      onlineIntervals: i === 0 ? 3 : 100,
      ahead: { columns: ['plan'], intervals: 2 },
    };
    await commitObjects(features, {
      reason: 'test',
      schema: schemaOf(missing),
      newObjects,
      ...more,
    });
    if (packed && i === 2) expect((await features.compact())?.packs.length).toBeGreaterThan(0);
  }
  return { root, features };
}

describe.each(['zero', 'unknown'] as const)('where an absent row means %s', (missing) => {
  test.each([
    ['objects', false, 100, 4],
    ['packs and an object', true, 100, 5],
    ['packs and a view in ranges', true, 1, 5],
  ])('reads the same panel bit for bit from %s', async (kind, packed, rangeSeries, manifests) => {
    const name = `${missing}-${kind.replaceAll(' ', '-')}`;
    const { root, features } = await makeStore(name, missing, packed, rangeSeries);
    const file = path.join(folder, `${name}.json`);
    expect(await secondReader(root, '--panel', file)).toMatchObject({ ok: true, manifests });
    const panel = await features.readAsOf();
    const read = JSON.parse(await readFile(file, 'utf8'));
    expect([read.seriesIds, read.start, read.length]).toEqual([
      panel.seriesIds,
      panel.start,
      panel.length,
    ]);
    const target = Float32Array.from(read.target, (value: number | null) => value ?? Number.NaN);
    expect(Buffer.from(target.buffer).equals(Buffer.from(panel.columns.target.buffer))).toBe(true);
    expect(new Set(read.target).size).toBeGreaterThan(4);
    expect(read.target).toContain(null);
  });
});

test('names a damaged object', async () => {
  const { root, features } = await makeStore('damaged', 'unknown');
  const log = await features.log();
  const { objects, online, report } = log[2];
  expect(report).not.toBeNull();
  const keys = [
    objects[1].key,
    viewObjects(online)[0]?.key as string,
    'features/toy/log/00000000000000000002.json',
  ];
  for (const [i, key] of keys.entries()) {
    const copy = path.join(folder, `copy-${i}`);
    await cp(root, copy, { recursive: true });
    const file = path.join(copy, key);
    const bytes = await readFile(file);
    bytes[Math.floor(bytes.length / 2)] ^= 4;
    await chmod(file, 0o644);
    await writeFile(file, bytes);
    expect(await secondReader(copy)).toMatchObject({ ok: false, key });
  }
  expect(await secondReader(path.join(folder, 'nothing'))).toMatchObject({
    ok: false,
    key: 'features/toy/log',
  });
});
