/**
 * Purpose: the port to a partitioned log of events: Kafka, or one in memory for tests.
 * Invariants: within a partition offsets ascend; `read` accounts for every offset from `from` to
 * `next`: a record, a marker, or an offset that was and is no record (aborted, compacted). Only
 * what is committed is read, and never past what may still be aborted.
 * Fails: STREAM_OVERTAKEN where the log no longer has, or never had, the offset;
 * STREAM_UNAVAILABLE where the log does not respond; SOURCE_NOT_FOUND for an unknown topic.
 */
export interface EventRecord {
  readonly offset: number;
  /** UTC epoch milliseconds: when its producer, or the log, says that it was published. */
  readonly published: number;
  /** null: a record without a value. */
  readonly value: Uint8Array | null;
}

export interface EventBatch {
  readonly records: readonly EventRecord[];
  /** Offset of the first record that was not looked at. */
  readonly next: number;
  /** Control records between `from` and `next`. */
  readonly markers: number;
  /** Offsets between `from` and `next` of records whose transaction was aborted. */
  readonly aborted: number;
  /** Whether there is nothing committed after `next`, as the log was when it was read. */
  readonly isCaughtUp: boolean;
}

export interface TopicIdentity {
  readonly clusterId: string;
  /** Another one once the topic was deleted and created again. */
  readonly topicId: string;
  readonly partitions: number;
}

export interface EventLog {
  /** For people and messages, without credentials. */
  readonly location: string;
  identify(): Promise<TopicIdentity>;
  /** The first offset that each partition still has, by partition. */
  earliest(): Promise<readonly number[]>;
  /**
   * Some records of a partition from the offset on, `most` at most: none where there are none yet.
   */
  read(partition: number, from: number, most: number): Promise<EventBatch>;
  /** Sets the offsets that lag tools show for a consumer group. Nothing here reads them. */
  mirror(group: string, next: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

export interface EventToPublish {
  readonly key: string;
  readonly value: string;
  /** UTC epoch milliseconds. */
  readonly published: number;
}

export interface EventPublisher {
  /** Creates the topic where it is absent; keeps its events whatever their times. */
  prepare(partitions: number): Promise<void>;
  /** Acknowledged by the log when it resolves. Events of one key keep their order. */
  publish(events: readonly EventToPublish[]): Promise<void>;
  close(): Promise<void>;
}
