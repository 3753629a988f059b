/**
 * Purpose: what a drift check says: a name, since when, which series, and the figures behind it.
 * Invariants: names are stable: alerts, policies and stored states refer to them. Plain JSON.
 * Fails: never.
 */

/** Every name, and what it means, for people. */
export const VERDICTS = {
  clock: 'values are dated after the time of the check: a clock is off',
  stale: 'no series has new values',
  schema: 'columns, types, grid or series ids of the data have changed',
  unit: 'values changed by a large constant factor',
  zeros: 'all series are zero, or one is zero far more often than usual',
  repeated: 'all series repeat earlier values one by one',
  shifted: 'the shape of the day has moved by hours',
  closed: 'a series is zero for longer than chance explains',
  stuck: 'a series shows one value for longer than chance explains',
  missing: 'far more values than usual are unknown',
  holiday: 'a holiday of the calendar looks like a plain day, and a plain day like a holiday',
  volume: 'the total of all series jumped from one day to the next',
  level: 'values lie far above or below the same hours of earlier weeks',
  variance: 'values scatter far more than before around the same hours of earlier weeks',
  skill: 'forecasts are worse than they were, compared with the baseline',
  coverage: 'intervals hold fewer, or more, actuals than they should and than before',
} as const;

export type VerdictName = keyof typeof VERDICTS;

export interface Evidence {
  readonly statistic: string;
  readonly value: number;
  /** What the value is compared with: beyond it there is a finding. */
  readonly limit: number;
  readonly expected?: number;
  readonly observed?: number;
  readonly [more: string]: number | string | undefined;
}

/** What one statistic found at one check. */
export interface Finding {
  readonly name: VerdictName;
  /** UTC start of the first interval that belongs to it. */
  readonly since: number;
  readonly seriesIds: readonly string[];
  readonly evidence: Evidence;
  /** One plain sentence with figures. */
  readonly message: string;
}

export interface DriftVerdict extends Finding {
  /** The time of the check that found it first. */
  readonly detectedAt: number;
}

/** "series 74", "12 series (4, 7, 9, …)", "all 60 series". */
export function seriesText(seriesIds: readonly string[], fleetSize: number): string {
  if (seriesIds.length === 1 && fleetSize > 1) return `series ${seriesIds[0]}`;
  if (seriesIds.length === fleetSize) return `all ${fleetSize} series`;
  const some = seriesIds.slice(0, 3).join(', ');
  return `${seriesIds.length} series (${some}${seriesIds.length > 3 ? ', …' : ''})`;
}

/** "3.41", "0.012", "1,200": three digits that matter. */
export const figure = (value: number): string =>
  Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)));

export const percent = (share: number): string => `${figure(100 * share)} %`;

/** "2026-03-08 05:00 UTC". */
export const timeText = (timestamp: number): string =>
  `${new Date(timestamp).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
