/**
 * Purpose: runs a job under a lease: claims its slot, renews the lease while it runs, and writes
 * down how it ended.
 * Invariants: a run whose lease was taken over, or could not be renewed for as long as it is valid,
 * is aborted. What the run threw is passed on whatever the store says; a run that ended well is not
 * made a failure by an end that could not be written, because it would be run again.
 * Fails: RUN_IN_PROGRESS where another one runs the slot or has done it; with the run's own error.
 */
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import { repeat } from '../../platform/timers.ts';
import type { JobLog, RunOutcome } from './job-log.ts';

export interface LeasedRun {
  readonly log: Pick<JobLog, 'claim'>;
  readonly slot: number;
  /** For people: the machine and process. */
  readonly owner: string;
  readonly leaseMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Called where the lease could not be renewed, or the end not be written. */
  readonly onProblem: (error: unknown) => void;
}

/** Signs of life within the time of a lease. */
const RENEWALS = 3;

export async function runLeased(
  { log, slot, owner, leaseMs, signal, clock, onProblem }: LeasedRun,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const lease = await log.claim({ slot, owner, leaseMs });
  const lost = new AbortController();
  let renewedAt = clock.elapsedMs();
  const renew = async () => {
    if (!(await lease.renew())) return lost.abort();
    renewedAt = clock.elapsedMs();
  };
  const stop = repeat(leaseMs / RENEWALS, renew, (error) => {
    onProblem(error);
    if (clock.elapsedMs() - renewedAt > leaseMs) lost.abort();
  });
  const end = async (outcome: RunOutcome, problem?: string) => {
    await stop();
    await lease.end(outcome, problem).catch(onProblem);
  };
  try {
    await work(AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    await end(signal.aborted ? 'stopped' : 'failed', describeError(error));
    throw error;
  }
  await end('ok');
}
