/**
 * Purpose: bring a snapshot whose objects are stamped in the future back to the order of the log,
 * by a commit that restates when they became known.
 * Invariants: no read for a `knownAt` before the repair changes: what the future hid was not known
 * then, and becomes known with the repair. From then on, for a feed and an interval, what was
 * committed last wins, as the log says. Nothing is overwritten: older snapshots read as they did.
 * Fails: RUN_IN_PROGRESS where somebody else commits meanwhile; STORE_CORRUPT for an object that is
 * not what the manifest says; the store's own errors. Nothing is half done: what fails leaves
 * orphans.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type SqlSession, withSqlSession } from '../../platform/duckdb/session.ts';
import { HeadwayError } from '../../platform/errors.ts';
import type { AppendLog } from '../log/append-log.ts';
import { placeFile } from '../objects/content-addressed-write.ts';
import { type CommitContext, onlineQuery } from './feature-commit.ts';
import { pendingDeletions } from './garbage/collection-log.ts';
import {
  type DataFile,
  type FeatureObject,
  type FeaturePack,
  filesOf,
  type Manifest,
  type Segment,
} from './manifest.ts';
import { withOnlineView } from './online/view-writer.ts';
import { snapshotPanels } from './reading/snapshot-reader.ts';
import type { OnlineRequest } from './requests.ts';
import { placePack } from './segments/feature-compact.ts';
import { writeFirstSegments, writeSegment } from './segments/pack-writer.ts';
import { inspectParquet } from './segments/parquet-check.ts';
import { aheadProblem, isAhead, latestOf, nextCommittedAt } from './stamps.ts';

/** A segment of the head, and where its rows are. */
interface Held {
  readonly segment: Segment;
  readonly file: DataFile;
  /** In a pack; null for an object. */
  readonly rank: number | null;
}

export interface ClockRepair {
  /** The newest snapshot, repaired or as it was; null where there is none. */
  readonly manifest: Manifest | null;
  readonly changed: boolean;
  /** The parts that became known with the repair. */
  readonly restated: readonly string[];
}

