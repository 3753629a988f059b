/**
 * Purpose: where a landing begins in every partition.
 * Invariants: at the offset where the newest entry ends; in a topic, or a partition, that was never
 * landed at the earliest offset that the log has. What cannot be landed any more is counted, and
 * nothing is skipped unless somebody accepted it.
 * Fails: STREAM_FOREIGN, STREAM_OVERTAKEN, with what to accept.
 */
import { HeadwayError } from '../../platform/errors.ts';
import type { TopicIdentity } from '../../platform/streams/event-log.ts';
import type { Accepted, StreamEntry } from '../../storage/streams/stream-log.ts';

export interface PartitionStart {
  readonly first: number;
  /** The first offset to read: after `first` where some were lost. */
  readonly from: number;
  readonly eventTime: number | null;
  readonly completeTo: number | null;
}

export interface Start {
  readonly identity: TopicIdentity;
  readonly partitions: readonly PartitionStart[];
  readonly published: number | null;
  readonly begins: number | null;
  /** What had to be accepted. */
  readonly accepted: Accepted | null;
}

export interface StartOptions {
  readonly head: StreamEntry | null;
  readonly identity: TopicIdentity;
  readonly earliest: readonly number[];
  readonly accept: Accepted | null;
  readonly where: string;
}

export function startOf({ head, identity, earliest, accept, where }: StartOptions): Start {
  const isOther =
    head !== null && (head.clusterId !== identity.clusterId || head.topicId !== identity.topicId);
  if (isOther && accept !== 'topic') throw foreign(head, identity, where);
  const before = isOther ? null : head;
  const partitions = Array.from({ length: identity.partitions }, (_, partition) => {
    const oldest = earliest[partition] ?? 0;
    const known = before?.partitions[partition];
    // A partition that was added later is landed from its beginning.
    const first = known?.next ?? (before === null ? oldest : 0);
    const { eventTime = null, completeTo = null } = known ?? {};
    return { first, from: Math.max(first, oldest), eventTime, completeTo };
  });
  const lost = partitions.reduce((sum, { first, from }) => sum + from - first, 0);
  if (lost > 0 && accept !== 'loss') throw overtaken(partitions, lost, where);
  const { published = null, begins = null } = head ?? {};
  const accepted = isOther ? 'topic' : lost > 0 ? 'loss' : null;
  return { identity, partitions, published, begins, accepted };
}

function foreign(head: StreamEntry, identity: TopicIdentity, where: string): HeadwayError {
  const what =
    head.clusterId === identity.clusterId
      ? `the topic was created again: its id is ${identity.topicId}, but was ${head.topicId}`
      : `this is the cluster ${identity.clusterId}, but ${head.clusterId} was landed before`;
  return new HeadwayError('STREAM_FOREIGN', what, {
    where,
    fix:
      'Check --brokers; nothing was landed. If the topic moved for good, run it again with ' +
      '--accept topic: it is then landed from its beginning, after what was landed before.',
  });
}

function overtaken(
  partitions: readonly PartitionStart[],
  lost: number,
  where: string,
): HeadwayError {
  const ranges = partitions.flatMap(({ first, from }, partition) =>
    from > first ? [`partition ${partition} from ${first} to ${from - 1}`] : [],
  );
  return new HeadwayError(
    'STREAM_OVERTAKEN',
    `${lost} offsets were removed before they were landed: ${ranges.join(', ')}`,
    {
      where,
      fix:
        'Restore them if you can, and raise the retention of the topic. To count them as lost ' +
        'and continue, run it again with --accept loss.',
    },
  );
}
