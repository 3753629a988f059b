/**
 * Purpose: objects that somebody made on purpose: checksummed and hashed as they should be, and
 * saying what no writer of ours says. Each is refused with a coded error that names it, or is
 * harmless.
 */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../platform/clock.ts';
import { withSqlSession } from '../../../platform/duckdb/session.ts';
import { sqlFilename } from '../../../platform/duckdb/sql.ts';
import { isHeadwayError } from '../../../platform/errors.ts';
import { encodeChecksummedJson } from '../../../platform/files/checksummed-json.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';
import { type FeatureStore, openFeatureStore } from '../../../storage/features/feature-store.ts';
import type { Manifest } from '../../../storage/features/manifest.ts';
import { snapshotVersionOf } from '../../../storage/features/manifest-format.ts';
import { openModelRegistry } from '../../../storage/models/model-registry.ts';
import { fileObjectStore } from '../../../storage/objects/file-object-store.ts';
import { objectKeys } from '../../../storage/objects/object-keys.ts';
import { memoryObjectStore } from '../../fakes/memory-object-store.ts';
import {
  commitObjects,
  HOUR,
  hour,
  makeObjects,
  NOW,
  schemaOf,
  temporaryFolder,
} from '../../fixtures/storage/features.ts';
import { modelOf } from '../../fixtures/storage/models.ts';

const FIRST = objectKeys.manifest('toy', 1);
const clock = fixedClock(NOW);
const BOMB_ROWS = 2_000_000;

let folder: string;
let remove: () => Promise<void>;
let good: Map<string, Uint8Array>;
let manifest: Manifest;
let store: ReturnType<typeof memoryObjectStore>;
let features: FeatureStore;

beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
  const first = memoryObjectStore();
  const made = openFeatureStore({ store: first, domain: 'toy', clock });
  const newObjects = await makeObjects(folder, [{ span: [0, 3], rows: [['x', 0, 1]] }]);
  manifest = await commitObjects(made, {
    reason: 'test',
    schema: schemaOf('zero'),
    newObjects,
    report: Buffer.from('{}'),
  });
  good = new Map(first.objects);
  await first.close();
});
beforeEach(() => {
  store = memoryObjectStore(new Map(good));
  features = openFeatureStore({ store, domain: 'toy', clock });
});
afterAll(() => remove());

/** The manifest with changes, checksummed, its version the hash of what it names, as its key's entry. */
function forge(changes: Record<string, unknown>, key = FIRST): void {
  const changed = { ...manifest, ...changes } as Manifest;
  const snapshotVersion = snapshotVersionOf(changed);
  const online = changed.online && {
    ...changed.online,
    key: objectKeys.online('toy', snapshotVersion),
  };
  const { packs: _none, ...stored } = {
    ...changed,
    snapshotVersion,
    online,
    ...('online' in changes ? changes : {}),
  };
  store.objects.set(key, encodeChecksummedJson(stored));
}

const [object] = [() => manifest.objects[0] as Manifest['objects'][number]];
const withObject = (changes: object) => ({ objects: [{ ...object(), ...changes }], online: null });

