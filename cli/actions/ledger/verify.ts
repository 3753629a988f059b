/**
 * Purpose: `headway ledger verify`: past forecasts computed again from their model and snapshot,
 * and compared bit for bit.
 * Invariants: changes nothing; a sample is spread evenly over the issue times.
 * Fails: STORE_CORRUPT where a forecast is another one, after all were looked at; what cannot be
 * computed, because its model or snapshot was collected, is counted and no failure.
 */
import Table from 'cli-table3';
import { HeadwayError } from '../../../platform/errors.ts';
import { startTensorBackend } from '../../../platform/tensorflow/tensor-backend.ts';
import { minuteText } from '../../../platform/text/utc-text.ts';
import { type Recomputation, recomputer } from '../../../services/inference/batch/recompute.ts';
import type { CanonicalIssue, Ledger, LedgerRange } from '../../../storage/ledger/ledger.ts';
import { restoreForecaster } from '../../../storage/models/restore-forecaster.ts';
import type { CommandContext } from '../../context.ts';
import { timestamp } from '../../flags.ts';

export interface VerifyFlags {
  readonly from?: string;
  readonly until?: string;
  readonly sample: number;
  readonly all?: boolean;
}

/** As many as a screen shows. */
const MAX_SHOWN = 50;

/** What is kept of all that was looked at: a forecast of all series is large. */
interface Looked {
  readonly counts: Record<Recomputation['outcome'], number>;
  /** Those that differ or are gone. */
  readonly rows: ReturnType<typeof rowOf>[];
}

export async function verifyCommand(context: CommandContext, flags: VerifyFlags): Promise<void> {
  const { domain, logger, settings, progress } = context;
  const ledger = await context.ledger();
  const range = {
    from: flags.from === undefined ? undefined : timestamp(flags.from, '--from'),
    until: flags.until === undefined ? undefined : timestamp(flags.until, '--until'),
  };
  const times = await issueTimes(
    ledger,
    range,
    flags.all ? Number.POSITIVE_INFINITY : flags.sample,
  );
  await startTensorBackend(logger, settings.backend, 'prediction');
  const recompute = recomputer({
    domain,
    features: await context.features(),
    registry: await context.registry(),
    restoreForecaster,
  });
  const looked: Looked = { counts: { same: 0, differs: 0, gone: 0 }, rows: [] };
  progress.start('computing forecasts again', times.length);
  for (const [i, time] of times.entries()) {
    for (const issue of await ledger.read({ from: time, until: time + 1 })) {
      const found = await recompute(issue);
      looked.counts[found.outcome]++;
      if (found.outcome !== 'same') looked.rows.push(rowOf(issue, found));
    }
    progress.update(i + 1);
  }
  progress.stop();
  report(context, looked, times.length);
}

/** Evenly spread, the newest among them. */
async function issueTimes(ledger: Ledger, range: LedgerRange, count: number): Promise<number[]> {
  const { rows } = await ledger.query({
    sql: 'SELECT DISTINCT epoch_ms(issued_at)::DOUBLE AS t FROM ledger ORDER BY t',
    range,
    maxRows: 10_000_000,
  });
  const times = rows.map(([time]) => Number(time));
  if (times.length <= count) return times;
  return Array.from(
    { length: count },
    (_, i) => times[Math.ceil(((i + 1) * times.length) / count) - 1] as number,
  );
}

const rowOf = (issue: CanonicalIssue, { outcome, reason }: Recomputation) => ({
  issuedAt: minuteText(issue.issuedAt),
  forecaster: issue.modelVersion ?? issue.forecaster,
  ...{ role: issue.role, origin: issue.origin, snapshotVersion: issue.snapshotVersion },
  ...{ series: issue.seriesIds.length, outcome, reason },
});

function report(context: CommandContext, { counts, rows: found }: Looked, times: number): void {
  const { same, differs, gone } = counts;
  const those = (outcome: Recomputation['outcome']) =>
    found.filter((row) => row.outcome === outcome);
  const rows = [...those('differs'), ...those('gone')];
  context.printJson({ times, ...counts, issues: rows });
  context.print(
    `${same + differs + gone} forecasts of ${times} issue times: ${same} the same bit for bit, ` +
      `${differs} differ, ${gone} can no longer be computed.`,
  );
  if (rows.length > 0) {
    const table = new Table({
      head: ['issued (UTC)', 'forecaster', 'role', 'snapshot', 'outcome', 'reason'],
      style: { head: [], border: [] },
      colWidths: [null, null, null, null, null, 60],
      wordWrap: true,
    });
    for (const row of rows.slice(0, MAX_SHOWN))
      table.push([
        ...[row.issuedAt, row.forecaster, row.role, row.snapshotVersion],
        ...[row.outcome, row.reason ?? ''],
      ]);
    context.print(table.toString());
  }
  const [first] = rows;
  if (differs === 0 || first === undefined) return;
  throw new HeadwayError(
    'STORE_CORRUPT',
    `${differs} forecasts differ from the ledger when computed again`,
    {
      where: `the first: ${first.forecaster}, issued ${first.issuedAt}`,
      fix: 'Verify the store (`headway store verify`), and use the backend that made them.',
    },
  );
}
