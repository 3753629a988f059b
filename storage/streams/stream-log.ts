/**
 * Purpose: what was landed of a topic: an append-only log of entries, and the segments that they
 * name. Only this log says what was landed; offsets that a cluster keeps are never asked.
 * Invariants: an entry is appended only where it goes on exactly where the newest one ends
 * (stream-entry.ts), and one of several writers at once wins; its segments are stored before it.
 * The log is written as storage/log/timed-log.ts has it.
 * Fails: as storage/log/timed-log.ts; STORE_CORRUPT for an entry that does not go on where the one
 * before ends, and for a segment with another hash; KEY_INVALID for a topic whose name is not a
 * key.
 */
import { stat } from 'node:fs/promises';
import { HeadwayError } from '../../platform/errors.ts';
import { fileHash } from '../../platform/files/file-hash.ts';
import { type Numbered, openTimedLog } from '../log/timed-log.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type StoreReport, startReport } from '../store-report.ts';
import {
  entryProblem,
  type StreamDraft,
  type StreamSegment,
  streamFields,
} from './stream-entry.ts';

export type { Accepted, PartitionRange, StreamDraft, StreamSegment } from './stream-entry.ts';
export { ACCEPTED } from './stream-entry.ts';
export type StreamEntry = Numbered<StreamDraft>;

export interface StreamLog {
  head(): Promise<StreamEntry | null>;
  /** Null where another writer was first: the draft does not go on where the newest entry ends. */
  append(draft: StreamDraft): Promise<StreamEntry | null>;
  /** All entries, oldest first. */
  entries(): Promise<StreamEntry[]>;
  /** Stores a Parquet file of events; `append` makes it count. */
  putSegment(path: string, hours: StreamSegment['hours'], rows: number): Promise<StreamSegment>;
  /** A path on this machine to a segment whose bytes are those that were landed. */
  segmentPath(segment: Pick<StreamSegment, 'key' | 'sha256'>): Promise<string>;
  verify(): Promise<StoreReport>;
}

const STREAM_FORMAT = 1;

export function openStreamLog(options: {
  readonly store: ObjectStore;
  readonly domain: string;
  readonly topic: string;
}): StreamLog {
  const { store, domain, topic } = options;
  const prefix = objectKeys.streamLog(domain, topic);
  const keyOf = (number: number) => objectKeys.streamEntry(domain, topic, number);
  const log = openTimedLog<StreamDraft>({
    ...{ store, domain, prefix, keyOf, fields: streamFields },
    ...{ what: 'entry of the stream log', format: STREAM_FORMAT },
  });

  function contiguous(entries: readonly StreamEntry[]): void {
    for (const [index, entry] of entries.entries()) {
      const problem = entryProblem(entry, entries[index - 1] ?? null);
      if (problem !== null)
        throw new HeadwayError('STORE_CORRUPT', problem, { where: keyOf(entry.number) });
    }
  }

  async function entries(): Promise<StreamEntry[]> {
    const all: StreamEntry[] = [];
    for await (const page of log.pages()) all.push(...page);
    contiguous(all);
    return all;
  }

  async function segmentPath({ key, sha256 }: Pick<StreamSegment, 'key' | 'sha256'>) {
    const path = await store.localPath(key);
    if ((await fileHash(path)) === sha256) return path;
    throw new HeadwayError('STORE_CORRUPT', 'the segment differs from what was landed', {
      where: key,
    });
  }

  return {
    head: () => log.head(),
    append: (draft) =>
      log.append(async (head) => (entryProblem(draft, head) === null ? draft : null)),
    entries,
    async putSegment(path, hours, rows) {
      const sha256 = await fileHash(path);
      const key = objectKeys.streamSegment(domain, topic, sha256);
      const { size } = await stat(path);
      await store.putFile(key, path);
      return { key, sha256, bytes: size, rows, hours };
    },
    segmentPath,
    verify: () => verifyStream(options, log, segmentPath),
  };
}

/** The topics of which a store has a log. */
export async function streamTopics(store: ObjectStore, domain: string): Promise<string[]> {
  const prefix = objectKeys.streams(domain);
  const keys = await store.list(prefix);
  return [...new Set(keys.map((key) => key.slice(prefix.length).split('/')[0] as string))];
}

async function verifyStream(
  { store, domain, topic }: { store: ObjectStore; domain: string; topic: string },
  log: ReturnType<typeof openTimedLog<StreamDraft>>,
  segmentPath: StreamLog['segmentPath'],
): Promise<StoreReport> {
  const ofLog = await log.verify();
  const logPrefix = objectKeys.streamLog(domain, topic);
  const keys = (await store.list(objectKeys.stream(domain, topic))).filter(
    (key) => !key.startsWith(logPrefix),
  );
  const report = startReport();
  if (ofLog.problems.length === 0) {
    let before: StreamEntry | null = null;
    for await (const page of log.pages()) {
      for (const entry of page) {
        const problem = entryProblem(entry, before);
        const key = objectKeys.streamEntry(domain, topic, entry.number);
        if (problem !== null) report.problems.push({ key, problem });
        before = entry;
        for (const segment of entry.segments)
          await report.attempt(segment.key, async () => {
            await segmentPath(segment);
            return segment.bytes;
          });
      }
    }
  }
  const ofSegments = report.finish(keys);
  return {
    objects: ofLog.objects + ofSegments.objects,
    bytes: ofLog.bytes + ofSegments.bytes,
    problems: [...ofLog.problems, ...ofSegments.problems],
    orphans: [...ofLog.orphans, ...ofSegments.orphans],
  };
}
