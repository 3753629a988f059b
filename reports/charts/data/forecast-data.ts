/**
 * Purpose: what a chart of one forecast shows, as plain data, for the SVG and the terminal.
 * Invariants: no chart library is loaded.
 * Fails: a RangeError when columns differ in length or there is nothing to draw.
 */
import { niceTicks } from '../../../platform/text/scales.ts';

export interface Observation {
  /** UTC start of the interval, epoch milliseconds. */
  readonly timestamp: number;
  /** NaN is unknown. */
  readonly value: number;
}

export interface ForecastData {
  readonly title: string;
  readonly unit: string;
  /** IANA name: labels are in local time. */
  readonly timeZone: string;
  readonly actuals: readonly Observation[];
  /** The naive line, e.g. the same hour last week, over any of the intervals. */
  readonly naive?: readonly Observation[];
  readonly forecast: {
    readonly timestamps: readonly number[];
    readonly lower: ArrayLike<number>;
    readonly median: ArrayLike<number>;
    readonly upper: ArrayLike<number>;
    /** A narrower interval, drawn darker within. */
    readonly inner?: { readonly lower: ArrayLike<number>; readonly upper: ArrayLike<number> };
  };
  /** UTC start of the last observed interval. */
  readonly cutoff: number;
  /** Default: "80 % interval". */
  readonly bandName?: string;
  readonly innerName?: string;
  /** Default: "same hour last week". */
  readonly naiveName?: string;
}

export function checkForecast({ forecast, actuals }: ForecastData): void {
  const { timestamps, lower, median, upper } = forecast;
  const inside = forecast.inner ? [forecast.inner.lower, forecast.inner.upper] : [];
  if ([lower, median, upper, ...inside].some((column) => column.length !== timestamps.length))
    throw new RangeError('lower, median and upper must be as long as the forecast timestamps');
  if (timestamps.length === 0 && actuals.length === 0)
    throw new RangeError('there is nothing to draw');
}

/** Every value that the vertical axis must hold. */
export const forecastValues = ({ actuals, naive = [], forecast }: ForecastData): number[] => [
  ...[...actuals, ...naive].map(({ value }) => value),
  ...[forecast.lower, forecast.median, forecast.upper].flatMap((column) => Array.from(column)),
];

/** Rounded ticks that hold every finite value; from zero, unless all lie far above it. */
export function ticksFor(values: Iterable<number>, count: number): number[] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high || (low === 0 && high === 0)) return [0, 1];
  return niceTicks(low < 0 || low > 0.5 * high ? low : 0, high, count);
}
