/**
 * Purpose: one run of the feature service: fetch → validate → aggregate → commit.
 * Invariants: a part whose content the newest snapshot has already is skipped, so re-running
 * changes nothing; nothing is committed unless every part is good and the run keeps the data
 * contract, or somebody accepted that it breaks it; each raw row is used or rejected for a counted
 * reason; intervals that are not over come with a later run; work files do not outlive the run.
 * Fails: DATA_QUARANTINED with the evidence stored, RAW_FILE_INVALID naming every bad file,
 * PARTS_OVERLAP, SOURCE_*, STORE_*, CLOCK_BEHIND: always with nothing committed.
 */
import type { Domain, ExogenousSource, RawPart, Source } from '../../domains/domain.ts';
import { lookBack } from '../../forecasting/features/feature-spec.ts';
import { type Seasons, seasonsOf } from '../../forecasting/panel/seasons.ts';
import type { Clock } from '../../platform/clock.ts';
import { describeError, HeadwayError } from '../../platform/errors.ts';
import type { Progress } from '../../platform/progress.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { FeatureStore } from '../../storage/features/feature-store.ts';
import { demandOf, filesOf, type Manifest, type Segment } from '../../storage/features/manifest.ts';
import type { QuarantineEntry } from '../../storage/features/quarantine.ts';
import type { OnlineRequest, Staged } from '../../storage/features/requests.ts';
import { segmentsRead } from '../../storage/features/versions.ts';
import { type AggregatedPart, embeddedEngine, type PartEngine } from './aggregation/aggregate.ts';
import { hasIntervals } from './aggregation/unfinished.ts';
import { accountsOf, type CommittedParts, committedParts, newestRead } from './committed-parts.ts';
import { judgeAge, judgeRun } from './contract/contract.ts';
import type { DemandView } from './contract/demand-view.ts';
import { objectsOf } from './new-objects.ts';
import { buildQualityReport, type PartAccount, type QualityReport } from './quality-report.ts';
import { type Acceptance, quarantined, refuse, sift } from './quarantine-run.ts';
import { recentPanel } from './recent-panel.ts';
import { allParts } from './sources/exogenous-parts.ts';
import { committedOverlap, refuseOverlap } from './sources/part-overlap.ts';
import { type OpenedPart, readParts } from './sources/read-parts.ts';
import { type Withdrawal, withdrawalsOf } from './withdrawals.ts';
import { withWorkFolder } from './work-folder.ts';

/** Two days of hourly commits: then the small objects of a feed are merged. */
const COMPACT_FROM = 48;
const MEMORY_LIMIT_MB = 512;

export interface FeatureRunOptions {
  readonly domain: Domain;
  readonly source: Source;
  /**
   * Where exogenous columns come from. Without it those that were committed before stay as they
   * are.
   */
  readonly exogenous?: ExogenousSource | null;
  readonly features: Pick<
    FeatureStore,
    | 'head'
    | 'writableHead'
    | 'stage'
    | 'commit'
    | 'readAsOf'
    | 'openOnline'
    | 'readNext'
    | 'readReport'
    | 'segments'
    | 'compact'
    | 'quarantine'
  >;
  /** Accept what was refused before: its parts, and no others. */
  readonly accept?: Acceptance | null;
  /**
   * Called before the run is committed or refused, so that a caller can draw why it was refused.
   */
  readonly onReport?: (report: QualityReport, demand: DemandView | null) => Promise<void>;
  /** For intermediate files; several runs may share it. */
  readonly workFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly progress: Progress;
  readonly memoryLimitMb?: number;
  /** The engine that reads the raw rows of demand; the embedded one if absent. */
  readonly engine?: PartEngine;
}

export interface FeatureRunResult {
  readonly manifest: Manifest;
  readonly changed: boolean;
  readonly parts: readonly PartAccount[];
  /** Null if nothing changed: the report that the manifest names is still valid. */
  readonly report: QualityReport | null;
  /** Refused runs whose parts still wait for a decision. */
  readonly held: readonly QuarantineEntry[];
}

/** The source and the store before anything is read. */
interface Plan {
  /** Of the source. */
  readonly parts: readonly RawPart[];
  readonly head: Manifest | null;
  readonly committed: CommittedParts;
  /** To be read by this run. */
  readonly waiting: readonly RawPart[];
  readonly held: readonly QuarantineEntry[];
}

export async function runFeatures(options: FeatureRunOptions): Promise<FeatureRunResult> {
  const { domain, features, workFolder, clock, logger } = options;
  const plan = await planRun(options);
  const { head, committed, waiting, held } = plan;
  for (const { id, summary } of held)
    logger.info({ quarantine: id }, `still in quarantine, and not judged again: ${summary}`);
  warnOfOverlap(options, plan);
  const hasDemand = demandOf([...filesOf(head), ...waiting]).length > 0;
  if (waiting.length === 0 || !hasDemand) {
    if (head === null && held.length > 0)
      throw quarantined(held.at(-1) as QuarantineEntry, features.quarantine.location, head);
    warnOfAge(options, committed.segments);
    return unchanged(domain, plan, head, committed);
  }
  return withWorkFolder(workFolder, clock.now(), (folder) => readAndCommit(options, plan, folder));
}