export async function repairClock(
  context: CommitContext,
  request: OnlineRequest = {},
): Promise<ClockRepair> {
  const { store, log, domain, clock } = context;
  const head = await log.head();
  const now = clock.now();
  if (head === null || aheadProblem(head, now) === null)
    return { manifest: head, changed: false, restated: [] };
  const held = await heldBy(context, head);
  const restated = toRestate(await inLogOrder(log, head, held, now), now);
  const right = held.map(({ segment }) => segment.availableAt).filter((at) => !isAhead(at, now));
  const availableAt = Math.max(now, latestOf(right) + 1);
  const folder = await mkdtemp(path.join(tmpdir(), 'headway-repair-'));
  try {
    const manifest = await withSqlSession(async (session) => {
      const work: Work = {
        context,
        session,
        head,
        folder,
        pendingDeletion: await pendingDeletions(store, domain),
      };
      const packs: FeaturePack[] = [];
      for (const pack of head.packs) packs.push(...(await rightPartOf(work, pack, now)));
      const objects = head.objects.filter((object) => !isAhead(object.availableAt, now));
      const added: FeatureObject[] = [];
      for (const { segment, file, rank } of restated)
        added.push(await restate(work, { ...segment, availableAt }, file, rank));
      const files = { packs, objects: [...objects, ...added] };
      return append(work, files, request, restated.length);
    });
    return { manifest, changed: true, restated: restated.map(({ segment }) => segment.part) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Work {
  readonly context: CommitContext;
  readonly session: SqlSession;
  readonly head: Manifest;
  readonly folder: string;
  readonly pendingDeletion: ReadonlySet<string>;
}

async function append(
  { context, session, head }: Work,
  files: Pick<Manifest, 'packs' | 'objects'>,
  request: OnlineRequest,
  count: number,
): Promise<Manifest> {
  const { store, log, domain, clock } = context;
  const made = await log.append(async (parent, slot) => {
    const pendingDeletion = await pendingDeletions(store, domain);
    const names = [...filesOf(files), ...files.packs.map(({ segments }) => segments)];
    if (
      parent?.snapshotVersion !== head.snapshotVersion ||
      names.some(({ key }) => pendingDeletion.has(key))
    )
      throw new HeadwayError('RUN_IN_PROGRESS', 'Another writer of this store is active', {
        where: slot.key,
        fix: 'Run it again when the other one is done; nothing was changed.',
      });
    const draft = {
      domain,
      number: slot.number,
      parent: head.snapshotVersion,
      commitId: slot.commitId,
      // The stamp of the head is one of those that are wrong.
      committedAt: isAhead(head.committedAt, clock.now())
        ? clock.now()
        : nextCommittedAt(head, clock.now()),
      reason: `stamps in the future repaired: ${count} objects became known with this commit`,
      schema: head.schema,
      ...files,
      report: head.report,
    } as const;
    const query = onlineQuery(request);
    return withOnlineView(store, draft, snapshotPanels(context.files, draft, query, session));
  });
  // `append` gives null only where nothing was to be done
  return made as Manifest;
}

/** Every segment of the newest snapshot. */
async function heldBy({ files }: CommitContext, head: Manifest): Promise<Held[]> {
  const held: Held[] = [];
  for (const file of head.packs) {
    const { segments } = await files.index(file);
    for (const [rank, segment] of segments.entries()) held.push({ segment, file, rank });
  }
  for (const file of head.objects) held.push({ segment: file, file, rank: null });
  return held;
}

const nameOf = ({ feed, part, fingerprint, availableAt, span }: Segment): string =>
  JSON.stringify([feed, part, fingerprint, availableAt, span.start, span.end]);

/**
 * What was committed since the first object with a stamp in the future, in the order of the log: a
 * pack knows only that of the stamps.
 */
async function inLogOrder(
  log: Pick<AppendLog<Manifest>, 'read'>,
  head: Manifest,
  held: readonly Held[],
  now: number,
): Promise<Held[]> {
  let before: Manifest | null = head;
  while (before !== null && filesOf(before).some(({ availableAt }) => isAhead(availableAt, now)))
    before = before.number > 1 ? await log.read(before.number - 1) : null;

  const places = new Map(held.map((one) => [nameOf(one.segment), one]));
  const ordered = new Set<Held>();
  let known = new Set((before?.objects ?? []).map(nameOf));
  for (let number = (before?.number ?? 0) + 1; number <= head.number; number++) {
    const { objects } = number === head.number ? head : await log.read(number);
    for (const name of objects.map(nameOf)) {
      const place = places.get(name);
      if (place !== undefined && !known.has(name)) ordered.add(place);
    }
    known = new Set(objects.map(nameOf));
  }
  return [...ordered];
}

/**
 * Which of `ordered` must become known with the repair: those of the future, and what was committed
 * after them and has to win over them. What a later object of the same part covers wholly need not
 * be seen any more.
 */
function toRestate(ordered: readonly Held[], now: number): Held[] {
  const restated: Held[] = [];
  for (const [i, one] of ordered.entries()) {
    const { feed, part, span, availableAt } = one.segment;
    const isCovered = ordered
      .slice(i + 1)
      .some(
        ({ segment }) =>
          segment.feed === feed &&
          segment.part === part &&
          segment.span.start <= span.start &&
          span.end <= segment.span.end,
      );
    if (isCovered) continue;
    const winsOver = ({ segment }: Held) =>
      segment.feed === feed &&
      (segment.part === part || (segment.span.start < span.end && span.start < segment.span.end));
    if (isAhead(availableAt, now) || restated.some(winsOver)) restated.push(one);
  }
  return restated;
}

/** What a pack holds of segments that are stamped right: they are the first. None or one pack. */
async function rightPartOf(work: Work, pack: FeaturePack, now: number): Promise<FeaturePack[]> {
  if (!isAhead(pack.availableAt, now)) return [pack];
  const { context, session, head, folder, pendingDeletion } = work;
  const { segments } = await context.files.index(pack);
  const right = segments.filter(({ availableAt }) => !isAhead(availableAt, now));
  if (right.length === 0) return [];
  const source = await context.files.path(session, pack, head.schema.frequencyMinutes);
  const target = path.join(folder, 'pack.parquet');
  const written = await writeFirstSegments(session, source, right, target);
  return [
    await placePack(context, session, target, { feed: pack.feed, ...written }, pendingDeletion),
  ];
}

/** Puts one segment as an object of its own. */
async function restate(
  { context, session, head, folder, pendingDeletion }: Work,
  segment: Segment,
  file: DataFile,
  rank: number | null,
): Promise<FeatureObject> {
  const { frequencyMinutes } = head.schema;
  const source = await context.files.path(session, file, frequencyMinutes);
  const target = path.join(folder, 'segment.parquet');
  await writeSegment(session, source, segment, rank, target);
  const { problem } = await inspectParquet(session, target, claimsOf(segment), frequencyMinutes);
  if (problem !== null) {
    throw new HeadwayError('INTERNAL', `Part ${segment.part} cannot be restated: ${problem}`, {
      where: file.key,
    });
  }
  const { rows, span, availableAt, feed, part, fingerprint, rowsIn, rowsUsed, rejected } = segment;
  return {
    ...(await placeFile(context, session, target, pendingDeletion)),
    ...{ rows, span, availableAt, feed, part, fingerprint, rowsIn, rowsUsed, rejected },
  };
}

/** Not its `segments`: an object has none. */
const claimsOf = ({ rows, span, availableAt }: Segment) => ({ rows, span, availableAt });
