/**
 * Purpose: the forecast of the total of a group as a client reads it.
 * Invariants: as forecast-response.ts; windows start at the first step and are of steps that are
 * shown, so that a window of days leaves closed ones out.
 * Fails: WINDOW_INVALID; LEVEL_UNKNOWN for an interval that is wider than so few paths show.
 */
import type { Domain } from '../../../domains/domain.ts';
import { openSteps } from '../../../forecasting/panel/closed-days.ts';
import { type Panel, targetOf, timestampAt } from '../../../forecasting/panel/panel.ts';
import {
  byWindow,
  onlySteps,
  peaksOf,
  quantileOf,
  shareAbove,
  sortedByStep,
} from '../../../forecasting/paths/totals.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { GroupForecastResponse } from '../openapi/group-schemas.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import type { Total } from '../serving/group-totals.ts';
import { fallbackMember, historyOf, isoFrequency, isoTime, rounded } from './forecast-response.ts';

/** Levels where none is asked for. */
const USUAL_LEVELS = [50, 80, 95];
const UNIT_MINUTES = { m: 1, h: 60, d: 1440 } as const;

/** "8h" as a number of intervals. */
function windowSteps(window: string | undefined, minutes: number, horizon: number): number {
  if (window === undefined) return 1;
  const unit = UNIT_MINUTES[window.at(-1) as keyof typeof UNIT_MINUTES];
  const steps = (Number(window.slice(0, -1)) * unit) / minutes;
  if (Number.isInteger(steps) && steps >= 1 && steps <= horizon) return steps;
  throw new HeadwayError(
    'WINDOW_INVALID',
    `${window} is not 1 to ${horizon} whole intervals of ${minutes} minutes`,
    {
      where: 'window',
      fix: `Ask for a multiple of ${minutes}m, at most ${minutes * horizon}m.`,
    },
  );
}

/** The quantiles that bound the levels, ascending, and the median. @param paths that show them */
function quantilesOfLevels(paths: number, asked?: readonly number[]): number[] {
  // Of n paths the least and the greatest bound 1 - 2/(n + 1).
  const widest = 100 * (1 - 2 / (paths + 1));
  const beyond = asked?.find((level) => level > widest);
  if (beyond !== undefined)
    throw new HeadwayError('LEVEL_UNKNOWN', `${paths} paths do not show level ${beyond}`, {
      where: 'levels',
      fix: `Ask for ${Math.floor(widest)} or less.`,
    });
  const ends = (asked ?? USUAL_LEVELS).flatMap((level) => [0.5 - level / 200, 0.5 + level / 200]);
  return [...new Set([0.5, ...ends].map((q) => Number(q.toPrecision(6))))].sort((a, b) => a - b);
}

/** What a total is counted on. */
export interface TotalGrid {
  readonly panel: Panel;
  readonly cutoff: number;
  readonly horizon: number;
  readonly closedWeekdays?: Domain['closedWeekdays'];
}

export interface TotalWindows {
  /** Intervals of each window. */
  readonly steps: number;
  /** UTC start of each window. */
  readonly timestamps: number[];
  /** [path][window] */
  readonly values: Float64Array;
  /** The values of each window, ascending. */
  readonly sorted: Float64Array[];
  /** Other paths in the same windows. */
  inWindows(paths: Float64Array): Float64Array;
}

/** Whole windows at the start of the open steps. */
export function totalWindows(
  { panel, cutoff, horizon, closedWeekdays }: TotalGrid,
  paths: Float64Array,
  window: string | undefined,
): TotalWindows {
  const open = openSteps(panel, cutoff, horizon, closedWeekdays);
  const steps = windowSteps(window, panel.frequencyMinutes, open.length);
  const count = Math.floor(open.length / steps);
  const whole = open.slice(0, count * steps);
  const inWindows = (some: Float64Array) =>
    byWindow(onlySteps(some, horizon, whole), whole.length, steps);
  const starts = whole.filter((_, i) => i % steps === 0);
  const values = inWindows(paths);
  return {
    ...{ steps, values, inWindows, sorted: sortedByStep(values, count) },
    timestamps: starts.map((step) => timestampAt(panel, cutoff + 1 + step)),
  };
}

