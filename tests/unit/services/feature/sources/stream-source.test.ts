/**
 * Purpose: a landed topic as a source: which hours it offers and when, what a late event changes,
 * and that events of a stream mean what the rows of a file mean.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { taxi } from '../../../../../domains/taxi/definition.ts';
import { rowsOf, withDuckDB } from '../../../../../platform/duckdb/duckdb.ts';
import { parquetFiles } from '../../../../../platform/duckdb/sql.ts';
import { aggregatePart } from '../../../../../services/feature/aggregation/aggregate.ts';
import { hoursBetween } from '../../../../../services/feature/sources/stream-hours.ts';
import {
  openStreamSource,
  parseStreamSpec,
} from '../../../../../services/feature/sources/stream-source.ts';
import { land } from '../../../../../services/stream/land.ts';
import { openStreamLog } from '../../../../../storage/streams/stream-log.ts';
import { MemoryEventLog } from '../../../../fakes/memory-event-log.ts';
import {
  type MemoryObjectStore,
  memoryObjectStore,
} from '../../../../fakes/memory-object-store.ts';
import { temporaryFolder } from '../../../../fixtures/storage/features.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
/** Noon in New York. */
const NOON = Date.UTC(2026, 0, 5, 17);
const stores: MemoryObjectStore[] = [];
let place: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  place = await temporaryFolder();
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await place.remove();
});

/** A trip by the local wall clock, which is five hours behind UTC in January. */
function trip(instant: number, { place: zone = 74, offsetHours = 5, late = MINUTE } = {}) {
  const local = new Date(instant - offsetHours * HOUR).toISOString().slice(0, 19);
  const value = {
    ...{ VendorID: 2, lpep_pickup_datetime: local.replace('T', ' '), PULocationID: zone },
    ...{ lpep_dropoff_datetime: local.replace('T', ' '), DOLocationID: 42, total_amount: 12.5 },
  };
  return { value: JSON.stringify(value), published: instant + late };
}

async function setUp(partitions: number, spec: string) {
  const events = new MemoryEventLog(partitions);
  const store = memoryObjectStore();
  stores.push(store);
  const log = openStreamLog({ store, domain: 'taxi', topic: 'trips' });
  const format = await taxi.openStream?.();
  if (format === undefined) throw new Error('the domain has no stream');
  const landAll = async () => {
    const options = { topic: 'trips', events, log, format, accept: null };
    const limits = { maxLateMs: 48 * HOUR, maxRecords: 1000 };
    const work = { workFolder: place.folder, clock: { now: () => NOON } };
    while ((await land({ ...options, ...limits, ...work })).outcome !== 'nothing');
  };
  const source = await openStreamSource({ spec: parseStreamSpec(spec), domain: taxi, log });
  return { events, landAll, source, log };
}

const FROM_NOON = 'stream:trips:feed=green,from=2026-01-05T17,lateness=30';
const names = (parts: readonly { name: string }[]) => parts.map(({ name }) => name);

test('offers an hour once every partition is past it by the lateness', async () => {
  const { events, landAll, source } = await setUp(2, FROM_NOON);
  events.append(0, [trip(NOON), trip(NOON + 100 * MINUTE)]);
  events.append(1, [trip(NOON + 80 * MINUTE)]);
  await landAll();
  // Partition 1 has nothing after 18:20, but was read to its end when 18:41 had been published.
  expect(names(await source.parts())).toEqual(['trips_2026-01-05T17']);
  events.append(0, [trip(NOON + 5 * HOUR)]);
  await landAll();
  expect(names(await source.parts())).toEqual([17, 18, 19, 20].map((h) => `trips_2026-01-05T${h}`));
});

test('an idle topic closes no hour, and an empty topic offers none', async () => {
  const { events, landAll, source } = await setUp(1, FROM_NOON);
  await expect(source.parts()).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  events.append(0, [trip(NOON + 10 * MINUTE)]);
  await landAll();
  expect(await source.parts()).toEqual([]);
});

test('starts with the first full hour of the topic without a stated start', async () => {
  const { events, landAll, source } = await setUp(1, 'stream:trips');
  events.append(0, [trip(NOON + 10 * MINUTE), trip(NOON + 4 * HOUR)]);
  await landAll();
  const parts = await source.parts();
  expect(names(parts)).toEqual(['trips_2026-01-05T18', 'trips_2026-01-05T19']);
  expect(parts[0]?.feed).toBe('trips');
});

test('a late event changes only the part of its hour', async () => {
  const { events, landAll, source } = await setUp(1, FROM_NOON);
  events.append(0, [trip(NOON), trip(NOON + 4 * HOUR)]);
  await landAll();
  const before = await source.parts();
  expect(new Set(before.map(({ fingerprint }) => fingerprint)).size).toBe(before.length);
  await landAll();
  expect(await fingerprints(source)).toEqual(before.map(({ fingerprint }) => fingerprint));
  events.append(0, [trip(NOON + HOUR, { late: 10 * HOUR })]);
  await landAll();
  const after = await fingerprints(source);
  const changed = before.filter(({ fingerprint }, i) => fingerprint !== after[i]);
  expect(names(changed)).toEqual(['trips_2026-01-05T18']);
});

