/**
 * Purpose: `headway features run`.
 * Invariants: one run of a domain and store at a time on this machine; every raw row is accounted for in what is printed.
 * Fails: RUN_IN_PROGRESS, and whatever the source and the feature service say.
 */
import { join } from 'node:path';
import { withRunLock } from '../runtime/run-lock.ts';
import { runFeatures } from '../services/feature/run.ts';
import type { CommandContext } from './context.ts';
import { writeOutput } from './write-output.ts';

export async function runFeaturesCommand(context: CommandContext, flags: { report?: string }): Promise<void> {
  const { settings, domain, clock, logger, progress } = context;
  const features = await context.features();
  const store = await context.store();
  const lock = { folder: join(settings.work, 'locks'), store: `${store.location} ${domain.name}`, kind: 'features', clock };
  const started = clock.elapsedMs();
  const result = await withRunLock(lock, async () => {
    const source = await context.source();
    const exogenous = await context.exogenous();
    logger.info({ source: source.description, exogenous: exogenous?.description ?? null }, 'features run');
    return runFeatures({
      domain,
      source,
      exogenous,
      features,
      workFolder: join(settings.work, 'features', domain.name),
      clock,
      logger,
      progress,
      memoryLimitMb: settings.memoryMb,
    });
  });
  const seconds = (clock.elapsedMs() - started) / 1000;
  const { manifest, changed, parts, report } = result;
  if (report !== null) {
    const { qualityTable } = await import('../services/feature/quality-table.ts');
    const { qualityPage } = await import('../services/feature/quality-page.ts');
    const path = flags.report ?? join(settings.work, 'reports', `${domain.name}-data-quality.html`);
    await writeOutput(path, qualityPage(report));
    context.print(qualityTable(report));
    context.print(`\nData-quality report: ${path}`);
  }
  const done = parts.filter((part) => !part.skipped).length;
  context.print(
    changed
      ? `Snapshot ${manifest.snapshotVersion} committed: ${done} new of ${parts.length} raw parts, in ${seconds.toFixed(1)} s.`
      : `Nothing new: snapshot ${manifest.snapshotVersion} is up to date (${parts.length} raw parts, ${seconds.toFixed(1)} s).`,
  );
  context.printJson({ snapshotVersion: manifest.snapshotVersion, changed, seconds, parts, report });
}
