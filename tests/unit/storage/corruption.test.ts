/**
 * Purpose: whatever bit is flipped in whatever object, its reader gets an error with its key and
 * never a number.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../platform/clock.ts';
import { seededRandom } from '../../../platform/random.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { openLedger } from '../../../storage/ledger/ledger.ts';
import { openModelRegistry } from '../../../storage/models/model-registry.ts';
import { memoryObjectStore } from '../../fakes/memory-object-store.ts';
import {
  commitObjects,
  makeObjects,
  NOW,
  schemaOf,
  temporaryFolder,
} from '../../fixtures/storage/features.ts';
import { issueAt } from '../../fixtures/storage/ledger.ts';
import { modelOf } from '../../fixtures/storage/models.ts';

const whole = new Map<string, Uint8Array>();
const store = memoryObjectStore();
const clock = fixedClock(NOW);
const features = openFeatureStore({ store, domain: 'toy', clock });
const models = openModelRegistry({ store, domain: 'toy', clock });
/** A process remembers what it has read: each reader is another one. */
const ledger = () => openLedger({ store, domain: 'toy', clock });
let remove: () => Promise<void>;

beforeAll(async () => {
  const temporary = await temporaryFolder();
  remove = temporary.remove;
  for (const n of [0, 1]) {
    const rows = Array.from({ length: 5 }, (_, i) => ['x', n * 5 + i, i + 0.5] as const);
    const newObjects = await makeObjects(temporary.folder, [
      { part: `p${n}`, span: [n * 5, n * 5 + 5], rows },
    ]);
    const report = Buffer.from(JSON.stringify({ n }));
    await commitObjects(features, { reason: 'test', schema: schemaOf('zero'), newObjects, report });
    const { modelVersion } = await models.register(modelOf(n + 1));
    await models.promote({
      modelVersion,
      reason: 'test',
      evidence: null,
      chart: `<svg><text>${n}</text></svg>`,
    });
    await ledger().append([issueAt(n)]);
  }
  for (const [key, bytes] of store.objects) whole.set(key, bytes);
}, 30_000);
afterAll(async () => {
  await store.close();
  await remove();
});

/** Reads all that a key is part of, as a user of it would. */
async function readAll(key: string): Promise<void> {
  if (key.startsWith('forecasts/')) await ledger().read();
  else if (key.includes('/log/')) await features.log();
  else if (key.includes('/data/')) await features.readAsOf();
  else if (key.includes('/reports/'))
    for (const manifest of await features.log()) await features.readReport(manifest);
  else if (key.includes('/online/')) await features.readOnline();
  else if (key.includes('/promotions/')) await models.promotions();
  else if (key.includes('/verdicts/'))
    for (const entry of await models.promotions()) await models.chart(entry);
  else if (key.startsWith('models/'))
    for (const { modelVersion } of await models.list()) await models.load(modelVersion);
}

const kinds = [
  'features/toy/log/',
  'features/toy/data/',
  '/reports/',
  '/online/',
  '/promotions/',
  '/verdicts/',
  'model.json',
  'weights.bin',
  'card.json',
  'forecasts/toy/log/',
  'forecasts/toy/data/',
];

/** The part of the store that a key is in. */
const storeOf = (key: string) =>
  ({ features, models, forecasts: ledger() })[
    key.split('/')[0] as 'features' | 'models' | 'forecasts'
  ];

describe.each(kinds)('damaged objects of the kind %s', (kind) => {
  test('are named by verify and by their reader', async () => {
    const random = seededRandom(kinds.indexOf(kind));
    const keys = [...whole.keys()].filter((key) => key.includes(kind));
    // older online views are read by nobody but `verify`
    const readable = kind === '/online/' ? keys.slice(-1) : keys;
    expect(keys).toHaveLength(2);
    const code = /model\.json|weights|card/.test(kind) ? 'MODEL_CORRUPT' : 'STORE_CORRUPT';
    for (const key of keys) {
      const bytes = whole.get(key) as Uint8Array;
      for (const damaged of [spoilt(bytes, random), new Uint8Array()]) {
        store.objects.set(key, damaged);
        if (readable.includes(key))
          await expect(readAll(key)).rejects.toMatchObject({ code, where: key });
        const { problems } = await storeOf(key).verify();
        expect(problems.map((problem) => problem.key)).toContain(key);
      }
      store.objects.set(key, whole.get(key) ?? new Uint8Array());
    }
    await expect(readAll(keys[0])).resolves.toBeUndefined();
  }, 60_000);
});