const fingerprints = async (source: { parts(): Promise<{ fingerprint: string }[]> }) =>
  (await source.parts()).map(({ fingerprint }) => fingerprint);

test('counts events like rows of a file: duplicates once, unknown places never', async () => {
  const { events, landAll, source } = await setUp(1, FROM_NOON);
  const again = trip(NOON);
  events.append(0, [again, again, trip(NOON + 1000), trip(NOON + 2000, { place: 264 })]);
  events.append(0, [trip(NOON + HOUR, { place: 265 }), trip(NOON + 4 * HOUR)]);
  await landAll();
  const [noon, one, two] = await source.parts();
  const counted = async (part: typeof noon) => {
    if (part === undefined) throw new Error('no part');
    const path = `${place.folder}/${part.name}.parquet`;
    const memory = { tempFolder: place.folder, memoryLimitMb: 512, availableAt: NOON + 10 * HOUR };
    const rows = await part.open();
    const made = await aggregatePart({ domain: taxi, part, rows, path, ...memory });
    const values = await withDuckDB({ threads: 1 }, (connection) =>
      rowsOf(connection, `SELECT series_id, target FROM ${parquetFiles(path)}`),
    );
    return { rowsIn: made.rowsIn, rejected: made.rejected, values };
  };
  expect(await counted(noon)).toEqual({
    rowsIn: 4,
    rejected: { duplicate: 1, unknown_place: 1 },
    values: [{ series_id: '74', target: 2 }],
  });
  // An hour whose only row is unusable is an hour without a trip, and so is one without a row.
  expect(await counted(one)).toEqual({ rowsIn: 1, rejected: { unknown_place: 1 }, values: [] });
  expect(await counted(two)).toEqual({ rowsIn: 0, rejected: {}, values: [] });
});

test('detects a changed segment before it is read', async () => {
  const { events, landAll, source, log } = await setUp(1, FROM_NOON);
  events.append(0, [trip(NOON), trip(NOON + 4 * HOUR)]);
  await landAll();
  const key = (await log.head())?.segments[0]?.key ?? '';
  const [entry] = await log.entries();
  const path = await stores.at(-1)?.localPath(entry?.segments[0]?.key ?? '');
  expect(path).toBeDefined();
  stores.at(-1)?.objects.set(key, new Uint8Array([1, 2, 3]));
  const [part] = await source.parts();
  await expect(part?.open()).rejects.toMatchObject({ code: 'STORE_CORRUPT', where: key });
});

describe('hours where clocks are set back', () => {
  const zone = 'America/New_York';
  const text = (spans: readonly { start: number; end: number }[]) =>
    spans.map(({ start, end }) => [new Date(start).getUTCHours(), (end - start) / HOUR]);

  test('a repeated hour is one part of two hours', () => {
    const start = Date.UTC(2026, 10, 1, 4);
    expect(text(hoursBetween(start, start + 4 * HOUR, zone))).toEqual([
      [4, 1],
      [5, 2],
      [7, 1],
    ]);
    // Not before both are over.
    expect(text(hoursBetween(start, start + 2 * HOUR, zone))).toEqual([[4, 1]]);
  });

  test('other days, also in spring, have parts of one hour', () => {
    const start = Date.UTC(2026, 2, 8, 6);
    expect(text(hoursBetween(start, start + 3 * HOUR, zone))).toEqual([
      [6, 1],
      [7, 1],
      [8, 1],
    ]);
  });

  test('an event of a repeated hour is in its part', async () => {
    const format = await taxi.openStream?.();
    const time = format?.eventTime({ lpep_pickup_datetime: '2026-11-01 01:30:00' });
    expect(time).toBe(Date.UTC(2026, 10, 1, 5, 30));
    for (const value of ['2026-11-01 01:30:00Z', 'soon', '2026-13-01 01:30:00', 7, undefined])
      expect(format?.eventTime({ lpep_pickup_datetime: value })).toBeNull();
  });
});

test.each([
  'stream:',
  'stream:a b',
  'stream:trips:feed=',
  'stream:trips:from=2026-01-05',
  'stream:trips:from=2026-99-05T00',
  'stream:trips:lateness=soon',
  'stream:trips:until=2026',
])('refuses the source %s', (spec) => {
  expect(() => parseStreamSpec(spec)).toThrow(expect.objectContaining({ code: 'SOURCE_INVALID' }));
});

test('refuses a stream source for a domain without a stream', async () => {
  const { openStream: _, ...plain } = taxi;
  const { log } = await setUp(1, FROM_NOON);
  const spec = parseStreamSpec('stream:trips');
  await expect(openStreamSource({ spec, domain: plain, log })).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
  });
});
