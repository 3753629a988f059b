/**
 * Purpose: `headway store log | verify | repair-clock`.
 * Invariants: the first two read only.
 * Fails: STORE_CORRUPT (exit status 5) when `verify` finds a problem, after it has listed them all;
 * CLOCK_AHEAD where the only problem is a timestamp in the future.
 */
import Table from 'cli-table3';
import { HeadwayError } from '../../../platform/errors.ts';
import { minuteText } from '../../../platform/text/utc-text.ts';
import { filesOf } from '../../../storage/features/manifest.ts';
import { CLOCK_FIX } from '../../../storage/features/stamps.ts';
import { JOB_NAMES } from '../../../storage/jobs/job-names.ts';
import type { StoreReport } from '../../../storage/store-report.ts';
import { streamTopics } from '../../../storage/streams/stream-log.ts';
import type { CommandContext } from '../../context.ts';

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
  const forecasts = await (await context.ledger()).verify();
  const quarantine = await (await context.features()).quarantine.verify();
  const actuals = await (await context.actuals()).verify();
  const logs = await verifyLogs(context);
  const problems = [features, models, forecasts, quarantine, actuals, logs].flatMap(
    (report) => report.problems,
  );
  context.printJson({ features, models, forecasts, quarantine, actuals, logs, problems });
  const size = ({ objects, bytes }: { objects: number; bytes: number }) =>
    `${objects} objects, ${(bytes / 1e6).toFixed(1)} MB`;
  context.print(`Features: ${features.manifests} snapshots, ${size(features)}.`);
  context.print(`Models: ${size(models)}.`);
  context.print(`Forecasts: ${size(forecasts)}. Actuals: ${actuals.objects} entries.`);
  context.print(`Scores, checks, decisions, jobs, alerts and keys: ${size(logs)}.`);
  const orphans =
    features.orphans.length +
    models.orphans.length +
    forecasts.orphans.length +
    actuals.orphans.length;
  if (orphans > 0)
    context.print(
      `${orphans} unreferenced objects, harmless: a writer was killed before its commit. ` +
        '`headway store gc` removes them.',
    );
  if (features.collected > 0)
    context.print(`${features.collected} old snapshots were removed by \`headway store gc\`.`);
  for (const { key, problem } of problems) context.print(`  ${key}: ${problem}`);
  if (features.clock !== null) context.print(`  ${features.clock.key}: ${features.clock.problem}`);
  if (problems.length > 0) {
    throw new HeadwayError('STORE_CORRUPT', `${problems.length} problems found`, {
      where: (await context.store()).location,
      fix: 'Restore these objects from a backup, or run the features again into a new store.',
    });
  }
  context.print('All hashes are correct.');
  if (features.clock !== null) {
    const { key, problem } = features.clock;
    throw new HeadwayError('CLOCK_AHEAD', problem, { where: key, fix: CLOCK_FIX });
  }
}

/** The small logs as one report. */
async function verifyLogs(context: CommandContext): Promise<StoreReport> {
  const reports = [
    await (await context.decisions()).verify(),
    await (await context.alerts()).verify(),
    await (await context.keyLog()).verify(),
    await (await context.figures()).verify(),
    await (await context.scores()).verify(),
    await (await context.checks()).verify(),
    await (await context.overviews()).verify(),
    await (await context.seriesRecords()).verify(),
  ];
  for (const topic of await streamTopics(await context.store(), context.domain.name))
    reports.push(await (await context.stream(topic)).verify());
  for (const job of JOB_NAMES) reports.push(await (await context.jobRuns(job)).verify());
  return {
    objects: reports.reduce((sum, { objects }) => sum + objects, 0),
    bytes: reports.reduce((sum, { bytes }) => sum + bytes, 0),
    problems: reports.flatMap(({ problems }) => problems),
    orphans: reports.flatMap(({ orphans }) => orphans),
  };
}

export async function storeRepairClock(context: CommandContext): Promise<void> {
  const { onlineViewOf } = await import('../../../services/feature/run.ts');
  const features = await context.features();
  const { manifest, changed, restated } = await features.repairClock(onlineViewOf(context.domain));
  context.printJson({ snapshotVersion: manifest?.snapshotVersion ?? null, changed, restated });
  if (manifest === null) return context.print('No snapshots yet: run `headway features run`.');
  if (!changed)
    return context.print(`Snapshot ${manifest.snapshotVersion} has no timestamp in the future.`);
  context.print(
    `Snapshot ${manifest.snapshotVersion} corrects the timestamps of ${restated.length} objects. ` +
      'Results for an earlier `--known-at` stay the same.',
  );
}
