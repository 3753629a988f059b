/**
 * Purpose: drives the system through past time: at every issue time the forecasts as they would
 * have been made, and after each period a check that scores, judges, decides and retrains.
 * Invariants: time is the argument of every part; a replay that is killed anywhere returns to its
 * last checkpoint and continues from there, so that it ends in the same ledger, scores, decisions
 * and report. What was done after a stop is done again: a stop ends the workers of a training too,
 * and a training that lost them may come to another result. While a check runs, the forecasts of
 * the next period are made, and made again where the check changed who forecasts.
 * Fails: as its parts do; what was checked stays.
 */
import type { Progress } from '../../../platform/progress.ts';
import type { Ledger, LedgerIssue } from '../../../storage/ledger/ledger.ts';
import type { Checkpoints } from '../../../storage/replay/checkpoints.ts';

export interface ReplayPlan {
  /** Issue times, [from, until), in epoch milliseconds. */
  readonly from: number;
  readonly until: number;
  readonly everyMs: number;
  /** Between two checks: a whole number of issues. */
  readonly checkEveryMs: number;
}

export interface ReplayPorts {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly checkpoints: Checkpoints;
  /** Makes a first champion if there is none. */
  prepare(now: number): Promise<void>;
  /** The models that forecast now, in words that change when one of them does. */
  models(): Promise<string>;
  /** The forecasts of all forecasters as of each of the times; writes nothing. */
  issue(times: readonly number[]): Promise<readonly LedgerIssue[]>;
  /** Scores, judges, decides, acts. Returns a few words about it. */
  check(now: number): Promise<string>;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export async function replay(plan: ReplayPlan, ports: ReplayPorts): Promise<void> {
  const { from, until, everyMs, checkEveryMs } = plan;
  const { ledger, checkpoints, progress, signal } = ports;
  let done = await checkpoints.restore();
  if (done === null) {
    // From here on the store is known to be this replay's.
    await checkpoints.save(from - 1);
    done = from - 1;
  }
  if (done < from) {
    await ports.prepare(from);
    signal?.throwIfAborted();
    await checkpoints.save(from);
  }
  const total = Math.ceil((until - from) / everyMs);
  progress.start('replay', total, Math.ceil(Math.max(0, done - from) / everyMs));
  let ahead: Ahead | null = null;
  for (let start = from; start < until; start += checkEveryMs) {
    const end = Math.min(start + checkEveryMs, until);
    if (end <= done) continue;
    signal?.throwIfAborted();
    const models = await ports.models();
    const made: Promise<readonly LedgerIssue[]> =
      ahead?.models === models ? ahead.issues : ports.issue(timesOf(plan, start));
    const issues = await made;
    ahead = end < until ? issueAhead(ports, models, timesOf(plan, end)) : null;
    await ledger.append(issues);
    signal?.throwIfAborted();
    const note = await ports.check(end);
    signal?.throwIfAborted();
    await checkpoints.save(end);
    progress.update(Math.ceil((end - from) / everyMs), note);
  }
  progress.stop(`${total} issue times`);
}

/** The issue times of the period that begins at `start`. */
function timesOf({ until, everyMs, checkEveryMs }: ReplayPlan, start: number): number[] {
  const end = Math.min(start + checkEveryMs, until);
  return Array.from({ length: Math.ceil((end - start) / everyMs) }, (_, i) => start + i * everyMs);
}

/** Forecasts that were begun before it was known who forecasts. */
interface Ahead {
  readonly models: string;
  readonly issues: Promise<readonly LedgerIssue[]>;
}

function issueAhead(ports: ReplayPorts, models: string, times: readonly number[]): Ahead {
  const issues = ports.issue(times);
  // Whoever awaits them sees a failure; if nobody does, they are not needed.
  issues.catch(() => undefined);
  return { models, issues };
}
