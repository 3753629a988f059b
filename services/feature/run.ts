/**
 * Purpose: one run of the feature service: fetch → validate → aggregate → commit.
 * Invariants: a part whose content the newest snapshot has already is skipped, so re-running
 * changes nothing; nothing is committed unless every part is good and the run keeps the data
 * contract, or somebody accepted that it does not; each raw row is used or rejected for a counted
 * reason; work files do not outlive the run.
 * Fails: DATA_QUARANTINED with the evidence stored, RAW_FILE_INVALID naming every bad file,
 * PARTS_OVERLAP, SOURCE_*, STORE_*, CLOCK_BEHIND: always with nothing committed.
 */
import type { Domain, ExogenousSource, RawPart, Source } from '../../domains/domain.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import type { Clock } from '../../platform/clock.ts';
import { describeError, HeadwayError } from '../../platform/errors.ts';
import type { Progress } from '../../platform/progress.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { OnlineRequest } from '../../storage/features/feature-commit.ts';
import type { FeatureStore } from '../../storage/features/feature-store.ts';
import { withRowCache } from '../../storage/features/kept-rows.ts';
import type { Manifest } from '../../storage/features/manifest.ts';
import type { QuarantineEntry } from '../../storage/features/quarantine.ts';
import {
  filesOf,
  isExogenous,
  piecesRead,
} from '../../storage/features/reading/version-coverage.ts';
import { newestParts, type Segment } from '../../storage/features/segments/segment-index.ts';
import { refuseClockBehind } from '../../storage/log/stamps.ts';
import type { AggregatedPart } from './aggregation/aggregate.ts';
import { embeddedEngine, type PartEngine } from './aggregation/engines/part-engine.ts';
import { judgeRun } from './contract/contract.ts';
import type { DemandView } from './contract/demand-view.ts';
import { freshnessVerdict } from './contract/freshness-check.ts';
import { buildQualityReport, type PartAccount, type QualityReport } from './quality-report.ts';
import { type Acceptance, quarantined, refuse, sift } from './quarantine-run.ts';
import { recentPanel } from './recent-panel.ts';
import { allParts } from './sources/exogenous-parts.ts';
import { committedOverlap, refuseOverlap } from './sources/part-overlap.ts';
import { readParts } from './sources/read-parts.ts';
import { withWorkFolder } from './work-folder.ts';

/** Two days of hourly commits: then the small objects of a feed are merged. */
const COMPACT_FROM = 48;
/** Longest seasons that the online view holds: more than a forecast looks back. */
const SEASONS_ONLINE = 28;
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
    | 'commit'
    | 'readAsOf'
    | 'readOnline'
    | 'readNext'
    | 'readReport'
    | 'pieces'
    | 'compact'
    | 'quarantine'
  >;
  /** Take what was refused before: its parts, and no others. */
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
  /** What reads the raw rows of demand; the embedded one where it is absent. */
  readonly engine?: PartEngine;
}

export interface FeatureRunResult {
  readonly manifest: Manifest;
  readonly changed: boolean;
  readonly parts: readonly PartAccount[];
  /** Null where nothing changed: the report that the manifest names still holds. */
  readonly report: QualityReport | null;
  /** Refused runs whose parts still wait for somebody to decide. */
  readonly held: readonly QuarantineEntry[];
}

