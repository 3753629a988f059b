/** Purpose: publishing a part as events: batches that brokers take, and an end on request. */
import { expect, test } from '@jest/globals';
import type { RawPart } from '../../../../domains/domain.ts';
import type { EventToPublish } from '../../../../platform/streams/event-log.ts';
import { type PublishOptions, publishPart } from '../../../../services/stream/publish.ts';

const NOON = Date.UTC(2026, 0, 5, 12);

/** @param rows SQL of a query with the columns `name` and `time` */
const partOf = (rows: string) =>
  ({
    ...{ name: 'part', span: null },
    open: async () => ({ relation: `(${rows})`, seriesId: 'name', localTime: 'time' }),
  }) as unknown as RawPart;

function setUp(more: Partial<PublishOptions> = {}) {
  const batches: EventToPublish[][] = [];
  const options: PublishOptions = {
    publisher: {
      publish: async (events) => {
        batches.push([...events]);
      },
    },
    format: { eventTime: ({ time }) => Date.parse(`${String(time).replace(' ', 'T')}Z`) },
    ...{ delayMs: 0, duplicates: 0, seed: 1, speed: Number.POSITIVE_INFINITY },
    ...{ clock: { elapsedMs: () => 0 }, sleep: async () => undefined },
    signal: new AbortController().signal,
    ...more,
  };
  return { batches, options };
}

test('limits the bytes of a batch to those of the broker, for any script', async () => {
  const { batches, options } = setUp();
  const rows = `SELECT repeat('東', 1000) AS name, TIMESTAMP '2026-01-05 12:00:00' AS time
    FROM range(600)`;
  expect(await publishPart(partOf(rows), options)).toEqual({ events: 600, skipped: 0 });
  const sizes = batches.map((events) =>
    events.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0),
  );
  expect(Math.max(...sizes)).toBeLessThan(1 << 20);
});

test('a stop during a pause keeps what was published until then', async () => {
  const stop = new AbortController();
  const paused: number[] = [];
  const { batches, options } = setUp({
    ...{ speed: 1, signal: stop.signal },
    sleep: async (ms) => {
      paused.push(ms);
      if (paused.length === 2) {
        stop.abort();
        throw stop.signal.reason;
      }
    },
  });
  const rows = `SELECT 'a' AS name, TIMESTAMP '2026-01-05 12:00:00' + to_seconds(5 * i) AS time
    FROM range(5) AS r(i)`;
  expect(await publishPart(partOf(rows), options)).toEqual({ events: 2, skipped: 0 });
  expect(batches.flat().map(({ published }) => published)).toEqual([NOON, NOON + 5000]);
});
