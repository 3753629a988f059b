/**
 * Purpose: the feature store: snapshots of a domain's demand, committed atomically, and read as
 * they were known at any time.
 * Invariants: an acknowledged commit is durable and stays; a snapshot never changes; a late
 * backfill changes no read with an earlier `knownAt`; everything that is returned was verified
 * against its hash.
 * Fails: SNAPSHOT_EMPTY, OBJECT_NOT_FOUND for an unknown snapshot, STORE_CORRUPT with the key, and
 * the store's own errors.
 */
import type { Panel } from '../../forecasting/panel/panel.ts';
import type { Clock } from '../../platform/clock.ts';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { openAppendLog } from '../log/append-log.ts';
import { writeWitness } from '../log/witness.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type ClockRepair, repairClock } from './clock-repair.ts';
import { type CommitContext, commitFeatures } from './feature-commit.ts';
import { FeatureFiles } from './feature-files.ts';
import { type FeatureReport, verifyFeatures } from './feature-verify.ts';
import { isIntact, openGarbageLog } from './garbage/collection-log.ts';
import { collectFeatures, type FeatureGcReport, type GcRequest } from './garbage/feature-gc.ts';
import type { FeatureSchema, Manifest, NewFeatureObject, Segment } from './manifest.ts';
import { parseManifest, reportHash, serialiseManifest } from './manifest-format.ts';
import { type OnlineSnapshot, wholePanel } from './online/online-snapshot.ts';
import { getNamed, openView } from './online/view-reader.ts';
import { openQuarantine, type Quarantine } from './quarantine.ts';
import { readNext } from './reading/next-snapshot.ts';
import { type PanelSample, readSnapshot, type SnapshotQuery } from './reading/snapshot-reader.ts';
import type { CommitRequest, NextSnapshot, OnlineRequest, Staged } from './requests.ts';
import { type CompactRequest, compactFeatures } from './segments/feature-compact.ts';
import { stageObjects } from './staging.ts';
import { refuseClockBehind } from './stamps.ts';

export interface AsOfQuery extends Omit<SnapshotQuery, 'lastIntervals' | 'maxValues'> {
  /** Default: the newest. */
  snapshotVersion?: string;
}

export interface SampleQuery extends AsOfQuery {
  readonly maxValues: number;
}

export interface FeatureStore {
  head(): Promise<Manifest | null>;
  /** All manifests, oldest first. */
  log(): Promise<Manifest[]>;
  /** By version, or by number alone. */
  manifest(snapshotVersion: string): Promise<Manifest>;
  /** The head, for a writer: refused where this machine's clock is behind it. */
  writableHead(): Promise<Manifest | null>;
  /** Reads the files of a run through, for `readNext` and `commit`. */
  stage(schema: FeatureSchema, newObjects: readonly NewFeatureObject[]): Promise<Staged>;
  /**
   * Adds the staged objects to the newest snapshot. If none is new, nothing changes and the newest
   * is returned.
   */
  commit(request: CommitRequest): Promise<Manifest>;
  /**
   * Merges small objects into packs, by a commit. The new snapshot reads like the previous one, for
   * every `knownAt`. Returns the newest snapshot; null where there is none.
   */
  compact(request?: CompactRequest): Promise<Manifest | null>;
  /**
   * Restates, by a commit, what is stamped in the future (clock-repair.ts). If nothing is, nothing
   * changes.
   */
  repairClock(request?: OnlineRequest): Promise<ClockRepair>;
  /**
   * What a snapshot was made of, segment by segment, whether packed or not: with equal
   * `availableAt`, the one committed later comes later.
   */
  segments(manifest: Pick<Manifest, 'packs' | 'objects'> | null): Promise<readonly Segment[]>;
  readAsOf(query?: AsOfQuery): Promise<Panel>;
  /** The same of at most `maxValues` values of demand: of some series where all have more. */
  readSample(query: SampleQuery): Promise<PanelSample>;
  /** The demand as it will be once the new objects are committed. Writes nothing. */
  readNext(next: NextSnapshot): Promise<Panel>;
  /**
   * The last weeks of every series in the newest snapshot, without a SQL engine. `head`: its
   * manifest, if it was read already.
   */
  readOnline(head?: Manifest): Promise<{ panel: Panel; manifest: Manifest }>;
  /** The same by ranges of series, each read when it is asked for. */
  openOnline(head?: Manifest): Promise<OnlineSnapshot>;
  /** The data-quality report that was committed with a manifest; null where there was none. */
  readReport(manifest: Manifest): Promise<unknown | null>;
  /** Next to the snapshots: the evidence of runs that were refused. */
  readonly quarantine: Quarantine;
  /** Lists, or removes, what no kept snapshot needs any more. */
  gc(request: GcRequest): Promise<FeatureGcReport>;
  /**
   * Reads and checks everything. Reports and never throws, except where the store cannot be
   * reached.
   */
  verify(): Promise<FeatureReport>;
}

