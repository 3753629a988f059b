/**
 * Purpose: the forecast of the total of a group as a client reads it.
 * Invariants: as forecast-response.ts; windows start at the first step and are of steps that are
 * shown, so that a window of days leaves closed ones out.
 * Fails: WINDOW_INVALID; LEVEL_UNKNOWN never: paths have every quantile.
 */
import type { Domain } from '../../../domains/domain.ts';
import { openSteps } from '../../../forecasting/panel/closed-days.ts';
import { timestampAt } from '../../../forecasting/panel/panel.ts';
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
import { fallbackMember, isoFrequency, isoTime, rounded } from './forecast-response.ts';

/** Levels where none is asked for. */
const USUAL_LEVELS = [50, 80, 95];
const UNIT_MINUTES = { m: 1, h: 60, d: 1440 } as const;

/** "8h" as a number of intervals. */
export function windowSteps(window: string | undefined, minutes: number, horizon: number): number {
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

/** The quantiles that bound the levels, ascending, and the median. */
export function quantilesOfLevels(levels: readonly number[] = USUAL_LEVELS): number[] {
  const ends = levels.flatMap((level) => [0.5 - level / 200, 0.5 + level / 200]);
  return [...new Set([0.5, ...ends].map((q) => Number(q.toPrecision(6))))].sort((a, b) => a - b);
}

/** The steps of what is served that are on no closed day. */
export const shownSteps = ({ snapshot, model }: Serving, { closedWeekdays }: Domain): number[] =>
  openSteps(snapshot.panel, snapshot.cutoff, model.card.horizon, closedWeekdays);

/** Whole windows at the start of the open steps: [path][window]. */
export function windowsOf(
  paths: Float64Array,
  horizon: number,
  open: readonly number[],
  window: number,
): Float64Array {
  const whole = Math.floor(open.length / window) * window;
  return byWindow(onlySteps(paths, horizon, open.slice(0, whole)), whole, window);
}

export interface AskedTotal {
  readonly window?: string | undefined;
  readonly levels?: readonly number[] | undefined;
  readonly capacity?: number | undefined;
}

export function groupResponse(
  serving: Serving,
  domain: Domain,
  total: Total,
  asked: AskedTotal,
): GroupForecastResponse {
  const { snapshot, model, fallback } = serving;
  const open = shownSteps(serving, domain);
  const minutes = snapshot.panel.frequencyMinutes;
  const window = windowSteps(asked.window, minutes, open.length);
  const count = Math.floor(open.length / window);
  const values = windowsOf(total.paths, model.card.horizon, open, window);
  const sorted = sortedByStep(values, count);
  const quantiles = quantilesOfLevels(asked.levels);
  const { group } = total;
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
    window: isoFrequency(minutes * window),
    timestamps: windowStarts(serving, open, window),
    point: 'mean',
    quantiles: Object.fromEntries(
      quantiles.map((q) => [String(q), sorted.map((column) => rounded(quantileOf(column, q)))]),
    ),
    mean: Array.from(windowsOf(total.mean, model.card.horizon, open, window), rounded),
    peak: peakOf(values, count, quantiles),
    ...(asked.capacity === undefined
      ? {}
      : { exceeds: exceedsOf(values, sorted, count, asked.capacity) }),
    paths: total.paths.length / model.card.horizon,
    series: group.seriesIds.length - total.withoutForecast.length,
    withoutForecast: [...total.withoutForecast],
    ...fallbackMember(fallback),
  };
}

/** UTC start of every window of the open steps. */
export function windowStarts(
  { snapshot: { panel, cutoff } }: Pick<Serving, 'snapshot'>,
  open: readonly number[],
  window: number,
): string[] {
  const count = Math.floor(open.length / window);
  return Array.from({ length: count }, (_, i) =>
    isoTime(timestampAt(panel, cutoff + 1 + (open[i * window] as number))),
  );
}

function peakOf(values: Float64Array, count: number, quantiles: readonly number[]) {
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

export function exceedsOf(
  values: Float64Array,
  sorted: readonly Float64Array[],
  count: number,
  capacity: number,
) {
  const peaks = peaksOf(values, count).sizes.sort();
  return {
    capacity,
    probability: sorted.map((column) => rounded(shareAbove(column, capacity))),
    anyWindow: rounded(shareAbove(peaks, capacity)),
  };
}