/** The grid of what is served. */
export const gridOf = ({ snapshot, model }: Serving, { closedWeekdays }: Domain): TotalGrid => ({
  panel: snapshot.panel,
  cutoff: snapshot.cutoff,
  horizon: model.card.horizon,
  closedWeekdays,
});

export interface AskedTotal {
  readonly window?: string | undefined;
  readonly levels?: readonly number[] | undefined;
  readonly capacity?: number | undefined;
  /** Number of recent actual values to return. */
  readonly history?: number | undefined;
}

export function groupResponse(
  serving: Serving,
  domain: Domain,
  total: Total,
  asked: AskedTotal,
): GroupForecastResponse {
  const { snapshot, model, fallback } = serving;
  const minutes = snapshot.panel.frequencyMinutes;
  const windows = totalWindows(gridOf(serving, domain), total.paths, asked.window);
  const { group } = total;
  const { history = 0 } = asked;
  return {
    domain: domain.name,
    groupId: group.groupId,
    title: group.title,
    unit: domain.unit,
    cutoff: isoTime(serving.cutoffTimestamp),
    issuedAt: isoTime(serving.issuedAt),
    modelVersion: model.card.modelVersion,
    snapshotVersion: snapshot.manifest.snapshotVersion,
    frequency: isoFrequency(minutes),
    window: isoFrequency(minutes * windows.steps),
    timestamps: windows.timestamps.map(isoTime),
    point: 'mean',
    ...totalFigures(total, windows, asked),
    ...(history > 0 ? { history: pastTotal(serving, domain, total, history) } : {}),
    paths: total.paths.length / model.card.horizon,
    series: group.seriesIds.length - total.withoutForecast.length,
    withoutForecast: [...total.withoutForecast],
    ...fallbackMember(fallback),
  };
}

/** What paths say of a total in its windows. */
export function totalFigures(
  { mean }: Pick<Total, 'mean'>,
  windows: TotalWindows,
  { levels, capacity }: Pick<AskedTotal, 'levels' | 'capacity'>,
) {
  const quantiles = quantilesOfLevels(windows.sorted[0]?.length ?? 0, levels);
  return {
    quantiles: Object.fromEntries(
      quantiles.map((q) => [
        String(q),
        windows.sorted.map((column) => rounded(quantileOf(column, q))),
      ]),
    ),
    mean: Array.from(windows.inWindows(mean), rounded),
    peak: peakOf(windows, quantiles),
    ...exceedsOf(windows, capacity),
  };
}

/** What the series of the total added up to; unknown where the value of one of them is. */
function pastTotal({ snapshot }: Serving, domain: Domain, total: Total, count: number) {
  const { panel, cutoff, indexOf } = snapshot;
  const without = new Set(total.withoutForecast);
  const columns = total.group.seriesIds
    .filter((id) => !without.has(id))
    .map((id) => targetOf(panel, indexOf.get(id) as number));
  const sumAt = (t: number) => columns.reduce((sum, values) => sum + (values[t] as number), 0);
  return historyOf(domain, panel, cutoff, count, sumAt);
}

function peakOf({ values, timestamps }: TotalWindows, quantiles: readonly number[]) {
  const count = timestamps.length;
  const { sizes, steps } = peaksOf(values, count);
  const sorted = sizes.slice().sort();
  const probability = new Array<number>(count).fill(0);
  for (const step of steps) probability[step] = (probability[step] as number) + 1 / steps.length;
  return {
    mean: rounded(sizes.reduce((sum, size) => sum + size, 0) / sizes.length),
    quantiles: Object.fromEntries(
      quantiles.map((q) => [String(q), rounded(quantileOf(sorted, q))]),
    ),
    probability: probability.map(rounded),
  };
}

/** How likely more than the capacity is needed; nothing where none is asked about. */
export function exceedsOf({ values, sorted }: TotalWindows, capacity: number | undefined) {
  if (capacity === undefined) return {};
  const peaks = peaksOf(values, sorted.length).sizes.sort();
  return {
    exceeds: {
      capacity,
      probability: sorted.map((column) => rounded(shareAbove(column, capacity))),
      anyWindow: rounded(shareAbove(peaks, capacity)),
    },
  };
}
