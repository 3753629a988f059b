/**
 * Purpose: whether data is as new as it usually is, and not newer than the time of the check.
 * Invariants: the usual lag is learned when values arrive, from how late they were, so that waiting
 * for them does not raise it; until some have arrived the domain's own limit counts. A clock that
 * is off is found before data that is late.
 * Fails: never.
 */
import { type Finding, figure, timeText } from '../verdict.ts';
import { timeAt, valueAt, type Window } from '../window.ts';

/** Data is stale after this many times the largest lag so far, and never before MIN_INTERVALS. */
const TIMES_USUAL = 2;
const MIN_INTERVALS = 6;
const DAY_MS = 86_400_000;
/** Two machines' clocks may differ by this much. */
const TOLERANCE_MS = 5 * 60_000;

export interface Freshness {
  /** Largest lag, in intervals, after which values arrived; null before any have. */
  readonly usualLag: number | null;
  /** The newest value of the last check, and its lag then; absent where it was stale. */
  readonly waiting?: { readonly newestAt: number; readonly lag: number } | undefined;
  readonly lastAt: number | null;
}

export interface FreshnessRequest {
  readonly at: number;
  /** Of the domain, in intervals; 0: data is never stale. Default: two days, at least one. */
  readonly staleAfterIntervals?: number | undefined;
}

export function freshness(
  window: Window,
  before: Freshness,
  { at, staleAfterIntervals }: FreshnessRequest,
): { readonly findings: Finding[]; readonly after: Freshness } {
  const ahead = aheadOf(window, before, at);
  const lastAt = Math.max(at, before.lastAt ?? at);
  if (ahead) return { findings: [ahead], after: { ...before, lastAt } };
  const newest = newestKnown(window);
  const lag = window.end - 1 - newest + lagOfPanel(window, at);
  const domainLimit = staleAfterIntervals ?? Math.max(1, (2 * DAY_MS) / window.intervalMs);
  const limit =
    before.usualLag === null ? domainLimit : Math.max(MIN_INTERVALS, TIMES_USUAL * before.usualLag);
  if (domainLimit === 0 || lag <= limit) {
    const newestAt = timeAt(window, newest);
    const { waiting } = before;
    const hasArrived = waiting !== undefined && newestAt > waiting.newestAt;
    const usualLag = hasArrived
      ? Math.max(before.usualLag ?? 0, waiting.lag, lag)
      : before.usualLag;
    return { findings: [], after: { usualLag, lastAt, waiting: { newestAt, lag } } };
  }
  const since = timeAt(window, newest + 1);
  const message =
    `The newest value is of ${timeText(since - window.intervalMs)}: it is ${figure(lag)} ` +
    `intervals old, where ${figure(limit)} are usual at most.`;
  const evidence = { statistic: 'age of the newest value, intervals', value: lag, limit };
  const finding: Finding = {
    name: 'stale',
    since,
    seriesIds: window.seriesIds,
    evidence,
    message,
  };
  return { findings: [finding], after: { ...before, lastAt, waiting: undefined } };
}

/** Intervals that have ended and that the panel does not reach. */
const lagOfPanel = (window: Window, at: number): number =>
  Math.max(0, Math.floor((at - window.start) / window.intervalMs) - window.length);

function newestKnown(window: Window): number {
  for (let t = window.end - 1; t >= 0; t--)
    for (let s = 0; s < window.seriesIds.length; s++)
      if (!Number.isNaN(valueAt(window, s, t))) return t;
  return -1;
}

/** Values of intervals that have not begun, or a check earlier than the previous one. */
function aheadOf(window: Window, { lastAt }: Freshness, at: number): Finding | null {
  let last = -1;
  for (let t = window.length - 1; t >= window.end && last < 0; t--)
    for (let s = 0; s < window.seriesIds.length; s++)
      if (!Number.isNaN(valueAt(window, s, t)) && valueAt(window, s, t) !== 0) last = t;
  const isBefore = lastAt !== null && at < lastAt - TOLERANCE_MS;
  const aheadMs = isBefore ? lastAt - at : timeAt(window, last) - at;
  if (!isBefore && (last < 0 || aheadMs < TOLERANCE_MS)) return null;
  const minutes = Math.round(aheadMs / 60_000);
  return {
    name: 'clock',
    since: Math.max(window.start, Math.min(at, lastAt ?? timeAt(window, window.end))),
    seriesIds: window.seriesIds,
    evidence: {
      statistic: 'minutes ahead of the check',
      value: minutes,
      limit: TOLERANCE_MS / 60_000,
    },
    message: isBefore
      ? `This check is at ${timeText(at)}, ${minutes} minutes before the previous check.`
      : `Values are dated up to ${timeText(timeAt(window, last))}, ${minutes} minutes after the ` +
        `time of the check.`,
  };
}