async function planRun(options: FeatureRunOptions): Promise<Plan> {
  const { domain, source, exogenous, features, accept, clock } = options;
  const parts = await allParts(domain, source, exogenous ?? null);
  const head = await features.writableHead();
  const segments = await features.segments(head);
  const committed = committedParts(segments, parts, clock.now());
  const missing = parts.filter((part) => !committed.has(part));
  const sifted = await sift(features.quarantine, missing, segments, accept ?? null);
  return { parts, head, committed, ...sifted };
}

async function readAndCommit(
  options: FeatureRunOptions,
  plan: Plan,
  folder: string,
): Promise<FeatureRunResult> {
  const { domain, features, clock, progress, engine = embeddedEngine } = options;
  const { parts, held } = plan;
  const availableAt = clock.now();
  const read = await readParts({
    ...{ domain, parts: plan.waiting, progress, folder, availableAt, engine },
    memoryLimitMb: options.memoryLimitMb ?? MEMORY_LIMIT_MB,
    isAccepted: isAccepted(options),
  });
  // Another run may have committed the same parts meanwhile. The store serialises commits; this
  // only avoids doing the work twice.
  const head = await features.head();
  const committed =
    head?.snapshotVersion === plan.head?.snapshotVersion
      ? plan.committed
      : committedParts(await features.segments(head), parts, availableAt);
  const opened = read.filter(({ part }) => !committed.has(part));
  if (opened.length === 0) return unchanged(domain, plan, head, committed);

  const fresh = opened.flatMap(({ made }) => (made !== null && hasIntervals(made) ? [made] : []));
  refuseOverlap({ fresh, committed: newestRead(committed.segments), present: parts });
  const schema = {
    frequencyMinutes: domain.frequencyMinutes,
    missing: domain.missing,
    unit: domain.unit,
    timeZone: domain.timeZone,
  };
  const withdrawn = withdrawalsOf({ domain, fresh, committed: committed.segments, availableAt });
  const made = { domain, fresh, withdrawn, folder, availableAt };
  const newObjects = await objectsOf({ ...made, isAccepted: isAccepted(options) });
  const staged = await features.stage(schema, newObjects);
  const accounts = accountsOf(parts, fresh, committed);
  const batch = { parts, head, committed, opened, fresh, withdrawn, staged, accounts };
  const report = await judgedReport(options, batch);
  logUnfinished(options, opened);
  if (report === null) return unchanged(domain, plan, head, committed);
  const manifest = await features.commit({
    reason: reasonOf(options, fresh),
    staged,
    report: new TextEncoder().encode(JSON.stringify(report)),
    ...onlineViewOf(domain),
  });
  const { rowsIn, rowsUsed } = report.run;
  options.logger.info(
    { snapshotVersion: manifest.snapshotVersion, parts: fresh.length, rowsIn, rowsUsed },
    'features committed',
  );
  const compacted = await compactIfDue(options, manifest);
  return { manifest: compacted, changed: true, parts: accounts, report, held };
}

/** What a run has read and is about to commit. */
interface Batch {
  readonly parts: readonly RawPart[];
  readonly head: Manifest | null;
  readonly committed: CommittedParts;
  readonly opened: readonly OpenedPart[];
  readonly fresh: readonly AggregatedPart[];
  readonly withdrawn: readonly Withdrawal[];
  readonly staged: Staged;
  readonly accounts: readonly PartAccount[];
}

/**
 * Judges a batch by the contract. Throws where it is refused, after the evidence is stored. Null
 * where no interval of it is over.
 */
async function judgedReport(
  options: FeatureRunOptions,
  batch: Batch,
): Promise<QualityReport | null> {
  const { domain, source, features, clock, logger } = options;
  const { parts, head, committed, opened, fresh, withdrawn, staged, accounts } = batch;
  const hasDemand = demandOf([...filesOf(head), ...fresh.map(({ part }) => part)]).length > 0;
  const recent =
    hasDemand && fresh.length > 0 ? await recentPanel({ domain, features, head, staged }) : null;
  const now = clock.now();
  const contract = judgeRun({
    ...{ domain, parts: opened, present: parts, committed: committed.segments, recent, now },
    withdrawn,
    lastReport: head === null ? null : await features.readReport(head),
    isAccepted: isAccepted(options),
  });
  const { verdicts } = contract;
  let report: QualityReport | null = null;
  if (recent !== null && recent.oneIn > 1)
    logger.info({ oneIn: recent.oneIn }, `one series in ${recent.oneIn} is judged`);
  if (recent !== null) {
    const read = [...segmentsRead([...committed.segments, ...staged.objects])];
    const { panel } = recent;
    report = await buildQualityReport({
      ...{ domain, panel, oneIn: recent.oneIn, parts: accounts, read, contract, now },
    });
    await options.onReport?.(report, contract.view);
  }
  if (contract.isBroken) {
    const { quarantine } = features;
    const evidence = { head, parts: opened, verdicts, report, now };
    throw await refuse({ quarantine, source: source.description, ...evidence });
  }
  for (const { name, outcome, value, detail } of verdicts) {
    if (outcome === 'warn' || outcome === 'accepted')
      logger.warn({ expectation: name, outcome, value }, `${name}: ${detail}`);
  }
  return report;
}

