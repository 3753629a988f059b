/**
 * Purpose: `headway store log | verify`.
 * Invariants: reads only.
 * Fails: STORE_CORRUPT (exit status 5) when `verify` finds a problem, after it has listed them all.
 */
import Table from 'cli-table3';
import { HeadwayError } from '../runtime/errors.ts';
import { minuteText } from '../runtime/utc-text.ts';
import { filesOf } from '../storage/coverage.ts';
import type { CommandContext } from './context.ts';

export async function storeLog(context: CommandContext): Promise<void> {
  const manifests = await (await context.features()).log();
  const table = new Table({
    head: ['snapshot', 'committed (UTC)', 'objects', 'rows', 'from', 'to', 'reason'],
    style: { head: [], border: [] },
  });
  for (const manifest of manifests) {
    const { snapshotVersion, committedAt, reason } = manifest;
    const objects = filesOf(manifest);
    const from = objects.reduce(
      (least, { span }) => Math.min(least, span.start),
      Number.POSITIVE_INFINITY,
    );
    const to = objects.reduce(
      (most, { span }) => Math.max(most, span.end),
      Number.NEGATIVE_INFINITY,
    );
    table.push([
      snapshotVersion,
      minuteText(committedAt),
      objects.length,
      objects.reduce((sum, { rows }) => sum + rows, 0),
      objects.length ? minuteText(from) : '',
      objects.length ? minuteText(to) : '',
      reason,
    ]);
  }
  context.print(
    manifests.length > 0 ? table.toString() : 'No snapshots yet: run `headway features run`.',
  );
  context.printJson(manifests);
}

export async function storeVerify(context: CommandContext): Promise<void> {
  const features = await (await context.features()).verify();
  const models = await (await context.registry()).verify();
  const forecasts = await (await context.forecasts()).verify();
  const quarantine = await (await context.features()).quarantine.verify();
  const actuals = await (await context.actuals()).verify();
  const problems = [features, models, forecasts, quarantine, actuals].flatMap(
    (report) => report.problems,
  );
  context.printJson({ features, models, forecasts, quarantine, actuals, problems });
  context.print(
    `Features: ${features.manifests} snapshots, ${features.objects} objects, ${(features.bytes / 1e6).toFixed(1)} MB. Models: ${models.objects} objects, ${(models.bytes / 1e6).toFixed(1)} MB. Forecasts: ${forecasts.objects} entries. Actuals: ${actuals.objects} posts.`,
  );
  const orphans =
    features.orphans.length +
    models.orphans.length +
    forecasts.orphans.length +
    actuals.orphans.length;
  if (orphans > 0)
    context.print(
      `${orphans} objects belong to nothing: left by a writer that was killed before its commit; harmless. \`headway store gc\` removes them.`,
    );
  if (features.collected > 0)
    context.print(
      `${features.collected} snapshots were collected as garbage: they cannot be read.`,
    );
  for (const { key, problem } of problems) context.print(`  ${key}: ${problem}`);
  if (problems.length > 0) {
    throw new HeadwayError('STORE_CORRUPT', `${problems.length} problems found`, {
      where: (await context.store()).location,
      fix: 'Restore the named objects from a backup, or run the features again into a new store.',
    });
  }
  context.print('Every hash is right.');
}
