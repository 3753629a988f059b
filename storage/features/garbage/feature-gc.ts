/**
 * Purpose: garbage collection of a domain's features: which objects nothing needs any more, and
 * removing them.
 * Invariants: never removes what a snapshot that is kept needs: the head, those that were
 * superseded less than the grace ago (a reader may still be on them), those that were asked to be
 * kept, and those that a model card names. A name that a writer could use again is first marked
 * in the collection log, and freed by a later collection, at least PENDING_DELETION_MS after, if
 * nothing needs it then.
 * Fails: as reading the manifests and cards does, CLOCK_BEHIND (nothing is removed then); the
 * store's own errors, after which it can be repeated.
 */
import { HeadwayError } from '../../../platform/errors.ts';
import type { AppendLog } from '../../log/append-log.ts';
import { logNumber, objectKeys } from '../../objects/object-keys.ts';
import type { CommitContext } from '../feature-commit.ts';
import { type Manifest, viewObjects } from '../manifest.ts';
import { refuseClockBehind } from '../stamps.ts';
import { COLLECTION_FORMAT, type Collection, isIntact, openGarbageLog } from './collection-log.ts';

/**
 * Far longer than a commit takes from reading the collection log to its entry (feature-commit.ts:
 * COMMIT_WITHIN_MS).
 */
export const PENDING_DELETION_MS = 60 * 60 * 1000;

export interface GcRequest {
  /** What was written, or superseded, less than this ago stays. At least PENDING_DELETION_MS. */
  readonly graceMs: number;
  /** Besides: so many newest snapshots, and all that were superseded less than this ago. */
  readonly keepSnapshots?: number;
  readonly keepMs?: number;
  /** Snapshots that model cards name. */
  readonly namedByModels: readonly string[];
  /** False: only say what would go. */
  readonly remove: boolean;
}

export interface Garbage {
  readonly key: string;
  readonly bytes: number;
  readonly reason:
    | 'old online view'
    | 'in no snapshot that is kept'
    | 'model without card'
    | 'actuals out of retention'
    | 'merged or unnamed part of the ledger'
    | 'forecast that was moved'
    | 'old witness';
  /** `tombstone`: its name could be used again, so it goes with a later collection. */
  readonly action: 'remove' | 'tombstone';
}

export interface FeatureGcReport {
  readonly snapshots: number;
  /** Up to this number, snapshots are not kept, but for `neededByModels`. */
  readonly upTo: number;
  readonly neededByModels: readonly string[];
  /** Named by a model card, and collected before: its training set cannot be made again. */
  readonly lostToModels: readonly string[];
  readonly garbage: readonly Garbage[];
}

export async function collectFeatures(
  context: CommitContext,
  request: GcRequest,
): Promise<FeatureGcReport> {
  const { store, domain, clock } = context;
  if (request.graceMs < PENDING_DELETION_MS) {
    throw new HeadwayError('USAGE', 'The grace period must be at least an hour', {
      where: `${request.graceMs} ms`,
      fix: 'Active readers and writers need it.',
    });
  }
  // before the log is read: what was marked long enough before now was marked before that
  // reading
  const now = clock.now();
  if (request.remove) refuseClockBehind(await context.log.head(), now);
  const collections = openGarbageLog(store, domain);
  const last = await collections.head();
  const found = await store.listDetails(objectKeys.features(domain));
  const upTo = lastSuperseded(found, objectKeys.featureLog(domain), now, request);
  const here = new Set(found.map(({ key }) => key));
  const { needed, kept, lost, intact, snapshots } = await neededKeys(context, {
    upTo,
    last,
    here,
    named: request.namedByModels,
  });

  const ready = new Set(last?.removing ?? []);
  const since = new Map<string, number>();
  // by a clock that was ahead: it waits from now on, not from then
  for (const group of last?.condemned ?? [])
    for (const key of group.keys) since.set(key, Math.min(group.since, now));
  const garbage: Garbage[] = [];
  for (const { key, bytes, writtenAt } of found) {
    const kind = kindOf(domain, key, snapshots);
    if (kind === null || needed.has(key) || writtenAt > now - request.graceMs) continue;
    const waited =
      ready.has(key) || (since.get(key) ?? Number.POSITIVE_INFINITY) <= now - PENDING_DELETION_MS;
    const action = kind === 'view' || waited ? 'remove' : 'tombstone';
    const reason = kind === 'view' ? 'old online view' : 'in no snapshot that is kept';
    garbage.push({ key, bytes, reason, action });
  }
  const report = { snapshots, upTo, neededByModels: kept, lostToModels: lost, garbage };
  if (request.remove && garbage.length > 0)
    await removeAll(context, collections, { now, upTo, last, intact, since, garbage });
  return report;
}

type Details = Awaited<ReturnType<CommitContext['store']['listDetails']>>;

/**
 * The highest number up to which every snapshot was superseded long enough ago. Its successor's
 * time of writing counts.
 */
