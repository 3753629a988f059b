/**
 * Purpose: what the scores of one day of one series say: the input of the tests of skill and of
 * coverage. Scoring makes it; nothing here knows how.
 * Invariants: sums over the pairs of forecast and actual whose actual lies in that day.
 * Fails: never.
 */
export interface DailyScore {
  /** UTC start of the day. */
  readonly at: number;
  readonly seriesId: string;
  /** Forecast values whose actual is known. */
  readonly pairs: number;
  /** Sum of pinball loss of the served forecasts, and of the naive baseline with the same knowledge. */
  readonly pinball: number;
  readonly baselinePinball: number;
  /** What the forecasts' own quantiles let one expect of their loss; absent if not requested. */
  readonly expectedPinball?: number;
  /** Level (80) → actuals inside the interval. */
  readonly covered: Readonly<Record<string, number>>;
}
