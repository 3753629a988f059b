/**
 * Purpose: one run of the feature service: fetch → validate → aggregate → commit.
 * Invariants: a part whose content the newest snapshot has already is skipped, so re-running changes nothing; nothing is
 * committed unless every part is good; each raw row is used or rejected for a counted reason; work files do not outlive the run.
 * Fails: RAW_FILE_INVALID naming every bad file, SOURCE_*, STORE_*: always with nothing committed.
 */
import { join } from 'node:path';
import type { Domain, ExogenousSource, RawPart, RawRows, Source } from '../../domains/domain.ts';
import { seasonsOf } from '../../forecasting/seasons.ts';
import type { Clock } from '../../runtime/clock.ts';
import { HeadwayError, isHeadwayError } from '../../runtime/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Progress } from '../../runtime/progress.ts';
import { isExogenous } from '../../storage/coverage.ts';
import type { FeatureStore } from '../../storage/feature-store.ts';
import type { FeatureObject, Manifest } from '../../storage/manifest.ts';
import { type AggregatedPart, aggregatePart } from './aggregate.ts';
import { allParts, readerOf } from './exogenous-parts.ts';
import { buildQualityReport, type PartAccount, type QualityReport } from './quality-report.ts';
import { recentPanel } from './recent-panel.ts';
import { withWorkFolder } from './work-folder.ts';

/** Longest seasons that the online view holds: more than a forecast looks back. */
const SEASONS_ONLINE = 28;
const MEMORY_LIMIT_MB = 512;

export interface FeatureRunOptions {
  readonly domain: Domain;
  readonly source: Source;
  /** Where exogenous columns come from. Without it those that were committed before stay as they are. */
  readonly exogenous?: ExogenousSource | null;
  readonly features: Pick<FeatureStore, 'head' | 'commit' | 'readAsOf'>;
  /** For intermediate files; several runs may share it. */
  readonly workFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly progress: Progress;
  readonly memoryLimitMb?: number;
}

export interface FeatureRunResult {
  readonly manifest: Manifest;
  readonly changed: boolean;
  readonly parts: readonly PartAccount[];
  /** Null where nothing changed: the report that the manifest names still holds. */
  readonly report: QualityReport | null;
}

export async function runFeatures(options: FeatureRunOptions): Promise<FeatureRunResult> {
  const { domain, source, features, clock, logger } = options;
  const parts = await allParts(domain, source, options.exogenous ?? null);
  const head = await features.head();
  const waiting = parts.filter((part) => !isKnown(head, part));
  const hasDemand = [...(head?.objects ?? []), ...parts].some(({ feed }) => !isExogenous(feed));
  if (waiting.length === 0 || !hasDemand) return unchanged(head, parts, domain);

  return withWorkFolder(options.workFolder, clock.now(), async (folder) => {
    const availableAt = clock.now();
    const aggregated = await aggregateAll(waiting, options, folder, availableAt);
    // Somebody else may have committed the same parts meanwhile; the store serialises, this only avoids doing it twice.
    const current = await features.head();
    const fresh = aggregated.filter(({ part }) => !isKnown(current, part));
    if (fresh.length === 0) return unchanged(current, parts, domain);

    const accounts = parts.map((part) => accountOf(part, fresh, current));
    const panel = await recentPanel({ domain, features, head: current, fresh, tempFolder: folder });
    const report = await buildQualityReport({
      domain,
      panel,
      parts: accounts,
      earlier: current?.objects ?? [],
      now: clock.now(),
    });
    const manifest = await features.commit({
      reason: `${fresh.length === 1 ? fresh[0].part.name : `${fresh.length} parts`} of ${source.description}`,
      schema: {
        frequencyMinutes: domain.frequencyMinutes,
        missing: domain.missing,
        unit: domain.unit,
        timeZone: domain.timeZone,
      },
      newObjects: fresh.map(({ part, path, rows, span, rowsIn, rowsUsed, rejected }) => ({
        ...{ path, rows, span, rowsIn, rowsUsed, rejected },
        ...{ availableAt, feed: part.feed, part: part.name, fingerprint: part.fingerprint },
      })),
      report: new TextEncoder().encode(JSON.stringify(report)),
      onlineIntervals: SEASONS_ONLINE * seasonsOf(domain).week,
      ...(domain.futureExogenous.length > 0 ? { ahead: { columns: domain.futureExogenous, intervals: domain.horizon } } : {}),
    });
    const { rowsIn, rowsUsed } = report.run;
    logger.info({ snapshotVersion: manifest.snapshotVersion, parts: fresh.length, rowsIn, rowsUsed }, 'features committed');
    return { manifest, changed: true, parts: accounts, report };
  });
}

/** Opens and aggregates every part; where parts are bad, all of them are looked at before the run fails. */
async function aggregateAll(
  parts: readonly RawPart[],
  { domain, progress, memoryLimitMb = MEMORY_LIMIT_MB }: FeatureRunOptions,
  folder: string,
  availableAt: number,
): Promise<AggregatedPart[]> {
  const done: AggregatedPart[] = [];
  const bad: HeadwayError[] = [];
  progress.start('Building features', parts.length);
  try {
    for (const [index, part] of parts.entries()) {
      progress.update(index, part.name);
      try {
        const rows: RawRows = await part.open();
        const path = join(folder, `part-${index}.parquet`);
        const tempFolder = join(folder, 'spill');
        const reader = { domain: readerOf(domain, part), gridTimeZone: domain.timeZone };
        done.push(await aggregatePart({ ...reader, part, rows, path, availableAt, tempFolder, memoryLimitMb }));
      } catch (error) {
        if (!isHeadwayError(error, 'RAW_FILE_INVALID')) throw error;
        bad.push(error);
      }
    }
  } finally {
    progress.stop(`${done.length} parts`);
  }
  if (bad.length === 1) throw bad[0];
  if (bad.length > 1) {
    throw new HeadwayError('RAW_FILE_INVALID', `${bad.length} files are bad: ${bad.map((error) => error.message).join('; ')}`, {
      where: bad.map((error) => error.where ?? '').join(', '),
      fix: 'Mend or remove these files and run again; nothing was committed.',
      cause: bad[0],
    });
  }
  return done;
}

/** The newest object that was made from this part. */
function newest(head: Manifest | null, part: RawPart): FeatureObject | undefined {
  let found: FeatureObject | undefined;
  for (const object of head?.objects ?? []) {
    if (object.feed !== part.feed || object.part !== part.name) continue;
    if (!found || object.availableAt >= found.availableAt) found = object;
  }
  return found;
}

const isKnown = (head: Manifest | null, part: RawPart): boolean => newest(head, part)?.fingerprint === part.fingerprint;

function accountOf(part: RawPart, fresh: readonly AggregatedPart[], head: Manifest | null): PartAccount {
  const made = fresh.find((candidate) => candidate.part === part);
  const { rowsIn, rowsUsed, rejected } = (made ?? newest(head, part)) as FeatureObject | AggregatedPart;
  return { name: part.name, feed: part.feed, rowsIn, rowsUsed, rejected, skipped: made === undefined };
}

function unchanged(head: Manifest | null, parts: readonly RawPart[], domain: Domain): FeatureRunResult {
  if (!head) {
    throw new HeadwayError('SOURCE_INVALID', 'the source has no data yet', {
      where: `domain ${domain.name}`,
      fix: 'Choose a source with at least one complete interval.',
    });
  }
  return { manifest: head, changed: false, parts: parts.map((part) => accountOf(part, [], head)), report: null };
}
