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

interface Looked extends Recomputation {
  readonly issue: CanonicalIssue;
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
  const looked: Looked[] = [];
  progress.start('computing forecasts again', times.length);
  for (const [i, time] of times.entries()) {
    for (const issue of await ledger.read({ from: time, until: time + 1 }))
      looked.push({ issue, ...(await recompute(issue)) });
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

function report(context: CommandContext, looked: readonly Looked[], times: number): void {
  const of = (outcome: Recomputation['outcome']) => looked.filter((one) => one.outcome === outcome);
  const [same, differs, gone] = [of('same'), of('differs'), of('gone')];
  const rows = [...differs, ...gone].map(({ issue, outcome, reason }) => ({
    issuedAt: minuteText(issue.issuedAt),
    forecaster: issue.modelVersion ?? issue.forecaster,
    ...{ role: issue.role, origin: issue.origin, snapshotVersion: issue.snapshotVersion },
    ...{ series: issue.seriesIds.length, outcome, reason },
  }));
  context.printJson({
    times,
    same: same.length,
    differs: differs.length,
    gone: gone.length,
    issues: rows,
  });
  context.print(
    `${looked.length} forecasts of ${times} issue times: ${same.length} the same bit for bit, ` +
      `${differs.length} differ, ${gone.length} cannot be computed any more.`,
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
  if (differs.length === 0) return;
  throw new HeadwayError('STORE_CORRUPT', `${differs.length} forecasts are not what they say`, {
    fix: 'Verify the store (`headway store verify`), and use the backend that forecast them.',
  });
}