export async function runFeatures(options: FeatureRunOptions): Promise<FeatureRunResult> {
  const { domain, source, features, clock, logger, progress } = options;
  const { quarantine } = features;
  const accept = options.accept ?? null;
  const parts = await allParts(domain, source, options.exogenous ?? null);
  const head = await features.head();
  refuseClockBehind(head, clock.now());
  const pieces = await features.pieces(head);
  const known = newestParts(pieces, parts.map(named));
  const { waiting, held } = await sift(
    quarantine,
    parts.filter((part) => !isKnown(known, part)),
    pieces,
    accept,
  );
  for (const { id, summary } of held)
    logger.info({ quarantine: id }, `still in quarantine, and not judged again: ${summary}`);
  warnOfOverlap(options, parts, known);
  const hasDemand = [...filesOf(head), ...waiting].some(({ feed }) => !isExogenous(feed));
  if (waiting.length === 0 || !hasDemand) {
    if (head === null && held.length > 0)
      throw quarantined(held.at(-1) as QuarantineEntry, quarantine.location, head);
    warnOfAge(options, pieces);
    return { ...unchanged(head, parts, pieces, domain), held };
  }

  const work = async (folder: string): Promise<FeatureRunResult> => {
    const availableAt = clock.now();
    const memoryLimitMb = options.memoryLimitMb ?? MEMORY_LIMIT_MB;
    const isAccepted = accept !== null;
    const { engine = embeddedEngine } = options;
    const read = await readParts({
      domain,
      parts: waiting,
      progress,
      folder,
      availableAt,
      memoryLimitMb,
      isAccepted,
      engine,
    });
    // Somebody else may have committed the same parts meanwhile; the store serialises, this only
    // avoids doing it twice.
    const current = await features.head();
    const earlier =
      current?.snapshotVersion === head?.snapshotVersion ? pieces : await features.pieces(current);
    const committed = newestParts(earlier, parts.map(named));
    const opened = read.filter(({ part }) => !isKnown(committed, part));
    if (opened.length === 0) return { ...unchanged(current, parts, earlier, domain), held };

    const fresh = opened.flatMap(({ made }) => (made === null ? [] : [made]));
    const hasPanel = [...filesOf(current), ...fresh.map(({ part }) => part)].some(
      ({ feed }) => !isExogenous(feed),
    );
    refuseOverlap({ fresh, committed: newestRead(earlier), present: parts });
    const schema = {
      frequencyMinutes: domain.frequencyMinutes,
      missing: domain.missing,
      unit: domain.unit,
      timeZone: domain.timeZone,
    };
    const newObjects = fresh.map(({ part, path, rows, span, rowsIn, rowsUsed, rejected }) => ({
      ...{ path, rows, span, rowsIn, rowsUsed, rejected },
      ...{ availableAt, feed: part.feed, part: part.name, fingerprint: part.fingerprint },
    }));
    const recent =
      hasPanel && fresh.length > 0
        ? await recentPanel({ domain, features, head: current, newObjects, schema })
        : null;
    const now = clock.now();
    const lastReport = current === null ? null : await features.readReport(current);
    const contract = judgeRun({
      domain,
      parts: opened,
      present: parts,
      committed: earlier,
      recent,
      lastReport,
      isAccepted,
      now,
    });
    const accounts = accountsOf(parts, fresh, earlier);
    let report: QualityReport | null = null;
    if (recent !== null) {
      report = await buildQualityReport({
        domain,
        panel: recent.panel,
        parts: accounts,
        read: [...piecesRead([...earlier, ...newObjects])],
        contract,
        now,
      });
      await options.onReport?.(report, contract.view);
    }
    const broken = contract.verdicts.filter(({ outcome }) => outcome === 'fail');
    if (broken.length > 0 || report === null) {
      const { verdicts } = contract;
      throw await refuse({
        quarantine,
        source: source.description,
        head: current,
        parts: opened,
        verdicts,
        report,
        now,
      });
    }
    for (const { name, outcome, value, detail } of contract.verdicts) {
      if (outcome === 'warn' || outcome === 'accepted')
        logger.warn({ expectation: name, outcome, value }, `${name}: ${detail}`);
    }
    const what =
      fresh.length === 1 ? (fresh[0] as AggregatedPart).part.name : `${fresh.length} parts`;
    const manifest = await features.commit({
      reason: `${what} of ${source.description}${accept ? `; accepted from quarantine ${accept.id}: ${accept.reason}` : ''}`,
      schema,
      newObjects,
      report: new TextEncoder().encode(JSON.stringify(report)),
      ...onlineViewOf(domain),
    });
    const { rowsIn, rowsUsed } = report.run;
    logger.info(
      { snapshotVersion: manifest.snapshotVersion, parts: fresh.length, rowsIn, rowsUsed },
      'features committed',
    );
    return {
      manifest: await compactIfDue(options, manifest),
      changed: true,
      parts: accounts,
      report,
      held,
    };
  };
  // What is read of the new files to judge them is what the commit needs of them.
  return withRowCache(() => withWorkFolder(options.workFolder, clock.now(), work));
}

