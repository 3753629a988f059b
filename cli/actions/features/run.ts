/**
 * Purpose: `headway features run`.
 * Invariants: one run of a domain and store at a time on this machine; what is printed accounts for
 * every raw row.
 * Fails: RUN_IN_PROGRESS, DATA_QUARANTINED, USAGE for --accept without a reason, and the
 * errors of the source and of the feature service.
 */
import { join } from 'node:path';
import { HeadwayError } from '../../../platform/errors.ts';
import type { DemandView } from '../../../services/feature/contract/demand-view.ts';
import type { QualityReport } from '../../../services/feature/quality-report.ts';
import { runFeatures } from '../../../services/feature/run.ts';
import type { CommandContext } from '../../context.ts';
import { rawData, recordLineage, stored } from '../../lineage.ts';
import { writeOutput } from '../../output.ts';
import { runLocked } from '../../run-lock.ts';
import { engineOf } from './sql.ts';

export interface FeaturesFlags {
  readonly report?: string;
  readonly accept?: string;
  readonly reason?: string;
}

export async function runFeaturesCommand(
  context: CommandContext,
  flags: FeaturesFlags,
): Promise<void> {
  const { settings, domain, clock, logger, progress } = context;
  const accept = acceptance(flags);
  const features = await context.features();
  const started = clock.elapsedMs();
  const run = async () => {
    const source = await context.source();
    const exogenous = await context.exogenous();
    logger.info(
      { source: source.description, exogenous: exogenous?.description ?? null },
      'features run',
    );
    return runFeatures({
      domain,
      source,
      exogenous,
      features,
      accept,
      // Also for a quarantined run: its charts show why.
      onReport: (report, demand) => showReport(context, flags, report, demand),
      workFolder: join(settings.work, 'features', domain.name),
      clock,
      logger,
      progress,
      memoryLimitMb: settings.memoryMb,
      engine: await engineOf(context),
    });
  };
  const result = await recordLineage(
    context,
    'features run',
    [rawData(context)],
    () => runLocked(context, 'features', run),
    ({ manifest: { snapshotVersion } }) => ({
      inputs: [rawData(context)],
      outputs: [stored(context, 'features', snapshotVersion)],
    }),
  );
  const seconds = (clock.elapsedMs() - started) / 1000;
  const { manifest, changed, parts, report, held } = result;
  const done = parts.filter((part) => !part.skipped).length;
  const snapshot = manifest.snapshotVersion;
  const took = `${seconds.toFixed(1)} s`;
  context.print(
    changed
      ? `Snapshot ${snapshot} committed: ${done} new of ${parts.length} raw files, in ${took}.`
      : `Nothing new: snapshot ${snapshot} is up to date (${parts.length} raw files, ${took}).`,
  );
  for (const { id, atFault } of held)
    context.print(`Left out, still in quarantine: ${atFault.length} files (${id}).`);
  context.printJson({
    ...{ snapshotVersion: manifest.snapshotVersion, changed, seconds, parts, report },
    quarantine: held.map(({ id, key, summary, atFault }) => ({ id, key, summary, atFault })),
  });
}

function acceptance({ accept, reason }: FeaturesFlags) {
  if (accept === undefined && reason === undefined) return null;
  if (accept !== undefined && reason !== undefined && reason.trim() !== '')
    return { id: accept, reason: reason.trim() };
  throw new HeadwayError('USAGE', '--accept and --reason must be given together', {
    fix: 'Name the quarantined run and the reason: --accept ID --reason "the strike was real".',
  });
}

async function showReport(
  context: CommandContext,
  flags: FeaturesFlags,
  report: QualityReport,
  demand: DemandView | null,
) {
  const { settings, domain } = context;
  const { drawQuality } = await import('../../../reports/charts/data/quality-tables.ts');
  const { qualityTable } = await import('../../../reports/terminal/quality-table.ts');
  const { qualityPage } = await import('../../../reports/pages/quality-page.ts');
  const path = flags.report ?? join(settings.work, 'reports', `${domain.name}-data-quality.html`);
  await writeOutput(path, qualityPage(report, drawQuality(domain, demand)));
  context.print(qualityTable(report));
  context.print(`\nData-quality report: ${path}`);
}
