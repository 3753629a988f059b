/**
 * Purpose: compaction: merge the many small objects of a snapshot into few packs, by a commit of
 * its own.
 * Invariants: the new snapshot reads bit for bit as the one before, for every `knownAt`; only what
 * was committed is merged, in the order of its commits; what others commit meanwhile stays. A pack
 * grows only by as much as it holds, so that a value is rewritten a logarithmic number of times,
 * and a snapshot has a logarithmic number of packs up to MAX_ROWS, and few beyond.
 * Fails: STORE_CORRUPT for an object that is not what the manifest says; CLOCK_BEHIND; the store's
 * own errors.
 * Nothing is half done: a compaction that fails or is killed leaves orphans.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type SqlSession, withSqlSession } from '../../../platform/duckdb/session.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';
import { placeBytes, placeFile } from '../../objects/content-addressed-write.ts';
import { objectKeys } from '../../objects/object-keys.ts';
import type { CommitContext } from '../feature-commit.ts';
import { pendingDeletions } from '../garbage/collection-log.ts';
import {
  type DataFile,
  type FeatureObject,
  type FeaturePack,
  filesOf,
  isPack,
  isRanged,
  type Manifest,
} from '../manifest.ts';
import { manifestOf } from '../online/view-writer.ts';
import { feedsOf } from '../reading/version-coverage.ts';
import { nextCommittedAt, refuseClockBehind } from '../stamps.ts';
import { type WrittenPack, writePack } from './pack-writer.ts';
import { encodeSegmentIndex, sumOfSegments } from './segment-index.ts';

const MAX_ROWS = 2_000_000;
const MAX_SEGMENTS = 10_000;

export interface CompactRequest {
  /**
   * Feeds with fewer objects outside packs stay as they are. Default 2: whatever can be merged is.
   */
  readonly minObjects?: number;
  /** Packs are not made larger than this. */
  readonly maxRows?: number;
}

/** The files that a pack is made of. */
type Run = readonly DataFile[];

/**
 * Compacts the newest snapshot. Returns the new one, or the newest as it is where nothing is to be
 * merged.
 */