const DAMAGES = 1_100;

/**
 * One of the ways in which disks, networks and people spoil a file. Never the bytes as they were.
 */
function spoilt(bytes: Uint8Array, random: () => number): Uint8Array {
  const below = (n: number) => Math.floor(random() * n);
  for (;;) {
    const copy = Uint8Array.from(bytes);
    const from = below(bytes.length);
    const to = from + 1 + below(bytes.length - from);
    const ways: (() => Uint8Array)[] = [
      () => copy.map((byte, i) => (i === from ? byte ^ (1 << below(8)) : byte)),
      () => copy.subarray(0, from),
      () => copy.fill(0, from, to),
      () => copy.fill(below(256), from, to),
      () => copy.copyWithin(from, below(bytes.length)),
      () => Buffer.concat([copy.subarray(0, from), copy.subarray(to)]),
      () => Buffer.concat([copy, copy.subarray(from, to)]),
    ];
    // Half of all damages are single bits: the smallest there are, and the hardest to see.
    const result = ways[random() < 0.5 ? 0 : below(ways.length)]();
    if (Buffer.compare(result, bytes) !== 0) return result;
  }
}

test(`detects each of ${DAMAGES} random damages at the reader and returns no number`, async () => {
  const random = seededRandom(4);
  const readable = [...whole.keys()].filter(
    (key) =>
      !/(^|\/)witness\//.test(key) && (!key.includes('/online/') || key.includes('/online/2-')),
  );
  expect(readable).toHaveLength(kinds.length * 2 - 1);
  for (let n = 0; n < DAMAGES; n++) {
    const key = readable[n % readable.length];
    const bytes = whole.get(key) as Uint8Array;
    store.objects.set(key, spoilt(bytes, random));
    const found = await readAll(key).catch((error: unknown) => error);
    const code = /model\.json|weights|card/.test(key) ? 'MODEL_CORRUPT' : 'STORE_CORRUPT';
    expect([n, found]).toEqual([n, expect.objectContaining({ code, where: key })]);
    store.objects.set(key, bytes);
  }
  for (const key of readable) await readAll(key);
}, 120_000);

test('names an object that a manifest or card refers to and that is missing', async () => {
  for (const kind of [
    'features/toy/data/',
    'forecasts/toy/data/',
    '/reports/',
    '/online/',
    '/verdicts/',
    'model.json',
    'weights.bin',
  ]) {
    const key = [...whole.keys()].filter((name) => name.includes(kind)).at(-1) as string;
    store.objects.delete(key);
    const code = kind.includes('/') ? 'STORE_CORRUPT' : 'MODEL_CORRUPT';
    await expect(readAll(key)).rejects.toMatchObject({ code, where: key });
    store.objects.set(key, whole.get(key) ?? new Uint8Array());
  }
});

test('detects intact objects that were swapped with others', async () => {
  const swaps = [
    ...['features/toy/log/', 'features/toy/data/', '/promotions/', 'card.json', 'weights.bin'],
    ...['forecasts/toy/log/', 'forecasts/toy/data/'],
  ];
  for (const kind of swaps) {
    const [one, other] = [...whole.keys()].filter((key) => key.includes(kind));
    store.objects.set(one, whole.get(other) ?? new Uint8Array());
    const code = /weights|card/.test(kind) ? 'MODEL_CORRUPT' : 'STORE_CORRUPT';
    await expect(readAll(one)).rejects.toMatchObject({ code, where: one });
    store.objects.set(one, whole.get(one) ?? new Uint8Array());
  }
});