describe('manifests', () => {
  test('accepts the unchanged forgery, so that the cases below fail for their change', async () => {
    forge({ online: null });
    expect(await features.head()).toMatchObject({ number: 1, online: null });
    forge(withObject({ part: 'other' }));
    expect((await features.readAsOf()).seriesIds).toEqual(['x']);
  });

  test.each<[string, () => Record<string, unknown>]>([
    ['an object outside the store', () => withObject({ key: '../../../etc/passwd' })],
    ['an absolute path', () => withObject({ key: '/etc/passwd' })],
    [
      'an object of another domain',
      () => withObject({ key: object().key.replace('/toy/', '/other/') }),
    ],
    ['a hash that is a path', () => withObject({ sha256: `${'../'.repeat(21)}x` })],
    ['a view outside the store', () => ({ online: { ...manifest.online, key: '../../x' } })],
    [
      'a view of another domain',
      () => ({ online: { ...manifest.online, key: 'features/other/online/1-aaaaaaaaaaaa.bin' } }),
    ],
    [
      'a report outside the store',
      () => ({ report: `../../${'a'.repeat(64)}.json`, online: null }),
    ],
    ['another domain', () => ({ domain: 'other' })],
    ['a domain with ".."', () => ({ domain: 'a..b', online: null })],
    ['another number', () => ({ number: 7 })],
    ['a number that is too large', () => ({ number: 1e21, online: null })],
    [
      'a frequency that is too large',
      () => ({ schema: { ...manifest.schema, frequencyMinutes: 1e300 } }),
    ],
    ['a span that ends before it starts', () => withObject({ span: { start: 5, end: 4 } })],
    ['an unknown field', () => ({ evil: 1 })],
    [
      'a prototype',
      () =>
        JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'),
    ],
    [
      'rejections that are not counts',
      () => withObject({ rejected: JSON.parse('{"__proto__": {"polluted": 1}}') }),
    ],
  ])('refuses %s', async (_what, changes) => {
    forge(changes());
    await expect(features.head()).rejects.toMatchObject({ code: 'STORE_CORRUPT', where: FIRST });
    expect((await features.verify()).problems.map(({ key }) => key)).toContain(FIRST);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test.each<[string, () => object, string]>([
    ['a claim of millions of rows', () => ({ rows: 5_000_000 }), 'STORE_CORRUPT'],
    ['a row count that is too large', () => ({ rows: 1e300 }), 'STORE_CORRUPT'],
    ['a byte count that is too large', () => ({ bytes: 1e300 }), 'STORE_CORRUPT'],
    [
      'a span of ten thousand years',
      () => ({ span: { start: hour(0) - 8766e4 * HOUR, end: hour(3) } }),
      'STORE_CORRUPT',
    ],
  ])('refuses an object with %s', async (_what, changes, code) => {
    forge(withObject(changes()));
    const error = await features.readAsOf().catch((problem: unknown) => problem);
    expect([isHeadwayError(error), (error as { code?: string }).code]).toEqual([true, code]);
  });

  test('refuses a manifest of 70 MB, and one of 100,000 nested brackets', async () => {
    const { packs: _none, ...stored } = manifest;
    const reason = 'x'.repeat(70e6);
    store.objects.set(FIRST, encodeChecksummedJson({ ...stored, reason }));
    await expect(features.head()).rejects.toMatchObject({ code: 'STORE_CORRUPT', where: FIRST });
    const deep = `${'[1,'.repeat(100_000)}1${']'.repeat(100_000)}`;
    const body = `{\n  "evidence": ${deep}`;
    store.objects.set(FIRST, Buffer.from(`${body},\n  "checksum": "${sha256(body)}"\n}\n`));
    await expect(features.head()).rejects.toMatchObject({ code: 'STORE_CORRUPT', where: FIRST });
    const promotion = objectKeys.promotion('toy', 1);
    store.objects.set(promotion, store.objects.get(FIRST) as Uint8Array);
    const models = openModelRegistry({ store, domain: 'toy', clock });
    await expect(models.champion()).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      where: promotion,
    });
  });

  test('log entries with implausible numbers stop neither reading nor verifying', async () => {
    const far = 'features/toy/log/00009007199254740990.json';
    store.objects.set(far, store.objects.get(FIRST) as Uint8Array);
    await expect(features.head()).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      where: objectKeys.manifest('toy', 2),
    });
    const { problems } = await features.verify();
    expect(problems.length).toBeLessThan(5);
    expect(problems.map(({ key }) => key)).toEqual(
      expect.arrayContaining([objectKeys.manifest('toy', 2)]),
    );
    const models = openModelRegistry({ store, domain: 'toy', clock });
    const { modelVersion } = await models.register(modelOf(1));
    await models.promote({ modelVersion, reason: 'test', evidence: null });
    store.objects.set('models/toy/promotions/00009007199254740990.json', Buffer.from('{}'));
    expect((await models.verify()).problems.length).toBeLessThan(5);
  });
});

