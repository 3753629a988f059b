/**
 * Purpose: `headway features run`.
 * Invariants: one run of a domain and store at a time on this machine; every raw row is accounted
 * for in what is printed.
 * Fails: RUN_IN_PROGRESS, DATA_QUARANTINED, USAGE for --accept without a reason, and whatever the
 * source and the feature service say.
 */
import { join } from 'node:path';
import { HeadwayError } from '../../../platform/errors.ts';
import { withRunLock } from '../../../platform/jobs/run-lock.ts';
import type { DemandView } from '../../../services/feature/contract/demand-view.ts';
import type { QualityReport } from '../../../services/feature/quality-report.ts';
import { runFeatures } from '../../../services/feature/run.ts';
import type { CommandContext } from '../../context.ts';
import { writeOutput } from '../../output.ts';
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
  const store = await context.store();
  const lock = {
    folder: join(settings.work, 'locks'),
    store: `${store.location} ${domain.name}`,
    kind: 'features',
    clock,
  };
  const started = clock.elapsedMs();
  const result = await withRunLock(lock, async () => {
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
      // Also for a run that is refused: its charts show why.
      onReport: (report, demand) => showReport(context, flags, report, demand),
      workFolder: join(settings.work, 'features', domain.name),
      clock,
      logger,
      progress,
      memoryLimitMb: settings.memoryMb,
      engine: await engineOf(context),
    });
  });
  const seconds = (clock.elapsedMs() - started) / 1000;
  const { manifest, changed, parts, report, held } = result;
  const done = parts.filter((part) => !part.skipped).length;
  context.print(
    changed
      ? `Snapshot ${manifest.snapshotVersion} committed: ${done} new of ${parts.length} raw parts, in ${seconds.toFixed(1)} s.`
      : `Nothing new: snapshot ${manifest.snapshotVersion} is up to date (${parts.length} raw parts, ${seconds.toFixed(1)} s).`,
  );
  for (const { id, atFault } of held)
    context.print(`In quarantine since before, and left out: ${atFault.length} parts (${id}).`);
  context.printJson({
    ...{ snapshotVersion: manifest.snapshotVersion, changed, seconds, parts, report },
    quarantine: held.map(({ id, key, summary, atFault }) => ({ id, key, summary, atFault })),
  });
}

function acceptance({ accept, reason }: FeaturesFlags) {
  if (accept === undefined && reason === undefined) return null;
  if (accept !== undefined && reason !== undefined && reason.trim() !== '')
    return { id: accept, reason: reason.trim() };
  throw new HeadwayError('USAGE', '--accept and --reason come together', {
    fix: 'Say which quarantined run is taken all the same, and why: --accept ID --reason "the strike was real".',
  });
}

async function showReport(
  context: CommandContext,
  flags: FeaturesFlags,
  report: QualityReport,
  demand: DemandView | null,
) {
  const { settings, domain } = context;
  const { drawQuality } = await import('../../../reports/charts/quality-tables.ts');
  const { qualityTable } = await import('../../../reports/terminal/quality-table.ts');
  const { qualityPage } = await import('../../../reports/pages/quality-page.ts');
  const path = flags.report ?? join(settings.work, 'reports', `${domain.name}-data-quality.html`);
  await writeOutput(path, qualityPage(report, drawQuality(domain, demand)));
  context.print(qualityTable(report));
  context.print(`\nData-quality report: ${path}`);
}