export async function compactFeatures(
  context: CommitContext,
  request: CompactRequest = {},
): Promise<Manifest | null> {
  const { log, store } = context;
  const before = await log.head();
  const runs = before ? planRuns(before, request) : [];
  if (!before || runs.length === 0) return before;
  refuseClockBehind(before, context.clock.now());
  const made = new Map<Run, FeaturePack>();
  const pendingDeletion = await pendingDeletions(store, context.domain);
  const folder = await mkdtemp(path.join(tmpdir(), 'headway-pack-'));
  try {
    await withSqlSession(async (session) => {
      for (const [index, run] of runs.entries()) {
        const file = path.join(folder, `${index}.parquet`);
        const { frequencyMinutes } = before.schema;
        const pack = await writePack(context.files, session, run, frequencyMinutes, file);
        const feed = (run[0] as DataFile).feed;
        made.set(run, await placePack(context, session, file, { feed, ...pack }, pendingDeletion));
      }
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return log.append(async (parent, slot) => {
    const replaced = parent && replaceRuns(before, parent, made);
    if (!replaced) return null;
    const still = await pendingDeletions(store, context.domain);
    if ([...made.values()].some(({ key, segments }) => still.has(key) || still.has(segments.key)))
      return null; // the next one will do
    const count = [...made.keys()].reduce((sum, run) => sum + run.length, 0);
    const { schema, report } = parent;
    const draft = {
      ...{ domain: context.domain, number: slot.number, parent: parent.snapshotVersion },
      ...{
        commitId: slot.commitId,
        committedAt: nextCommittedAt(parent, context.clock.now()),
        reason: `${count} objects compacted into ${made.size}`,
      },
      ...{ schema, packs: replaced.packs, objects: replaced.objects, report },
    };
    // What it reads is the same, so the view is. Ranges are named as they are; an object alone has
    // the name that belongs to the new snapshot.
    const { online } = parent;
    const manifest = manifestOf(draft, online);
    if (online === null || isRanged(online)) return manifest;
    const bytes = await store.get(online.key);
    if (sha256(bytes) !== online.sha256) {
      throw new HeadwayError('STORE_CORRUPT', 'The online view does not match its manifest', {
        where: online.key,
      });
    }
    const key = objectKeys.online(context.domain, manifest.snapshotVersion);
    await store.put(key, bytes);
    return { ...manifest, online: { ...online, key } };
  });
}

/** Puts the Parquet file at `path` and the segment index of a pack. */
export async function placePack(
  context: CommitContext,
  session: SqlSession,
  path: string,
  { feed, rows, table }: WrittenPack & { readonly feed: string },
  pendingDeletion: ReadonlySet<string>,
): Promise<FeaturePack> {
  const data = await placeFile(context, session, path, pendingDeletion);
  const segments = await placeBytes(
    context,
    (copy) => encodeSegmentIndex(feed, table, copy),
    objectKeys.segmentIndex,
    pendingDeletion,
  );
  const { segments: held } = table;
  return {
    feed,
    ...data,
    rows,
    segments: { ...segments, count: held.length },
    ...sumOfSegments(held),
  };
}

/**
 * Which files are merged with which: per feed, its packs and objects in order, each joined with
 * what came before it and is no larger.
 */
export function planRuns(
  { packs, objects }: Pick<Manifest, 'packs' | 'objects'>,
  request: CompactRequest,
): Run[] {
  const { minObjects = 2, maxRows = MAX_ROWS } = request;
  return feedsOf(objects).flatMap((feed) => {
    const loose = objects.filter((object) => object.feed === feed);
    if (loose.length < minObjects) return [];
    const runs: Run[] = packs.filter((pack) => pack.feed === feed).map((pack) => [pack]);
    for (const group of inGroups(loose, maxRows)) {
      let run: Run = group;
      for (let last = runs.at(-1); last && joins(last, run, maxRows); last = runs.at(-1))
        run = [...(runs.pop() as Run), ...run];
      runs.push(run);
    }
    // An object alone becomes a pack too: outside it would count as later than the packs after it.
    return runs.filter((run) => run.some((file) => !isPack(file)));
  });
}

const rowsOf = (run: Run): number => run.reduce((sum, { rows }) => sum + rows, 0);
const segmentsOf = (run: Run): number =>
  run.reduce((sum, file) => sum + (isPack(file) ? file.segments.count : 1), 0);

function joins(last: Run, run: Run, maxRows: number): boolean {
  const fits =
    rowsOf(last) + rowsOf(run) <= maxRows && segmentsOf(last) + segmentsOf(run) <= MAX_SEGMENTS;
  return fits && rowsOf(last) <= rowsOf(run);
}

function inGroups(objects: readonly FeatureObject[], maxRows: number): FeatureObject[][] {
  const groups: FeatureObject[][] = [];
  for (const object of objects) {
    const group = groups.at(-1);
    const fits = group && rowsOf(group) + object.rows <= maxRows && group.length < MAX_SEGMENTS;
    if (fits) group.push(object);
    else groups.push([object]);
  }
  return groups;
}

/**
 * The files of `parent` with each run replaced by its pack; null where another compaction was
 * first. Commits only add at the end.
 */
function replaceRuns(
  before: Manifest,
  parent: Manifest,
  made: ReadonlyMap<Run, FeaturePack>,
): Pick<Manifest, 'packs' | 'objects'> | null {
  const keys = (files: Pick<Manifest, 'packs' | 'objects'>) =>
    filesOf(files)
      .map(({ key }) => key)
      .join(' ');
  const old = { packs: parent.packs, objects: parent.objects.slice(0, before.objects.length) };
  if (keys(old) !== keys(before)) return null;
  const gone = new Set<DataFile>([...made.keys()].flat());
  return {
    packs: [...before.packs.filter((pack) => !gone.has(pack)), ...made.values()],
    objects: [
      ...before.objects.filter((object) => !gone.has(object)),
      ...parent.objects.slice(before.objects.length),
    ],
  };
}