const isAccepted = ({ accept }: FeatureRunOptions): boolean => (accept ?? null) !== null;

function reasonOf({ source, accept }: FeatureRunOptions, fresh: readonly AggregatedPart[]): string {
  const [first] = fresh;
  const what = fresh.length === 1 && first ? first.part.name : `${fresh.length} parts`;
  const why = accept ? `; accepted from quarantine ${accept.id}: ${accept.reason}` : '';
  return `${what} of ${source.description}${why}`;
}

/** How far a forecast looks back, and a week in which the newest values may be missing. */
const onlineIntervals = (seasons: Seasons): number => lookBack(seasons) + seasons.week;

/** What the online view of a domain's snapshots holds. */
export const onlineViewOf = (domain: Domain): OnlineRequest => ({
  onlineIntervals: onlineIntervals(seasonsOf(domain)),
  ...(domain.futureExogenous.length > 0
    ? { ahead: { columns: domain.futureExogenous, intervals: domain.horizon } }
    : {}),
});

/** What is left out for now is said, so that nothing vanishes silently. */
function logUnfinished({ logger, accept }: FeatureRunOptions, opened: readonly OpenedPart[]): void {
  const left = opened.flatMap(({ part, made }) =>
    made === null || made.unfinished === null ? [] : [{ part, ...made.unfinished }],
  );
  if (left.length === 0) return;
  const intervals = left.reduce((sum, one) => sum + one.intervals, 0);
  const names = left.slice(0, 5).map(({ part }) => part.name);
  const more = left.length > names.length ? ` and ${left.length - names.length} more` : '';
  const when = accept ? 'with the next change of the file' : 'with a run after their end';
  logger.info(
    { intervals, parts: left.length },
    `intervals that are not over are left out, and come ${when}: ${intervals} of ` +
      `${names.join(', ')}${more}`,
  );
}

/** A source without new data is reported; what was known stays in service. */
function warnOfAge(
  { domain, clock, logger }: FeatureRunOptions,
  committed: readonly Segment[],
): void {
  const verdict = judgeAge(domain, committed, clock.now());
  if (verdict.outcome === 'pass' || verdict.outcome === 'unjudged') return;
  logger.warn(
    { expectation: verdict.name, hours: verdict.value },
    `the source is stale: ${verdict.detail}`,
  );
}

/** A store of an earlier version may lack rows of parts that were reported as used. */
function warnOfOverlap({ logger }: FeatureRunOptions, { parts, committed }: Plan): void {
  const found = committedOverlap(parts.flatMap((part) => committed.newestOf(part) ?? []));
  if (found !== null)
    logger.warn({ error: describeError(found) }, `the store lacks rows: ${found.message}`);
}

/** Keeps the next runs fast. The commit is done: if this fails, the run has still succeeded. */
async function compactIfDue(
  { features, logger }: FeatureRunOptions,
  manifest: Manifest,
): Promise<Manifest> {
  if (manifest.objects.length < COMPACT_FROM) return manifest;
  try {
    const compacted = (await features.compact({ minObjects: COMPACT_FROM })) ?? manifest;
    if (compacted.snapshotVersion === manifest.snapshotVersion) return manifest;
    logger.info(
      { snapshotVersion: compacted.snapshotVersion, packs: compacted.packs.length },
      'features compacted',
    );
    return compacted;
  } catch (error) {
    logger.warn(
      { error: describeError(error) },
      'the features could not be compacted; the previous commit stands',
    );
    return manifest;
  }
}

function unchanged(
  domain: Domain,
  { parts, held }: Plan,
  head: Manifest | null,
  committed: CommittedParts,
): FeatureRunResult {
  if (!head) {
    throw new HeadwayError('SOURCE_INVALID', 'the source has no data yet', {
      where: `domain ${domain.name}`,
      fix: 'Choose a source with at least one complete interval.',
    });
  }
  const accounts = accountsOf(parts, [], committed);
  return { manifest: head, changed: false, parts: accounts, report: null, held };
}
