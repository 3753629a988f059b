/**
 * Purpose: drives the system through past time: at every issue time the forecasts as they would
 * have been made, and after each period a check that scores, judges, decides and retrains.
 * Invariants: time is the argument of every part; a replay that is killed anywhere returns to its
 * last checkpoint and goes on from there, so that it ends in the same ledger, scores, decisions and
 * report. What was done after a stop is done again: a stop ends the workers of a training too, and
 * a training that lost them may come to another result.
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
  /** Makes a first champion where there is none. */
  prepare(now: number): Promise<void>;
  /** The forecasts of all forecasters as of each of the times. */
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
  for (let start = from; start < until; start += checkEveryMs) {
    const end = Math.min(start + checkEveryMs, until);
    if (end <= done) continue;
    signal?.throwIfAborted();
    const times = Array.from(
      { length: Math.ceil((end - start) / everyMs) },
      (_, i) => start + i * everyMs,
    );
    await ledger.append(await ports.issue(times));
    signal?.throwIfAborted();
    const note = await ports.check(end);
    signal?.throwIfAborted();
    await checkpoints.save(end);
    progress.update(Math.ceil((end - from) / everyMs), note);
  }
  progress.stop(`${total} issue times`);
}
