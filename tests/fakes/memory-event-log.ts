/**
 * Purpose: a partitioned log in memory, as an EventLog and as what writes it: transactions with
 * their markers, retention, a topic that is created again.
 * Invariants: it stores batches and lists aborted transactions as a broker does; what is read of
 * them is decided by the code that reads Kafka's.
 * Fails: as the port says.
 */
import { HeadwayError } from '../../platform/errors.ts';
import { decodeBatches, type RawBatch } from '../../platform/streams/decode-batches.ts';
import type { EventBatch, EventLog } from '../../platform/streams/event-log.ts';

const encoder = new TextEncoder();
/** Batches of one fetch: few, so that a test meets the edges between fetches. */
const FETCHED = 2;
const CONTROL = 0b110000;
const TRANSACTIONAL = 0b010000;

interface Partition {
  batches: RawBatch[];
  aborted: { producerId: bigint; firstOffset: bigint; lastOffset: bigint }[];
  next: number;
  earliest: number;
  /** First offsets of transactions without an end, by producer. */
  open: Map<bigint, number>;
}

export interface MemoryRecord {
  readonly value: string | Uint8Array | null;
  readonly published: number;
}

export class MemoryEventLog implements EventLog {
  readonly location = 'topic in memory';
  readonly mirrored = new Map<string, readonly number[]>();
  clusterId = 'cluster-1';
  topicId = 'topic-1';
  #partitions: Partition[];

  constructor(partitions = 1) {
    this.#partitions = Array.from({ length: partitions }, emptyPartition);
  }

  append(partition: number, records: readonly MemoryRecord[], producer: bigint | null = null) {
    const found = this.#at(partition);
    if (producer !== null && !found.open.has(producer)) found.open.set(producer, found.next);
    this.#push(found, records, producer === null ? 0 : TRANSACTIONAL, producer ?? -1n);
  }

  end(partition: number, producer: bigint, outcome: 'commit' | 'abort'): void {
    const found = this.#at(partition);
    const first = found.open.get(producer);
    if (first === undefined) return;
    found.open.delete(producer);
    if (outcome === 'abort')
      found.aborted.push({
        producerId: producer,
        firstOffset: BigInt(first),
        lastOffset: BigInt(found.next),
      });
    this.#push(found, [{ value: null, published: 0 }], CONTROL, producer);
  }

  /** Retention: removes what is before the offset. */
  removeBefore(partition: number, offset: number): void {
    const found = this.#at(partition);
    found.earliest = Math.min(found.next, Math.max(found.earliest, offset));
    found.batches = found.batches.filter((batch) => lastOf(batch) >= found.earliest);
  }

  /** Compaction: removes one record from its batch. */
  compactAway(partition: number, offset: number): void {
    const found = this.#at(partition);
    found.batches = found.batches.map((batch) => ({
      ...batch,
      records: batch.records.filter(
        ({ offsetDelta }) => Number(batch.firstOffset) + offsetDelta !== offset,
      ),
    }));
  }

  addPartition(): void {
    this.#partitions.push(emptyPartition());
  }

  recreate(topicId: string): void {
    this.topicId = topicId;
    this.#partitions = this.#partitions.map(emptyPartition);
  }

  async identify() {
    const { clusterId, topicId } = this;
    return { clusterId, topicId, partitions: this.#partitions.length };
  }

  async earliest() {
    return this.#partitions.map(({ earliest }) => earliest);
  }

  async read(partition: number, from: number, most: number): Promise<EventBatch> {
    const found = this.#at(partition);
    if (from < found.earliest || from > found.next)
      throw new HeadwayError('STREAM_OVERTAKEN', 'no such offset', { where: this.location });
    const stable = Math.min(found.next, ...found.open.values());
    const batches = found.batches
      .filter((batch) => lastOf(batch) >= from && lastOf(batch) < stable)
      .slice(0, FETCHED);
    const first = batches[0]?.firstOffset ?? 0n;
    const last = BigInt(lastOf(batches.at(-1)));
    const aborted = found.aborted.filter(
      ({ firstOffset, lastOffset }) => firstOffset <= last && lastOffset >= first,
    );
    const batch = decodeBatches(batches, aborted, from, most);
    return { ...batch, isCaughtUp: batch.next >= stable };
  }

  async mirror(group: string, next: readonly number[]): Promise<void> {
    this.mirrored.set(group, next);
  }

  async close(): Promise<void> {}

  #at(partition: number): Partition {
    const found = this.#partitions[partition];
    if (found === undefined) throw new Error(`no partition ${partition}`);
    return found;
  }

  #push(
    found: Partition,
    records: readonly MemoryRecord[],
    attributes: number,
    producerId: bigint,
  ): void {
    const times = records.map(({ published }) => published);
    found.batches.push({
      firstOffset: BigInt(found.next),
      lastOffsetDelta: records.length - 1,
      ...{ attributes, producerId },
      firstTimestamp: BigInt(times[0] ?? 0),
      maxTimestamp: BigInt(Math.max(...times)),
      records: records.map(({ value, published }, offsetDelta) => ({
        offsetDelta,
        timestampDelta: BigInt(published - (times[0] ?? 0)),
        value: typeof value === 'string' ? encoder.encode(value) : value,
      })),
    });
    found.next += records.length;
  }
}

const emptyPartition = (): Partition => ({
  ...{ batches: [], aborted: [], next: 0, earliest: 0, open: new Map() },
});

const lastOf = (batch: RawBatch | undefined): number =>
  batch === undefined ? -1 : Number(batch.firstOffset) + batch.lastOffsetDelta;
