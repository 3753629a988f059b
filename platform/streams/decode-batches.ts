/**
 * Purpose: what a Kafka fetch returned, as the records of committed transactions and an account of
 * every other offset.
 * Invariants: a record of an aborted transaction is never returned, however many transactions of
 * one producer the fetch holds and wherever it begins or ends; `next` is behind the last batch.
 * Method: Kafka's own: the broker lists, per partition, producer and first offset of the aborted
 * transactions that touch the fetch; a transaction ends at its producer's next control record
 * (KIP-98, "Consumer").
 * Fails: never.
 */
import type { EventBatch, EventRecord } from './event-log.ts';

/** The fields of a batch that are read; offsets and times are bigint in the client. */
export interface RawBatch {
  readonly firstOffset: bigint;
  readonly lastOffsetDelta: number;
  readonly attributes: number;
  readonly firstTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly producerId: bigint;
  readonly records: readonly {
    readonly offsetDelta: number;
    readonly timestampDelta: bigint;
    readonly value: Uint8Array | null;
  }[];
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
}

const IS_LOG_APPEND_TIME = 1 << 3;
const IS_TRANSACTIONAL = 1 << 4;
const IS_CONTROL = 1 << 5;

export function decodeBatches(
  batches: readonly RawBatch[],
  abortedTransactions: readonly AbortedTransaction[],
  from: number,
  most: number,
): Omit<EventBatch, 'isCaughtUp'> {
  const waiting = [...abortedTransactions].sort((a, b) => Number(a.firstOffset - b.firstOffset));
  const aborting = new Set<bigint>();
  const records: EventRecord[] = [];
  let [next, markers, aborted] = [from, 0, 0];
  for (const batch of batches) {
    const first = Number(batch.firstOffset);
    const last = first + batch.lastOffsetDelta;
    if (last < from) continue;
    if (records.length >= most) break;
    while (waiting[0] !== undefined && Number(waiting[0].firstOffset) <= last)
      aborting.add((waiting.shift() as AbortedTransaction).producerId);
    if (batch.attributes & IS_CONTROL) {
      markers += batch.records.length;
      aborting.delete(batch.producerId);
    } else if (batch.attributes & IS_TRANSACTIONAL && aborting.has(batch.producerId)) {
      aborted += batch.records.filter(({ offsetDelta }) => first + offsetDelta >= from).length;
    } else if (!collect(batch, from, most, records)) {
      next = (records.at(-1) as EventRecord).offset + 1;
      break;
    }
    next = last + 1;
  }
  return { records, next, markers, aborted };
}

/**
 * A fetch begins with the batch that holds the offset, and so may hold earlier ones. False where
 * there are more records than are wanted.
 */
function collect(batch: RawBatch, from: number, most: number, records: EventRecord[]): boolean {
  const first = Number(batch.firstOffset);
  const start = Number(batch.firstTimestamp);
  const appended = batch.attributes & IS_LOG_APPEND_TIME ? Number(batch.maxTimestamp) : null;
  for (const { offsetDelta, timestampDelta, value } of batch.records) {
    const offset = first + offsetDelta;
    if (offset < from) continue;
    if (records.length >= most) return false;
    records.push({ offset, published: appended ?? start + Number(timestampDelta), value });
  }
  return true;
}
