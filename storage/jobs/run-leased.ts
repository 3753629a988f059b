/**
 * Purpose: runs a job under a lease: claims its slot, renews the lease while it runs, and writes
 * down how it ended.
 * Invariants: a run whose lease was taken over, or could not be renewed for as long as it is valid,
 * is aborted, with a reason that says so. What the run threw is passed on whatever the store says;
 * a run that ended well is not made a failure by an end that could not be written, because it would
 * be run again.
 * Fails: RUN_IN_PROGRESS where another one runs the slot or has done it; with the run's own error.
 */
import type { Clock } from '../../platform/clock.ts';
import { describeError, HeadwayError } from '../../platform/errors.ts';
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
    if (!(await lease.renew())) return lost.abort(takenOver(owner));
    renewedAt = clock.elapsedMs();
  };
  const stop = repeat(leaseMs / RENEWALS, renew, (error) => {
    onProblem(error);
    if (clock.elapsedMs() - renewedAt > leaseMs) lost.abort(notRenewed(leaseMs, owner, error));
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

const takenOver = (owner: string) =>
  new HeadwayError('RUN_IN_PROGRESS', 'another scheduler has taken the job over', {
    where: owner,
    fix: 'Nothing needs to be done: `headway jobs` names the other one.',
  });

const notRenewed = (leaseMs: number, owner: string, cause: unknown) =>
  new HeadwayError(
    'STORE_UNAVAILABLE',
    `its lease could not be renewed for ${leaseMs / 60_000} minutes, so another may run it`,
    { where: owner, fix: 'Check the store; the job is tried again.', cause },
  );