function lastSuperseded(found: Details, prefix: string, now: number, request: GcRequest): number {
  const written = new Map<number, number>();
  for (const { key, writtenAt } of found) {
    const number = key.startsWith(prefix) ? logNumber(key) : null;
    if (number !== null) written.set(number, writtenAt);
  }
  const bound = now - Math.max(request.graceMs, request.keepMs ?? 0);
  let upTo = 0;
  while ((written.get(upTo + 2) ?? Number.POSITIVE_INFINITY) <= bound) upTo++;
  return Math.max(0, Math.min(upTo, written.size - Math.max(1, request.keepSnapshots ?? 1)));
}

/**
 * What the snapshots name that are kept. Reads no other manifest, so that it stays cheap however
 * long the log is.
 */
async function neededKeys(
  { log }: CommitContext,
  {
    upTo,
    last,
    here,
    named,
  }: { upTo: number; last: Collection | null; here: ReadonlySet<string>; named: readonly string[] },
) {
  const needed = new Set<string>();
  const snapshots = await log.size();
  for (let number = upTo + 1; number <= snapshots; number++) {
    const manifest = await log.read(number);
    for (const key of namesOf(manifest)) needed.add(key);
    for (const { key } of viewObjects(manifest.online)) needed.add(key);
  }
  const kept: string[] = [];
  const lost: string[] = [];
  const intact = new Set<number>();
  const going = new Set(last?.removing ?? []);
  for (const version of new Set(named)) {
    const number = Number.parseInt(version, 10);
    if (!(number >= 1) || number > upTo) continue;
    const manifest = await log.read(number);
    const names = namesOf(manifest);
    const isWhole =
      manifest.snapshotVersion === version &&
      names.every((key) => here.has(key) && !going.has(key));
    (isWhole ? kept : lost).push(version);
    if (!isWhole && !isIntact(last, number)) continue;
    for (const key of names) needed.add(key);
    if (isWhole) intact.add(number);
  }
  return { needed, kept, lost, intact: [...intact].sort((a, b) => a - b), snapshots };
}

const namesOf = ({ packs, objects, report }: Manifest): string[] => [
  ...packs.flatMap((pack) => [pack.key, pack.segments.key]),
  ...objects.map(({ key }) => key),
  ...(report === null ? [] : [report]),
];

/**
 * What may be collected. A view, or a range of one, whose number is taken can be named again only
 * by a compaction of the head, which needs it; one whose number is not may be, by whoever commits
 * next, and waits until it is. Log entries and foreign files are
 * left alone.
 */
function kindOf(domain: string, key: string, snapshots: number): 'view' | 'content' | null {
  const [folder = '', name = '', more] = key.slice(objectKeys.features(domain).length).split('/');
  if (more !== undefined) return null;
  if (folder === 'online') {
    const number = Number(
      /^([1-9]\d{0,15})-(?:[0-9a-f]{12}|[0-9a-f]{64})\.bin$/.exec(name)?.[1] ??
        Number.POSITIVE_INFINITY,
    );
    return number <= snapshots ? 'view' : null;
  }
  const ending = { data: 'parquet', pieces: 'json', reports: 'json' }[folder];
  return ending !== undefined && /^[0-9a-f]{64}\.[a-z]+$/.test(name) && name.endsWith(`.${ending}`)
    ? 'content'
    : null;
}

interface Decision {
  readonly now: number;
  readonly upTo: number;
  /** The newest entry that the decision rests on. */
  readonly last: Collection | null;
  readonly intact: readonly number[];
  readonly since: ReadonlyMap<string, number>;
  readonly garbage: readonly Garbage[];
}

async function removeAll(
  { store, domain, clock }: CommitContext,
  collections: AppendLog<Collection>,
  { now, upTo, last, intact, since, garbage }: Decision,
): Promise<void> {
  const going = garbage.filter(({ action }) => action === 'remove');
  // The names of old views are taken for good: no writer needs to be warned of them.
  const removing = going.filter(({ reason }) => reason !== 'old online view').map(({ key }) => key);
  // not `now`: reading the manifests may have taken long, and writers cannot know of it before
  const at = clock.now();
  const marked = new Map<number, string[]>();
  for (const { key, action } of garbage) {
    if (action === 'remove') continue;
    const time = since.get(key) ?? at;
    marked.set(time, [...(marked.get(time) ?? []), key]);
  }
  await collections.append(async (head, slot) => {
    if (slot.number !== (last?.number ?? 0) + 1) {
      throw new HeadwayError(
        'RUN_IN_PROGRESS',
        'Another garbage collection of this store is running',
        {
          where: slot.key,
          fix: 'Run it again later; nothing was removed.',
        },
      );
    }
    // Another collection may still be busy with what it said it removes.
    const busy = head && head.at > now - PENDING_DELETION_MS ? head.removing : [];
    return {
      ...{ format: COLLECTION_FORMAT, domain, number: slot.number, commitId: slot.commitId, at },
      ...{
        upTo: Math.max(upTo, head?.upTo ?? 0),
        intact,
        condemned: [...marked].map(([time, keys]) => ({ since: time, keys })),
      },
      removing: [...new Set([...busy, ...removing])].sort(),
    };
  });
  for (const { key } of going) await store.remove(key);
}