/** What the online view of a domain's snapshots holds. */
export const onlineViewOf = (domain: Domain): OnlineRequest => ({
  onlineIntervals: SEASONS_ONLINE * seasonsOf(domain).week,
  ...(domain.futureExogenous.length > 0
    ? { ahead: { columns: domain.futureExogenous, intervals: domain.horizon } }
    : {}),
});

/**
 * A source that has gone quiet brings nothing to refuse: it is said, and what was known is served
 * on.
 */
function warnOfAge(
  { domain, clock, logger }: FeatureRunOptions,
  committed: readonly Segment[],
): void {
  const verdict = freshnessVerdict({ domain, committed, fresh: [], now: clock.now() });
  if (verdict.outcome === 'pass' || verdict.outcome === 'unjudged') return;
  logger.warn(
    { expectation: verdict.name, hours: verdict.value },
    `the source is stale: ${verdict.detail}`,
  );
}

/** A store of an earlier version may lack rows of parts that were reported as used. */
function warnOfOverlap(
  { logger }: FeatureRunOptions,
  parts: readonly RawPart[],
  known: CommittedParts,
): void {
  const found = committedOverlap(parts.flatMap((part) => known(named(part)) ?? []));
  if (found !== null)
    logger.warn({ error: describeError(found) }, `the store lacks rows: ${found.message}`);
}

type CommittedParts = ReturnType<typeof newestParts>;

/** A part as the store names it. */
const named = ({ feed, name }: RawPart) => ({ feed, part: name });

const isKnown = (committed: CommittedParts, part: RawPart): boolean =>
  committed(named(part))?.fingerprint === part.fingerprint;

/** The newest piece of every part, as far as the snapshot reads anything of it. */
function newestRead(pieces: readonly Segment[]): Segment[] {
  const newest = newestParts(pieces, pieces);
  const read = piecesRead(pieces);
  return pieces.filter((piece) => newest(piece) === piece && read.has(piece));
}

/**
 * Of every part that is in the snapshot or comes into it: one in quarantine has no account, or that
 * of its last good content.
 */
function accountsOf(
  parts: readonly RawPart[],
  fresh: readonly AggregatedPart[],
  pieces: readonly Segment[],
): PartAccount[] {
  const committed = newestParts(pieces, parts.map(named));
  return parts.flatMap((part) => {
    const made = fresh.find((candidate) => candidate.part === part);
    const account = made ?? committed(named(part));
    if (account === undefined) return [];
    const { rowsIn, rowsUsed, rejected } = account;
    return [
      { name: part.name, feed: part.feed, rowsIn, rowsUsed, rejected, skipped: made === undefined },
    ];
  });
}

/** Keeps the next runs fast. The commit is done: where this fails, the run has not. */
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
      'the features could not be compacted; the commit before stands',
    );
    return manifest;
  }
}

function unchanged(
  head: Manifest | null,
  parts: readonly RawPart[],
  pieces: readonly Segment[],
  domain: Domain,
): Omit<FeatureRunResult, 'held'> {
  if (!head) {
    throw new HeadwayError('SOURCE_INVALID', 'the source has no data yet', {
      where: `domain ${domain.name}`,
      fix: 'Choose a source with at least one complete interval.',
    });
  }
  return { manifest: head, changed: false, parts: accountsOf(parts, [], pieces), report: null };
}
