/**
 * Purpose: one entry of a stream log: which offsets of a topic were landed, what became of each,
 * and which segments hold the events.
 * Invariants: of every partition next − first = used + rejected + markers + gaps; `first` is the
 * `next` of the entry before, unless the topic is another one and somebody accepted that. An
 * entry names all partitions, so the newest one says where to go on.
 * Fails: `entryProblem` returns what does not hold.
 */
import { record } from '../../platform/settings/validator.ts';

/** Events that retention removed; another topic of this name; mostly dead letters. */
export const ACCEPTED = ['loss', 'topic', 'dead-letters'] as const;
export type Accepted = (typeof ACCEPTED)[number];

export interface PartitionRange {
  readonly first: number;
  readonly next: number;
  /** Records that became rows of a segment. */
  readonly used: number;
  /** Records that could not: they are in a segment as dead letters, with the reason. */
  readonly rejected: number;
  /** Control records of transactions. */
  readonly markers: number;
  /** Offsets that no reader is given: aborted, compacted away, or lost. */
  readonly gaps: number;
  /** Of the gaps those that the topic's retention removed before they were landed. */
  readonly lost: number;
  /** Newest event time that was ever used of this partition, UTC ms; null: none yet. */
  readonly eventTime: number | null;
  /**
   * All that the partition had was read when the newest time of publication in the topic was this
   * one, UTC ms; null: never so far.
   */
  readonly completeTo: number | null;
}

export interface StreamSegment {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  /** Start of an hour (UTC ms) and how many of the rows are of events in it, ascending. */
  readonly hours: readonly (readonly [hour: number, rows: number])[];
}

export interface StreamDraft {
  readonly at: number;
  readonly topic: string;
  readonly clusterId: string;
  readonly topicId: string;
  /** By partition. */
  readonly partitions: readonly PartitionRange[];
  readonly segments: readonly StreamSegment[];
  /** How many records were rejected, by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Newest time of publication of a used record, so far; null: none yet. */
  readonly published: number | null;
  /** The oldest of the first landing that used a record; null: none yet. */
  readonly begins: number | null;
  /** What somebody accepted, so that this entry could be made. */
  readonly accepted: Accepted | null;
}

const count = { type: 'integer', minimum: 0 };
const time = { type: 'integer' };
const optionalTime = { anyOf: [time, { type: 'null' }] };
const text = { type: 'string', minLength: 1 };
const listOf = (items: object) => ({ type: 'array', items });

export const streamFields = {
  topic: text,
  clusterId: text,
  topicId: text,
  partitions: listOf(
    record({
      ...{ first: count, next: count, used: count, rejected: count, markers: count },
      ...{ gaps: count, lost: count, eventTime: optionalTime, completeTo: optionalTime },
    }),
  ),
  segments: listOf(
    record({
      ...{ key: text, sha256: text, bytes: count, rows: count },
      hours: listOf({ type: 'array', items: time, minItems: 2, maxItems: 2 }),
    }),
  ),
  reasons: { type: 'object', additionalProperties: count },
  published: optionalTime,
  begins: optionalTime,
  accepted: { enum: [...ACCEPTED, null] },
};

/** What does not hold of an entry after another one; null where all does. */
export function entryProblem(entry: StreamDraft, before: StreamDraft | null): string | null {
  for (const [partition, range] of entry.partitions.entries()) {
    const { first, next, used, rejected, markers, gaps, lost } = range;
    if (next - first !== used + rejected + markers + gaps || lost > gaps)
      return `partition ${partition} does not account for ${first} to ${next}`;
  }
  if (before === null) return null;
  const isSame = entry.topicId === before.topicId && entry.clusterId === before.clusterId;
  if (!isSame) return entry.accepted === 'topic' ? null : 'it belongs to another topic';
  if (entry.partitions.length < before.partitions.length) return 'it lacks a partition';
  for (const [partition, { next }] of before.partitions.entries()) {
    const first = entry.partitions[partition]?.first;
    if (first !== next)
      return `partition ${partition} continues at ${first}, but the one before ends at ${next}`;
  }
  return null;
}