export function openFeatureStore(options: {
  store: ObjectStore;
  domain: string;
  clock: Clock;
}): FeatureStore {
  const { store, domain, clock } = options;
  const files = new FeatureFiles(store);
  const log = openAppendLog<Manifest>(store, {
    appended: (slot) => writeWitness(store, objectKeys.witnesses(domain), slot),
    prefix: objectKeys.featureLog(domain),
    keyOf: (number) => objectKeys.manifest(domain, number),
    parse: parseManifest,
    serialise: serialiseManifest,
  });
  const context = { store, domain, clock, log, files };
  return {
    head: log.head,
    log: () => wholeLog(context),
    manifest: (snapshotVersion) => findManifest(context, snapshotVersion),
    async writableHead() {
      const head = await log.head();
      refuseClockBehind(head, clock.now());
      return head;
    },
    stage: stageObjects,
    commit: (request) => commitFeatures(context, request),
    compact: (request) => compactFeatures(context, request),
    repairClock: (request) => repairClock(context, request),
    segments: (manifest) => files.segments(manifest),
    readAsOf: async (query = {}) => (await readKnown(context, query)).panel,
    readSample: (query) => readKnown(context, query),
    readNext: (next) => readNext(files, next),
    async readOnline(head) {
      const manifest = head ?? (await existingHead(context));
      return { panel: await wholePanel(await openView(store, manifest)), manifest };
    },
    openOnline: async (head) => openView(store, head ?? (await existingHead(context))),
    async readReport(manifest) {
      if (manifest.report === null) return null;
      const named = { key: manifest.report, sha256: reportHash(manifest.report) };
      const bytes = await getNamed(store, named).catch((error) =>
        explained(context, error, manifest),
      );
      return JSON.parse(Buffer.from(bytes).toString('utf8'));
    },
    quarantine: openQuarantine({ store, domain }),
    gc: (request) => collectFeatures(context, request),
    verify: () => verifyFeatures(context),
  };
}

async function wholeLog({ log, domain }: CommitContext): Promise<Manifest[]> {
  const manifests = await log.entries();
  for (const [i, { parent, number }] of manifests.entries()) {
    if (parent === (manifests[i - 1]?.snapshotVersion ?? null)) continue;
    throw new HeadwayError('STORE_CORRUPT', 'A manifest does not follow the one before it', {
      where: objectKeys.manifest(domain, number),
    });
  }
  return manifests;
}

async function existingHead({ store, domain, log }: CommitContext): Promise<Manifest> {
  const head = await log.head();
  if (head !== null) return head;
  throw new HeadwayError(
    'SNAPSHOT_EMPTY',
    `The feature store holds nothing for the domain ${domain} yet`,
    {
      where: store.location,
      fix: `Run \`headway features run --domain ${domain}\` first.`,
    },
  );
}

async function findManifest(
  { store, domain, log }: CommitContext,
  snapshotVersion: string,
): Promise<Manifest> {
  const [, digits, hash] = /^([1-9]\d{0,14})(-[0-9a-f]{12})?$/.exec(snapshotVersion) ?? [];
  const number = Number(digits ?? 0);
  const found =
    number > 0 && (await store.has(objectKeys.manifest(domain, number)))
      ? await log.read(number)
      : null;
  if (found && (hash === undefined || found.snapshotVersion === snapshotVersion)) return found;
  throw new HeadwayError(
    'OBJECT_NOT_FOUND',
    `There is no snapshot ${JSON.stringify(snapshotVersion)} of ${domain}`,
    {
      where: store.location,
      fix: '`headway store log` lists the snapshots.',
    },
  );
}

async function readKnown(
  context: CommitContext,
  { snapshotVersion, ...query }: AsOfQuery & Partial<SampleQuery>,
): Promise<PanelSample> {
  const manifest = await (snapshotVersion === undefined
    ? existingHead(context)
    : findManifest(context, snapshotVersion));
  return readSnapshot(context.files, manifest, query).catch((error) =>
    explained(context, error, manifest),
  );
}

/** Missing objects may have been collected as garbage: that is not damage. */
async function explained(
  { store, domain }: CommitContext,
  error: unknown,
  { number, snapshotVersion }: Manifest,
): Promise<never> {
  const isMissing =
    isHeadwayError(error, 'STORE_CORRUPT') && isHeadwayError(error.cause, 'OBJECT_NOT_FOUND');
  if (!isMissing || isIntact(await openGarbageLog(store, domain).head(), number)) throw error;
  throw new HeadwayError(
    'SNAPSHOT_COLLECTED',
    `Snapshot ${snapshotVersion} was removed by garbage collection: its data is gone`,
    {
      where: error.where ?? snapshotVersion,
      fix:
        'Read the newest snapshot with `knownAt`, or a snapshot that was kept; `headway ' +
        'store gc --help` says which are.',
      cause: error,
    },
  );
}
