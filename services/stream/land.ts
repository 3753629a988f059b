/**
 * Purpose: land a topic: read what came after the newest entry of the stream log, store it as a
 * segment, append an entry.
 * Invariants: the segment is stored before the entry, and an entry goes on exactly where the one
 * before ends: a lander that is killed, paused or overtaken by another loses its work and nothing
 * else. Every offset is accounted for. Reading begins at the earliest offset, never at the latest.
 * Fails: STREAM_FOREIGN where cluster or topic are others than before, STREAM_OVERTAKEN where
 * retention removed what was not landed, STREAM_POISONED where most records are not events: nothing
 * is landed until somebody accepts it. As the event log and the store do.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { HeadwayError } from '../../platform/errors.ts';
import type { EventLog } from '../../platform/streams/event-log.ts';
import type {
  Accepted,
  StreamDraft,
  StreamEntry,
  StreamLog,
} from '../../storage/streams/stream-log.ts';
import { type Gathered, type GatherOptions, gather } from './gather.ts';
import { writeSegment } from './segment-file.ts';
import { type Start, startOf } from './start.ts';

/** Of fewer records a share says nothing. */
const MIN_JUDGED = 100;
const MAX_DEAD_SHARE = 0.5;

export interface LandOptions extends GatherOptions {
  readonly topic: string;
  readonly events: Pick<EventLog, 'location' | 'identify' | 'earliest' | 'read'>;
  readonly log: Pick<StreamLog, 'head' | 'append' | 'putSegment'>;
  readonly accept: Accepted | null;
  /** For the segment while it is written. */
  readonly workFolder: string;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * `landed`: an entry was appended. `nothing`: there was nothing new. `overtaken`: another lander
 * was first; what was read is dropped.
 */
export type Landing =
  | { readonly outcome: 'landed'; readonly entry: StreamEntry; readonly isCaughtUp: boolean }
  | { readonly outcome: 'nothing' | 'overtaken' };

export async function land(options: LandOptions): Promise<Landing> {
  const { events, log } = options;
  const head = await log.head();
  const identity = await events.identify();
  const start = startOf({
    ...{ head, identity, accept: options.accept, where: events.location },
    earliest: await events.earliest(),
  });
  const gathered = await gather(options, start);
  if (!hasNews(gathered, head)) return { outcome: 'nothing' };
  refusePoison(options, gathered);
  const draft = await draftOf(options, start, gathered);
  const entry = await log.append(draft);
  if (entry === null) return { outcome: 'overtaken' };
  return { outcome: 'landed', entry, isCaughtUp: gathered.isCaughtUp };
}

/**
 * What a lander does after a landing, null where nothing could be landed. A topic that is written
 * all the time is caught up with once, and not until it is quiet: each entry would hold a few
 * records.
 */
export function nextStep(landing: Landing | null, isOnce: boolean): 'again' | 'wait' | 'end' {
  const isBehind =
    landing?.outcome === 'overtaken' || (landing?.outcome === 'landed' && !landing.isCaughtUp);
  return isBehind ? 'again' : isOnce ? 'end' : 'wait';
}

function hasNews({ partitions }: Gathered, head: StreamEntry | null): boolean {
  return partitions.some(
    ({ first, next, completeTo }, partition) =>
      next > first || completeTo !== (head?.partitions[partition]?.completeTo ?? null),
  );
}

function refusePoison({ accept, events }: LandOptions, { rows, reasons }: Gathered): void {
  const dead = Object.values(reasons).reduce((sum, n) => sum + n, 0);
  if (rows.length < MIN_JUDGED || dead <= MAX_DEAD_SHARE * rows.length) return;
  if (accept === 'dead-letters') return;
  const found = Object.entries(reasons).map(([reason, n]) => `${reason} ${n}`);
  throw new HeadwayError(
    'STREAM_POISONED',
    `${dead} of ${rows.length} records are not events of this domain (${found.join(', ')})`,
    {
      where: events.location,
      fix:
        'Check --topic and --domain; nothing was landed. To keep these records as dead letters ' +
        'and continue, run it again with --accept dead-letters.',
    },
  );
}

async function draftOf(
  { topic, log, workFolder, clock, accept }: LandOptions,
  start: Start,
  { partitions, rows, hours, reasons, published, begins }: Gathered,
): Promise<StreamDraft> {
  const { clusterId, topicId } = start.identity;
  const draft = {
    ...{ at: clock.now(), topic, clusterId, topicId, partitions, reasons, published, begins },
    accepted: start.accepted ?? (accept === 'dead-letters' ? accept : null),
  };
  if (rows.length === 0) return { ...draft, segments: [] };
  await mkdir(workFolder, { recursive: true });
  const folder = await mkdtemp(join(workFolder, 'segment-'));
  try {
    const path = join(folder, 'segment.parquet');
    await writeSegment(path, rows);
    const ordered = [...hours].sort(([a], [b]) => a - b);
    return { ...draft, segments: [await log.putSegment(path, ordered, rows.length)] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
