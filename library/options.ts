/**
 * Purpose: what a caller says of the series. Part of the public surface of forecasting.ts.
 * Invariants: what is not said has the default that is documented at the field.
 * Fails: never.
 */
export interface ForecastOptions {
  /** How many intervals to forecast. */
  readonly horizon: number;
  /** IANA zone of the calendar that people live by; UTC where absent. */
  readonly timeZone?: string;
  /** In intervals, shortest first; a day and a week, or what the frequency allows, where absent. */
  readonly seasonLengths?: readonly number[];
  /** Ascending, 0.5 among them; 0.1, 0.5 and 0.9 where absent. */
  readonly quantiles?: readonly number[];
  /** Whether values cannot be below zero; by the panel where absent. */
  readonly nonNegative?: boolean;
  /** Whether values are counts, so that the median is a whole number; by the panel where absent. */
  readonly integerValued?: boolean;
  /** Public holidays, by the codes of `date-holidays`; none where absent. */
  readonly holidays?: { readonly country: string; readonly state?: string };
  /** The same seed, panel and backend give the same forecasts; 1 where absent. */
  readonly seed?: number;
  /** Batches that each member of the network learns from; 1000 where absent. */
  readonly steps?: number;
  /** The days at the end that a backtest scores; 28, or fewer for a short history, where absent. */
  readonly testDays?: number;
  /** The TensorFlow.js backend; the fastest that works where absent. */
  readonly backend?: Backend;
}

/** Those of platform/tensorflow/, whose types would bring all of TensorFlow.js's with them. */
export type Backend = 'auto' | 'native' | 'wasm' | 'cpu';
