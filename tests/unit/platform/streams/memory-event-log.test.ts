/**
 * Purpose: the double of the event log keeps the contract that the real broker keeps
 * (tests/kafka/broker.kafka.ts), and the decoder of batches meets cases that brokers rarely make.
 */
import { expect, test } from '@jest/globals';
import { decodeBatches, type RawBatch } from '../../../../platform/streams/decode-batches.ts';
import { MemoryEventLog } from '../../../fakes/memory-event-log.ts';
import { describeEventLog } from '../../../fixtures/event-log-contract.ts';

describeEventLog('memory event log', async () => {
  const log = new MemoryEventLog(2);
  return {
    log,
    append: async (partition, values, published = 1) =>
      log.append(
        partition,
        values.map((value) => ({ value, published })),
      ),
    async transaction(partition, values, outcome) {
      for (const value of values) log.append(partition, [{ value, published: 1 }], 7n);
      log.end(partition, 7n, outcome);
    },
    removeBefore: async (partition, offset) => log.removeBefore(partition, offset),
    recreate: async () => log.recreate('topic-2'),
    close: () => log.close(),
  };
});

const batch = (firstOffset: number, values: number, more: Partial<RawBatch> = {}): RawBatch => ({
  ...{ firstOffset: BigInt(firstOffset), lastOffsetDelta: values - 1, attributes: 0 },
  ...{ firstTimestamp: 100n, maxTimestamp: 900n, producerId: -1n },
  records: Array.from({ length: values }, (_, offsetDelta) => ({
    ...{ offsetDelta, timestampDelta: BigInt(offsetDelta), value: new Uint8Array([offsetDelta]) },
  })),
  ...more,
});

test('an open transaction holds back later records', async () => {
  const log = new MemoryEventLog(1);
  log.append(0, [{ value: 'a', published: 1 }]);
  log.append(0, [{ value: 'b', published: 1 }], 1n);
  log.append(0, [{ value: 'c', published: 1 }]);
  expect(await log.read(0, 0, 10)).toMatchObject({ next: 1, isCaughtUp: true });
  log.end(0, 1n, 'commit');
  const rest = await log.read(0, 1, 10);
  expect(rest.records).toHaveLength(2);
});

test('a compacted batch advances to its last offset', () => {
  const compacted = { ...batch(10, 5), records: batch(10, 5).records.slice(1, 2) };
  const found = decodeBatches([compacted], [], 10, 10);
  expect(found).toMatchObject({ next: 15, markers: 0, aborted: 0 });
  expect(found.records.map(({ offset }) => offset)).toEqual([11]);
});

test('uses the broker time if the topic says so', () => {
  const found = decodeBatches([batch(0, 2, { attributes: 1 << 3 })], [], 0, 10);
  expect(found.records.map(({ published }) => published)).toEqual([900, 900]);
});

test('reads only the rest of a batch that starts before the offset', () => {
  const found = decodeBatches([batch(0, 4)], [], 2, 10);
  expect(found.records.map(({ offset }) => offset)).toEqual([2, 3]);
});

test('returns at most the wanted records and continues there', () => {
  const batches = [batch(0, 4), batch(4, 2)];
  expect(decodeBatches(batches, [], 0, 3)).toMatchObject({ next: 3 });
  expect(decodeBatches(batches, [], 3, 1).records).toHaveLength(1);
  expect(decodeBatches(batches, [], 3, 1)).toMatchObject({ next: 4 });
  expect(decodeBatches(batches, [], 4, 9)).toMatchObject({ next: 6 });
});
