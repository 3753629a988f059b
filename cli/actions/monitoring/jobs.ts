/**
 * Purpose: `headway jobs`: what the schedule ran, newest first.
 * Invariants: does not write to the store; a run whose process ended without a word is `lost` once
 * its lease has run out.
 * Fails: STORE_CORRUPT.
 */
import Table from 'cli-table3';
import { utcText } from '../../../platform/text/utc-text.ts';
import type { JobRun } from '../../../storage/jobs/job-log.ts';
import type { CommandContext } from '../../context.ts';

export interface JobsFlags {
  readonly limit: number;
}

export async function jobsCommand(context: CommandContext, { limit }: JobsFlags): Promise<void> {
  const now = context.clock.now();
  const runs = await (await context.recentRuns()).runs({ now, limit });
  context.print(
    runs.length === 0 ? 'No runs yet: `headway schedule` starts the jobs.' : tableOf(runs),
  );
  context.printJson({ runs });
}

function tableOf(runs: readonly JobRun[]): string {
  const table = new Table({
    head: ['started (UTC)', 'job', 'for', 'state', 'seconds', 'by', 'why'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [null, null, null, null, null, null, 50],
  });
  for (const { startedAt, job, slot, attempt, state, tookMs, owner, problem } of runs) {
    const tried = attempt > 1 ? `${utcText(slot)}, attempt ${attempt}` : utcText(slot);
    const seconds = (tookMs / 1000).toFixed(1);
    table.push([utcText(startedAt), job, tried, state, seconds, owner, problem ?? '']);
  }
  return table.toString();
}
