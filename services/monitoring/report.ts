/**
 * Purpose: what monitoring reports of a span of time, whether lived or replayed: what happened,
 * whether the forecasts were right, and what was decided and why.
 * Invariants: every figure comes from the logs of the store, so that the same logs give the same
 * report, bit for bit; the versions of a forecaster are taken together.
 * Fails: as the store does.
 */
import {
  bestNaive,
  comparable,
  type LiveScore,
  liveScores,
  liveScoresBy,
  servingScore,
  withoutVersions,
} from '../../forecasting/evaluation/live-scores.ts';
import { createCalendar } from '../../forecasting/features/calendar.ts';
import type { CheckEntry, StandingVerdict } from '../../storage/monitoring/check-log.ts';
import type { ScoreDay } from '../../storage/scores/score-log.ts';

const DAY_MS = 86_400_000;
/** All time zones differ by whole quarters of an hour. */
const QUARTER_MS = 900_000;

/** What was served, and the naive baseline that was best over the whole span. */
export interface Pair {
  readonly served: LiveScore | null;
  readonly naive: LiveScore | null;
}

export interface ReportedDay extends Pair {
  readonly day: number;
}

export interface ReportedSeries extends Pair {
  readonly seriesId: string;
  /** Share of all absolute error of what was served. */
  readonly share: number;
}

export interface ReportedVerdict extends StandingVerdict {
  /** The first check at which it no longer stood; null while it stands. */
  readonly endedAt: number | null;
}

export interface ReportedDecision {
  readonly at: number;
  readonly kind: string;
  readonly actor: string;
  readonly modelVersion: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly reason: string;
  readonly evidence: unknown;
}

/** Without what the log knows an entry by, which is random. */
const reported = (decision: ReportedDecision): ReportedDecision => {
  const { at, kind, actor, modelVersion, before, after, reason, evidence } = decision;
  return { at, kind, actor, modelVersion, before, after, reason, evidence };
};

/** A day that differs from others without being drift: a holiday, a change of the clock. */
export interface KnownDay {
  readonly at: number;
  readonly name: string;
}

export interface MonitoringReport {
  readonly from: number;
  readonly until: number;
  /** Every forecaster over the whole span, what was served first. */
  readonly forecasters: readonly LiveScore[];
  readonly bestNaive: string | null;
  readonly pending: number;
  readonly days: readonly ReportedDay[];
  /** Step 1 first. */
  readonly steps: readonly Pair[];
  /** At 24 · weekday + hour of local time, Monday first. */
  readonly hoursOfWeek: readonly Pair[];
  /** Those that make most of the error first. */
  readonly series: readonly ReportedSeries[];
  readonly verdicts: readonly ReportedVerdict[];
  readonly decisions: readonly ReportedDecision[];
  readonly knownDays: readonly KnownDay[];
  readonly checks: number;
}

export interface ReportRequest {
  readonly from: number;
  readonly until: number;
  /** The scored days of the span, as the score log gives them. */
  readonly days: readonly ScoreDay[];
  readonly checks: readonly CheckEntry[];
  /** Oldest first. */
  readonly decisions: readonly ReportedDecision[];
  readonly knownDays: readonly KnownDay[];
  readonly timeZone: string;
}

export function monitoringReport(request: ReportRequest): MonitoringReport {
  const { from, until, checks, decisions, knownDays, timeZone } = request;
  const days = request.days.map((day) => ({ ...day, rows: withoutVersions(day.rows) }));
  const rows = days.flatMap((day) => day.rows);
  const all = liveScores(rows);
  const naive = bestNaive(all)?.forecaster ?? null;
  const pairOf = (scores: readonly LiveScore[]): Pair => ({
    served: servingScore(scores),
    naive: comparable(scores.filter(({ forecaster }) => forecaster === naive))[0] ?? null,
  });
  const steps = liveScoresBy(rows, 'step');
  const places = hoursOfWeek(from, until, timeZone);
  const hours = liveScoresBy(rows, 'target', (key) => String(places(Number(key))));
  const served = servingScore(all);
  const within = ({ at }: { readonly at: number }) => at >= from && at <= until;
  return {
    ...{ from, until, bestNaive: naive },
    forecasters: [...all].sort((a, b) => Number(b === served) - Number(a === served)),
    pending: days.reduce((sum, { pending }) => sum + pending, 0),
    days: days.map((day) => ({ day: day.day, ...pairOf(liveScores(day.rows)) })),
    steps: [...steps.keys()]
      .sort((a, b) => Number(a) - Number(b))
      .map((step) => pairOf(steps.get(step) ?? [])),
    hoursOfWeek: Array.from({ length: 168 }, (_, i) => pairOf(hours.get(String(i)) ?? [])),
    series: seriesOf(liveScoresBy(rows, 'series'), pairOf),
    verdicts: verdictsOf(checks.filter(within)),
    decisions: decisions.filter(within).map(reported),
    knownDays: knownDays.filter(within),
    checks: checks.filter(within).length,
  };
}

function seriesOf(
  scores: ReadonlyMap<string, LiveScore[]>,
  pairOf: (scores: readonly LiveScore[]) => Pair,
): ReportedSeries[] {
  const pairs = [...scores].map(([seriesId, ofSeries]) => ({ seriesId, ...pairOf(ofSeries) }));
  const errorOf = ({ served }: Pair) => (served ? served.mae * served.pairs : 0);
  const total = pairs.reduce((sum, pair) => sum + errorOf(pair), 0);
  return pairs
    .map((pair) => ({ ...pair, share: errorOf(pair) / total }))
    .sort((a, b) => b.share - a.share || (a.seriesId < b.seriesId ? -1 : 1));
}

/** One of each name and beginning, with the check at which it had gone. */
function verdictsOf(checks: readonly CheckEntry[]): ReportedVerdict[] {
  const found = new Map<string, ReportedVerdict>();
  for (const { at, verdicts } of checks) {
    const standing = new Set(verdicts.map(nameOf));
    for (const [name, verdict] of found)
      if (verdict.endedAt === null && !standing.has(name))
        found.set(name, { ...verdict, endedAt: at });
    for (const verdict of verdicts) {
      const before = found.get(nameOf(verdict));
      const detectedAt = before?.detectedAt ?? verdict.detectedAt;
      found.set(nameOf(verdict), { ...verdict, detectedAt, endedAt: null });
    }
  }
  return [...found.values()].sort((a, b) => a.since - b.since);
}

const nameOf = ({ name, since }: StandingVerdict): string => `${name} ${since}`;

/** Timestamp → 24 · weekday + hour by the local clock. */
function hoursOfWeek(from: number, until: number, timeZone: string): (at: number) => number {
  const start = Math.floor(from / DAY_MS) * DAY_MS - DAY_MS;
  const length = Math.ceil((until + 2 * DAY_MS - start) / QUARTER_MS);
  const place = { timeZone, holidays: null };
  const { minuteOfDay, weekday } = createCalendar(start, QUARTER_MS / 60_000, length, place);
  return (at) => {
    const quarter = Math.floor((at - start) / QUARTER_MS);
    return 24 * (weekday[quarter] as number) + Math.floor((minuteOfDay[quarter] as number) / 60);
  };
}
