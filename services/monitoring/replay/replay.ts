/**
 * Purpose: drives the system through past time: at every issue time the forecasts as they would
 * have been made, and after each period a check that scores, judges, decides and retrains.
 * Invariants: time is the argument of every part; the forecasts of a period are one append and its
 * check one entry, so that a replay that is killed anywhere goes on where it stopped, and ends in
 * the same ledger, scores, decisions and report.
 * Fails: as its parts do; what was written stays.
 */
import type { Progress } from '../../../platform/progress.ts';
import type { Ledger, LedgerIssue } from '../../../storage/ledger/ledger.ts';
import type { CheckLog } from '../../../storage/monitoring/check-log.ts';

export interface ReplayPlan {
  /** First and last issue time, [from, until), in epoch milliseconds. */
  readonly from: number;
  readonly until: number;
  readonly everyMs: number;
  /** Between two checks: a whole number of issues. */
  readonly checkEveryMs: number;
}

export interface ReplayPorts {
  readonly ledger: Pick<Ledger, 'append' | 'parts'>;
  readonly checks: Pick<CheckLog, 'head'>;
  /** Makes a first champion where there is none. */
  prepare(now: number): Promise<void>;
  /** The forecasts of all forecasters as of `now`. */
  issue(now: number): Promise<readonly LedgerIssue[]>;
  /** Scores, judges, decides, acts, and writes the check. */
  check(now: number): Promise<{ readonly note: string }>;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export async function replay(plan: ReplayPlan, ports: ReplayPorts): Promise<void> {
  const { from, until, everyMs, checkEveryMs } = plan;
  const { ledger, checks, progress, signal } = ports;
  const total = Math.ceil((until - from) / everyMs);
  await ports.prepare(from);
  progress.start('replay', total);
  const done = (await checks.head())?.at ?? from;
  for (let start = from; start < until; start += checkEveryMs) {
    const end = Math.min(start + checkEveryMs, until);
    if (end <= done) continue;
    // A period that was issued before the replay was killed is not issued again.
    const isIssued = (await ledger.parts({ from: start, until: end })).length > 0;
    if (!isIssued) {
      const issues: LedgerIssue[] = [];
      for (let now = start; now < end; now += everyMs) {
        signal?.throwIfAborted();
        issues.push(...(await ports.issue(now)));
        progress.update((now - from) / everyMs + 1, new Date(now).toISOString().slice(0, 13));
      }
      await ledger.append(issues);
    }
    signal?.throwIfAborted();
    const { note } = await ports.check(end);
    progress.update(Math.ceil((end - from) / everyMs), note);
  }
  progress.stop(`${total} issues`);
}
