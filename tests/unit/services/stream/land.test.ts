/**
 * Purpose: landing a topic, on the log in memory: every offset accounted for whatever happens to
 * the topic, one of two landers wins, and what cannot be landed is named.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rowsOf, withDuckDB } from '../../../../platform/duckdb/duckdb.ts';
import { parquetFiles } from '../../../../platform/duckdb/sql.ts';
import { type LandOptions, land, nextStep } from '../../../../services/stream/land.ts';
import { openStreamLog } from '../../../../storage/streams/stream-log.ts';
import { MemoryEventLog } from '../../../fakes/memory-event-log.ts';
import { type MemoryObjectStore, memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { runs } from '../../../fixtures/property-runs.ts';
import { temporaryFolder } from '../../../fixtures/storage/features.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 0, 5, 12);
const stores: MemoryObjectStore[] = [];
let place: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  place = await temporaryFolder();
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await place.remove();
});

function setUp(events: MemoryEventLog, more: Partial<LandOptions> = {}) {
  const store = memoryObjectStore();
  stores.push(store);
  const log = openStreamLog({ store, domain: 'demo', topic: 'clicks' });
  const options: LandOptions = {
    ...{ topic: 'clicks', events, log, maxLateMs: 48 * HOUR, maxRecords: 1000, accept: null },
    format: { eventTime: ({ at }) => (typeof at === 'number' ? at : null) },
    ...{ workFolder: place.folder, clock: { now: () => NOON } },
    ...more,
  };
  return { store, log, options };
}

const event = (at: number, late = 0) => ({ value: JSON.stringify({ at }), published: at + late });

test('lands a topic from its beginning, and nothing twice', async () => {
  const events = new MemoryEventLog(2);
  events.append(0, [event(NOON), event(NOON + HOUR)]);
  events.append(1, [event(NOON, 5000)]);
  const { log, options } = setUp(events);
  const first = await land(options);
  expect(first).toMatchObject({ outcome: 'landed', isCaughtUp: true, entry: { number: 1 } });
  expect(await land(options)).toEqual({ outcome: 'nothing' });
  events.append(1, [event(NOON + 1)]);
  await land(options);
  const [one, two] = await log.entries();
  expect(one?.segments[0]?.hours).toEqual([
    [NOON, 2],
    [NOON + HOUR, 1],
  ]);
  expect(two?.partitions.map(({ first: from, next, used }) => [from, next, used])).toEqual([
    [2, 2, 0],
    [1, 2, 1],
  ]);
  expect((await log.verify()).problems).toEqual([]);
});

test('one of many concurrent landers wins, and another lands the rest', async () => {
  const events = new MemoryEventLog(1);
  events.append(0, [event(NOON)]);
  const { log, options } = setUp(events);
  const outcomes = await Promise.all([land(options), land(options), land(options)]);
  expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual([
    'landed',
    'overtaken',
    'overtaken',
  ]);
  expect(await land(options)).toEqual({ outcome: 'nothing' });
  expect(await log.entries()).toHaveLength(1);
});

test('a lander that was paused for long appends nothing', async () => {
  const events = new MemoryEventLog(1);
  events.append(0, [event(NOON)]);
  const { log, options } = setUp(events);
  let resume = () => {};
  const paused = new Promise<void>((resolve) => {
    resume = resolve;
  });
  const zombie = land({
    ...options,
    log: {
      ...log,
      append: async (draft) => {
        await paused;
        return log.append(draft);
      },
    },
  });
  await land(options);
  events.append(0, [event(NOON + 1)]);
  await land(options);
  resume();
  expect(await zombie).toEqual({ outcome: 'overtaken' });
  expect((await log.entries()).map(({ partitions }) => partitions[0]?.next)).toEqual([1, 2]);
});

test('appends one entry if the response of the store is lost', async () => {
  const events = new MemoryEventLog(1);
  events.append(0, [event(NOON)]);
  const { store, log, options } = setUp(events);
  store.fault = (operation) => (operation === 'createIfAbsent' ? 'after' : undefined);
  expect(await land(options)).toMatchObject({ outcome: 'landed' });
  store.fault = () => undefined;
  expect(await log.entries()).toHaveLength(1);
});

test('counts records lost to retention, and skips them only when this is accepted', async () => {
  const events = new MemoryEventLog(2);
  events.append(0, [event(NOON)]);
  const { log, options } = setUp(events);
  await land(options);
  for (let i = 1; i < 6; i++) events.append(0, [event(NOON + i)]);
  events.removeBefore(0, 4);
  await expect(land(options)).rejects.toMatchObject({
    code: 'STREAM_OVERTAKEN',
    message: expect.stringContaining('3 offsets') as unknown as string,
  });
  expect(await log.entries()).toHaveLength(1);
  await land({ ...options, accept: 'loss' });
  const head = await log.head();
  expect(head).toMatchObject({ accepted: 'loss' });
  expect(head?.partitions[0]).toMatchObject({ first: 1, next: 6, used: 2, gaps: 3, lost: 3 });
});

test('refuses another cluster or topic, and lands it after the old one when accepted', async () => {
  const events = new MemoryEventLog(1);
  events.append(0, [event(NOON), event(NOON + 1)]);
  const { log, options } = setUp(events);
  await land(options);
  events.recreate('topic-2');
  events.append(0, [event(NOON + 2)]);
  await expect(land(options)).rejects.toMatchObject({ code: 'STREAM_FOREIGN' });
  await land({ ...options, accept: 'topic' });
  const head = await log.head();
  expect(head).toMatchObject({ topicId: 'topic-2', accepted: 'topic' });
  expect(head?.partitions[0]).toMatchObject({ first: 0, next: 1, used: 1 });
  events.clusterId = 'cluster-2';
  await expect(land(options)).rejects.toMatchObject({ code: 'STREAM_FOREIGN' });
});

test('lands an added partition from its beginning', async () => {
  const events = new MemoryEventLog(1);
  events.append(0, [event(NOON)]);
  const { log, options } = setUp(events);
  await land(options);
  events.addPartition();
  events.append(1, [event(NOON)]);
  await land(options);
  expect((await log.head())?.partitions.map(({ first, next }) => [first, next])).toEqual([
    [1, 1],
    [0, 1],
  ]);
});

test('keeps invalid records with their bytes and the reason', async () => {
  const events = new MemoryEventLog(1);
  const bad = ['{"at":', '"text"', '{}'].map((value) => ({ value, published: NOON }));
  events.append(0, [event(NOON), ...bad, { value: null, published: NOON }]);
  events.append(0, [event(NOON, 49 * HOUR), event(NOON + HOUR, -HOUR)]);
  const { store, log, options } = setUp(events);
  await land(options);
  const head = await log.head();
  expect(head?.reasons).toEqual({
    ...{ not_json: 1, not_an_object: 1, no_event_time: 1, empty: 1 },
    ...{ too_late: 1, in_the_future: 1 },
  });
  const path = await store.localPath(head?.segments[0]?.key ?? '');
  const dead = await withDuckDB({ threads: 1 }, (connection) =>
    rowsOf(
      connection,
      `SELECT reason, decode(evidence) AS value FROM ${parquetFiles(path)} ` +
        'WHERE reason IS NOT NULL ORDER BY "offset"',
    ),
  );
  expect(dead.slice(0, 2)).toEqual([
    { reason: 'not_json', value: '{"at":' },
    { reason: 'not_an_object', value: '"text"' },
  ]);
});

test('refuses a foreign topic before anything is landed', async () => {
  const events = new MemoryEventLog(1);
  const foreign = { value: '<xml/>', published: NOON };
  events.append(
    0,
    Array.from({ length: 150 }, () => foreign),
  );
  const { log, options } = setUp(events);
  await expect(land(options)).rejects.toMatchObject({ code: 'STREAM_POISONED' });
  expect(await log.head()).toBeNull();
  await land({ ...options, accept: 'dead-letters' });
  expect(await log.head()).toMatchObject({ accepted: 'dead-letters', reasons: { not_json: 150 } });
});

test('detects an entry that does not follow its predecessor', async () => {
  const events = new MemoryEventLog(1);
  events.append(0, [event(NOON)]);
  const { log, options } = setUp(events);
  await land(options);
  const head = await log.head();
  if (head === null) throw new Error('nothing was landed');
  const [range] = head.partitions;
  const doubled = { ...head, partitions: [{ ...range, first: 0, next: 1 }] } as typeof head;
  expect(await log.append(doubled)).toBeNull();
  const wrong = { ...head, partitions: [{ ...range, first: 1, next: 9 }] } as typeof head;
  expect(await log.append(wrong)).toBeNull();
});

type Step =
  | { kind: 'append'; partition: number; values: ('good' | 'bad')[] }
  | { kind: 'transaction'; partition: number; values: number; outcome: 'commit' | 'abort' | 'open' }
  | { kind: 'end'; partition: number; outcome: 'commit' | 'abort' }
  | { kind: 'compact'; partition: number; offset: number }
  | { kind: 'remove'; partition: number; offset: number }
  | { kind: 'addPartition' | 'land' | 'race' };

const partition = fc.integer({ min: 0, max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    ...{ kind: fc.constant('append' as const), partition },
    values: fc.array(fc.constantFrom('good' as const, 'good' as const, 'bad' as const), {
      ...{ minLength: 1, maxLength: 4 },
    }),
  }),
  fc.record({
    ...{ kind: fc.constant('transaction' as const), partition },
    values: fc.integer({ min: 1, max: 3 }),
    outcome: fc.constantFrom('commit' as const, 'abort' as const, 'open' as const),
  }),
  fc.record({
    ...{ kind: fc.constant('end' as const), partition },
    outcome: fc.constantFrom('commit' as const, 'abort' as const),
  }),
  fc.record({
    ...{ kind: fc.constant('compact' as const), partition },
    offset: fc.integer({ min: 0, max: 20 }),
  }),
  fc.record({
    ...{ kind: fc.constant('remove' as const), partition },
    offset: fc.integer({ min: 0, max: 20 }),
  }),
  fc.record({ kind: fc.constantFrom('addPartition' as const, 'land' as const, 'race' as const) }),
);

function take(events: MemoryEventLog, one: Step, count: number): void {
  if (one.kind === 'append')
    events.append(
      one.partition,
      one.values.map((value) =>
        value === 'good' ? event(NOON + count) : { value: 'bad', published: NOON },
      ),
    );
  else if (one.kind === 'transaction') {
    for (let i = 0; i < one.values; i++) events.append(one.partition, [event(NOON)], 5n);
    if (one.outcome !== 'open') events.end(one.partition, 5n, one.outcome);
  } else if (one.kind === 'end') events.end(one.partition, 5n, one.outcome);
  else if (one.kind === 'compact') events.compactAway(one.partition, one.offset);
  else if (one.kind === 'remove') events.removeBefore(one.partition, one.offset);
  else if (one.kind === 'addPartition') events.addPartition();
}

test('Σ(next − first) = used + rejected + markers + gaps, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 5 }),
      async (steps, maxRecords) => {
        const events = new MemoryEventLog(2);
        const { log, options } = setUp(events, { maxRecords, accept: 'loss' });
        for (const [count, one] of [...steps, { kind: 'land' } as Step].entries()) {
          take(events, one, count);
          if (one.kind === 'race') await Promise.all([land(options), land(options)]);
          if (one.kind === 'land') while ((await land(options)).outcome !== 'nothing');
        }
        const ends = new Map<number, number>();
        for (const { partitions, segments } of await log.entries()) {
          let landed = 0;
          for (const [index, range] of partitions.entries()) {
            const { first, next, used, rejected, markers, gaps } = range;
            expect(next - first).toBe(used + rejected + markers + gaps);
            expect(first).toBe(ends.get(index) ?? first);
            ends.set(index, next);
            landed += used + rejected;
          }
          expect(segments.reduce((sum, { rows }) => sum + rows, 0)).toBe(landed);
        }
        expect((await log.verify()).problems).toEqual([]);
      },
    ),
    { numRuns: runs(60), seed: 20 },
  );
});

test('sends bytes that are not UTF-8 and invalid times to the dead letters', async () => {
  const events = new MemoryEventLog(1);
  const broken = Uint8Array.from([...Buffer.from('{"name":"Caf'), 0xe9, ...Buffer.from('"}')]);
  const texts = ['{"at":"no date"}', '{"at":"2026-01-05T12:00:00.0005Z"}'];
  const published = NOON + HOUR;
  events.append(0, [
    { value: broken, published },
    ...texts.map((value) => ({ value, published })),
    { value: JSON.stringify({ at: 'fraction' }), published },
  ]);
  const eventTime = ({ at }: Readonly<Record<string, unknown>>) =>
    at === 'fraction' ? NOON + 0.5 : Date.parse(String(at));
  const { log, options } = setUp(events, { format: { eventTime } });
  const landing = await land(options);
  expect(landing).toMatchObject({
    outcome: 'landed',
    entry: { reasons: { not_json: 1, no_event_time: 1 }, partitions: [{ used: 2 }] },
  });
  const [entry] = await log.entries();
  const path = await log.segmentPath(entry?.segments[0] as { key: string; sha256: string });
  const [letter] = await withDuckDB({}, (connection) =>
    rowsOf(
      connection,
      `SELECT hex(evidence) AS bytes FROM ${parquetFiles(path)} WHERE reason = 'not_json'`,
    ),
  );
  expect(letter?.bytes).toBe(Buffer.from(broken).toString('hex').toUpperCase());
});

test('with once ends where it has caught up with a topic that is being written', async () => {
  const events = new MemoryEventLog(1);
  events.append(0, [event(NOON), event(NOON + 1), event(NOON + 2)]);
  const { options } = setUp(events, { maxRecords: 2 });
  const steps: string[] = [];
  for (let i = 0; i < 5 && steps.at(-1) !== 'end'; i++) {
    steps.push(nextStep(await land(options), true));
    events.append(0, [event(NOON + 10 + i)]);
  }
  expect(steps).toEqual(['again', 'again', 'end']);
  expect(nextStep({ outcome: 'nothing' }, false)).toBe('wait');
  expect(nextStep({ outcome: 'overtaken' }, true)).toBe('again');
  expect(nextStep(null, false)).toBe('wait');
});
