/**
 * Purpose: a sequential test for a change of a daily figure to the worse, that may be looked at
 * every day for ever with a bounded number of false alarms.
 * Invariants: while nothing has changed, each day's factor e has an expectation of at most 1 given
 * the days before, if the figure is sub-Gaussian around its reference, plus `tolerance`, with
 * SIGMA_MARGIN times the reference's deviation. Then R ← (R + 1)·e minus the number of days is a
 * supermartingale, and the chance that R reaches c within T days is at most T / c (Shiryaev-Roberts
 * e-detector; Shin, Ramdas & Rinaldo 2023). The mean over several bets keeps that. A cut of high
 * figures only lowers e. The reference ends LAG_DAYS before the day, so that a change does not hide
 * in it.
 * Fails: never.
 */

/** Days before a day that are not part of its reference, and days that a reference needs. */
export const LAG_DAYS = 28;
const MIN_REFERENCE = 21;
const MEMORY_DAYS = 90;
const SIGMA_MARGIN = 1.3;
/** Bets on a change of so many deviations: small ones find leaks, large ones sudden changes. */
const BETS = [0.5, 1, 2] as const;
/** Share of the climb that had been made three weeks ago, in a climb that is not a step. */
const MIN_CLIMBED = 0.15;
/** A single day counts for a change with at most so many deviations. */
const CUT = 4;

export interface Detector {
  /** The last LAG_DAYS figures, newest last, and the start of the day of each. */
  readonly recent: readonly number[];
  readonly days: readonly number[];
  /** Of the figures before them. */
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
  /** R, one for each bet. */
  readonly evidence: readonly number[];
  /** Whether R has reached the limit and not come back. */
  readonly isOut: boolean;
}

export const NEW_DETECTOR: Detector = {
  recent: [],
  days: [],
  count: 0,
  mean: 0,
  variance: 0,
  evidence: BETS.map(() => 0),
  isOut: false,
};

export interface DetectorRules {
  /** A change up to this size does not matter. */
  readonly tolerance: number;
  /** Least deviation that is believed. */
  readonly minSigma: number;
  /** R at which the change is announced. */
  readonly limit: number;
  /** The reference is at least, or at most, this: what was promised. */
  readonly promised?: ((mean: number) => number) | undefined;
}

/** @param figure of the day; larger is worse */
export function observe(
  before: Detector,
  day: number,
  figure: number,
  { tolerance, minSigma, limit, promised }: DetectorRules,
): Detector {
  const evidence = before.evidence.map((r, i) => {
    const e = factorOf(before, figure, BETS[i] as number, { tolerance, minSigma, promised });
    // More evidence than this would only delay the recovery.
    return Math.min((r + 1) * e, 1e3 * limit);
  });
  const total = evidence.reduce((sum, r) => sum + r, 0) / BETS.length;
  const isOut = total >= limit || (before.isOut && total > Math.sqrt(limit));
  const recent = [...before.recent, figure];
  const days = [...before.days, day];
  if (recent.length <= LAG_DAYS) return { ...before, recent, days, evidence, isOut };
  const leaving = recent[0] as number;
  const left = { ...before, recent: recent.slice(1), days: days.slice(1), evidence, isOut };
  // Values after a change say nothing about what is usual.
  return before.isOut || isOut ? left : { ...left, ...learn(before, leaving) };
}

/** The evidence against "nothing changed": R, averaged over the bets. */
export const evidenceOf = ({ evidence }: Detector): number =>
  evidence.reduce((sum, r) => sum + r, 0) / BETS.length;

function factorOf(
  before: Detector,
  figure: number,
  bet: number,
  { tolerance, minSigma, promised }: Omit<DetectorRules, 'limit'>,
): number {
  if (before.count < MIN_REFERENCE) return 0;
  const sigma = SIGMA_MARGIN * Math.max(Math.sqrt(before.variance), minSigma);
  // The reference is a mean of `count` days and may itself be off by a standard error.
  const error = (2 * Math.sqrt(before.variance)) / Math.sqrt(before.count);
  const usual = promised ? promised(before.mean) : before.mean;
  const z = Math.min(CUT, (figure - usual - tolerance - error) / sigma);
  return Math.exp(bet * z - (bet * bet) / 2);
}

function learn(before: Detector, figure: number): Pick<Detector, 'count' | 'mean' | 'variance'> {
  const count = Math.min(before.count + 1, MEMORY_DAYS);
  // A day that is far better than usual (the baseline fails on a holiday) is not upward noise.
  const least = before.mean - 3 * Math.sqrt(before.variance);
  const step = (before.count < MIN_REFERENCE ? figure : Math.max(figure, least)) - before.mean;
  const mean = before.mean + step / count;
  const variance = before.variance + (step * step * (1 - 1 / count) - before.variance) / count;
  return { count, mean, variance };
}

/** The change in the last figures: the day since when, and whether they climb from then on. */
export interface Change {
  readonly since: number;
  readonly isClimb: boolean;
}

/** The step, or the climb from a level, that fits the last figures best. */
export function changeIn(detector: Detector): Change {
  const { recent, days, mean } = detector;
  const isClimb = climbs(detector);
  const shape = (i: number) => (isClimb ? Math.max(0, i + 1) : i >= 0 ? 1 : 0);
  const figures = [mean, ...recent];
  let best = { rest: Number.POSITIVE_INFINITY, since: days.at(-1) as number };
  for (let cut = 1; cut < figures.length; cut++) {
    const rest = restOf(figures, (i) => shape(i - cut));
    if (rest < best.rest) best = { rest, since: days[cut - 1] as number };
  }
  return { since: best.since, isClimb };
}

/** Whether each of the last three weeks was worse than the one before, and the first by enough. */
function climbs({ recent, mean }: Detector): boolean {
  if (recent.length < 21) return false;
  const [third, second, last] = [21, 14, 7].map(
    (back) =>
      recent.slice(recent.length - back, recent.length - back + 7).reduce((a, b) => a + b, 0) / 7 -
      mean,
  ) as [number, number, number];
  return third > MIN_CLIMBED * last && second > third && last > second;
}

/** Sum of squares around the line through `shape`; infinite where that falls. */
function restOf(figures: readonly number[], shape: (i: number) => number): number {
  const n = figures.length;
  let [sum, shapes, cross, square, own] = [0, 0, 0, 0, 0];
  for (const [i, figure] of figures.entries()) {
    const x = shape(i);
    sum += figure;
    shapes += x;
    cross += figure * x;
    square += x * x;
    own += figure * figure;
  }
  const spread = square - (shapes * shapes) / n;
  const common = cross - (sum * shapes) / n;
  if (!(spread > 0) || common <= 0) return Number.POSITIVE_INFINITY;
  return own - (sum * sum) / n - (common * common) / spread;
}