describe('Parquet files whose hash matches the manifest', () => {
  const START = hour(0);
  const columns = (id: string, extra = '') =>
    `${id} AS series_id, make_timestamp(${START}::BIGINT * 1000) AS "timestamp", 1::FLOAT AS target, make_timestamp(${NOW}::BIGINT * 1000) AS available_at${extra}`;

  async function reading(select: string, claims: object = {}): Promise<unknown> {
    const file = path.join(folder, 'hostile.parquet');
    await withSqlSession((session) =>
      session.run(`COPY (${select}) TO ${sqlFilename(file)} (FORMAT parquet, COMPRESSION zstd)`),
    );
    const bytes = await readFile(file);
    const hash = sha256(bytes);
    const key = objectKeys.featureData('toy', hash);
    store.objects.set(key, bytes);
    forge(withObject({ key, sha256: hash, bytes: bytes.length, rows: 1, ...claims }));
    const result = await features.readAsOf().catch((problem: unknown) => problem);
    if (isHeadwayError(result)) expect(result).toMatchObject({ code: 'STORE_CORRUPT', where: key });
    return result;
  }

  test.each([
    ['ids that are numbers', `SELECT ${columns('1')}`],
    ['ids that are lists', `SELECT ${columns("['x']")}`],
    [
      'times of another kind',
      `SELECT * REPLACE ("timestamp"::TIMESTAMPTZ AS "timestamp") FROM (SELECT ${columns("'x'")})`,
    ],
    ['targets that are text', `SELECT * REPLACE ('1' AS target) FROM (SELECT ${columns("'x'")})`],
    [
      'a missing available_at column',
      `SELECT * EXCLUDE (available_at) FROM (SELECT ${columns("'x'")})`,
    ],
    ['an id with a NUL character', `SELECT ${columns("'x' || chr(0) || 'y'")}`],
    ['a column named like a virtual column', `SELECT ${columns("'x'", ', 5 AS filename')}`],
    ['an id of control characters', `SELECT ${columns("chr(10) || 'x'")}`],
    ['an id of a million letters', `SELECT ${columns("repeat('x', 1000000)")}`],
  ])('refuses %s', async (_what, select) => {
    expect(await reading(select)).toMatchObject({ code: 'STORE_CORRUPT' });
  });

  test('ignores columns that no query needs', async () => {
    const extra = `, 'DROP TABLE series' AS "'; DROP TABLE series; --", 7 AS first, 8 AS path, 9 AS instant`;
    const panel = await reading(`SELECT ${columns("'x'", extra)}`);
    expect(panel).toMatchObject({ seriesIds: ['x'], length: 3 });
    expect([...(panel as { columns: { target: Float32Array } }).columns.target]).toEqual([1, 0, 0]);
  });

  test('refuses a small file that expands to very many rows', async () => {
    const bomb = `SELECT ${columns("'x'")} FROM range(${BOMB_ROWS})`;
    const result = await reading(bomb, { rows: BOMB_ROWS });
    expect(result).toMatchObject({ code: 'STORE_CORRUPT' });
    expect((await stat(path.join(folder, 'hostile.parquet'))).size).toBeLessThan(BOMB_ROWS / 10);
  }, 120_000);
});

test('accepts ids, columns and folders that look like SQL, globs or partitions', async () => {
  const ids = [
    `'; DROP TABLE series; --`,
    `it's`,
    '"',
    '\\',
    '*',
    '__proto__',
    'constructor',
    `${'é'.repeat(40)}`,
    '$1',
    '{}',
  ];
  const root = path.join(folder, `it's a "store" [x]*?; --`, 'series_id=5', 'target=7');
  await mkdir(root, { recursive: true });
  const odd = openFeatureStore({ store: fileObjectStore(root), domain: 'toy', clock });
  const raw = path.join(folder, `raw's [y]*`, 'target=9');
  await mkdir(raw, { recursive: true });
  const newObjects = await makeObjects(raw, [
    {
      feed: `'; DROP TABLE x; --`,
      part: `p'"`,
      span: [0, 2],
      rows: ids.map((id, i) => [id, i % 2, i + 1] as const),
    },
    {
      feed: '@extra',
      part: 'b',
      span: [0, 2],
      rows: ['__proto__', 'constructor', `it's`].map((id, i) => [id, 0, i + 1] as const),
    },
  ]);
  await commitObjects(odd, { reason: `'; --`, schema: schemaOf('unknown'), newObjects });
  const online = (await odd.readOnline()).panel;
  for (const panel of [await odd.readAsOf(), online]) {
    expect([...panel.seriesIds].sort()).toEqual([...ids].sort());
    for (const [i, id] of ids.entries())
      expect(panel.columns.target[panel.seriesIds.indexOf(id) * 2 + (i % 2)]).toBe(i + 1);
    const extra = Object.entries(panel.exogenous ?? {}).map(([name, values]) => [name, values[0]]);
    expect(Object.fromEntries(extra)).toEqual(
      Object.fromEntries([
        ['__proto__', 1],
        ['constructor', 2],
        [`it's`, 3],
      ]),
    );
  }
  expect((await odd.readAsOf({ seriesIds: [ids[0] as string] })).seriesIds).toEqual([ids[0]]);
  expect((await odd.verify()).problems).toEqual([]);
  expect(Object.keys(Object).concat(Object.keys(Object.prototype))).toEqual([]);
});

test('ignores oddly named files next to the objects', async () => {
  const root = path.join(folder, 'neighbours');
  const own = openFeatureStore({ store: fileObjectStore(root), domain: 'toy', clock });
  await commitObjects(own, {
    reason: 'test',
    schema: schemaOf('zero'),
    newObjects: await makeObjects(folder, [{ span: [0, 1], rows: [['x', 0, 1]] }]),
  });
  const log = path.join(root, 'features/toy/log');
  for (const name of [
    '-x.json',
    '..json',
    '0002.json',
    'a b.json',
    '00000000000000000002.json~',
    '00000000000000000002.JSON',
  ])
    await writeFile(path.join(log, name), 'x');
  await mkdir(path.join(log, '00000000000000000002.json'));
  await writeFile(path.join(log, '00000000000000000002.json', '00000000000000000009.json'), 'x');
  expect((await own.head())?.number).toBe(1);
  expect((await own.verify()).problems).toEqual([]);
});
