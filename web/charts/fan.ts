/**
 * Purpose: what was, what will be, and how sure we are, as one chart.
 * Invariants: pure; the marks, colours and labels are those of the charts of the reports; the
 * forecast has its place at the right whatever the window is.
 * Fails: never; without a finite value there are axes only.
 */
import * as Plot from '@observablehq/plot';
import { ticksFor } from '../../reports/charts/data/forecast-data.ts';
import { colour } from '../../reports/charts/look.ts';
import {
  bandOf,
  domainOf,
  endLabels,
  endMargin,
  lineOf,
  marginOf,
  markAt,
  sideOf,
  timeAxis,
  verticalAxis,
} from '../../reports/charts/marks.ts';
import { bandFor, type Columns } from '../data/forecast.ts';
import type { PastForecasts, Vintage } from '../data/record.ts';

export interface Fan {
  readonly columns: Columns;
  readonly timeZone: string;
  readonly naiveName: string;
  /** The first and the last time that is shown. */
  readonly window: readonly [from: number, until: number];
  /** The naive forecast responds: it is drawn as what it is. */
  readonly isNaive?: boolean;
  /** What was forecast before, pale under what happened. */
  readonly earlier?: PastForecasts;
  /** The mean with other inputs, one value a step. */
  readonly whatIf?: readonly number[] | null;
  /** Each earlier forecast as a line of its own. */
  readonly hasVintages?: boolean;
  /** What was forecast at a past time, instead of what is now. */
  readonly asOf?: Vintage | null;
  /** Possible futures, each with one value a step. */
  readonly paths?: readonly (readonly number[])[];
  /** Values that the vertical axis keeps room for: it does not shrink while the window moves. */
  readonly keep?: readonly number[];
}

/** Every value that is seen, for the vertical axis. */
export function valuesIn({ columns, window, earlier, asOf, paths = [], whatIf }: Fan): number[] {
  const { pastTimes, actual, times, median, mean, naive, bands } = columns;
  const seen = (x: number | undefined) => x !== undefined && x >= window[0] && x <= window[1];
  const of = (line: readonly number[], at = times) => line.filter((_, i) => seen(at[i]));
  return [
    ...of(actual, pastTimes),
    ...(earlier?.latest ?? []).flatMap(({ time, upper }) => (seen(time) ? [upper] : [])),
    ...(asOf ? [...of(asOf.lower, asOf.times), ...of(asOf.upper, asOf.times)] : []),
    ...[median, mean, naive, whatIf ?? [], ...paths].flatMap((line) => of(line)),
    ...bands.flatMap(({ lower, upper }) => [...of(lower), ...of(upper)]),
  ];
}

export function fanPanel(fan: Fan, width: number, height: number): Plot.PlotOptions {
  const { columns, timeZone, window, asOf = null, keep = [] } = fan;
  const { times, cutoff, intervalMs } = columns;
  const [from, until] = window;
  const seen = (x: number) => x >= from && x <= until;
  const past = columns.pastTimes
    .map((x, i) => ({ x, y: columns.actual[i] as number }))
    .filter(({ x }) => seen(x));
  const ticks = ticksFor([...valuesIn(fan), ...keep], height > 240 ? 5 : 3);
  const [low, high] = domainOf(ticks);
  const domain: [number, number] = [from, until];
  const labels = labelsOf(fan, past.at(-1)?.y ?? Number.NaN);
  const frame = {
    ...{ width, height, marginTop: 24, marginBottom: 48 },
    ...{ marginLeft: marginOf(ticks), marginRight: endMargin(labels) },
  };
  const every = [...past.map(({ x }) => x), ...times.filter(seen)];
  const known = width < 560 ? 'known' : 'known until here';
  const marks = [
    ...(seen(cutoff) ? [{ at: cutoff + intervalMs / 2, label: known }] : []),
    ...(asOf && seen(asOf.cutoff)
      ? [{ at: asOf.cutoff + intervalMs / 2, label: 'known then' }]
      : []),
  ];
  return {
    ...frame,
    x: { type: 'linear', domain, axis: null },
    y: { domain: [low, high], axis: null },
    marks: [
      ...verticalAxis(ticks),
      ...timeAxis(every, timeZone, domain, frame),
      ...earlierMarks(fan, seen),
      ...(times.some(seen) ? forecastMarks(fan, seen) : []),
      lineOf(past, 'actual', { stroke: colour('actual'), strokeWidth: 1.6 }),
      ...(asOf ? asOfMarks(asOf, seen) : []),
      ...marks.flatMap(({ at, label }) => markAt(Math.min(at, until), label, sideOf(at, window))),
      Plot.ruleY([low], { stroke: colour('muted'), strokeOpacity: 0.6 }),
      ...endLabels(labels, [low, high], frame),
    ],
  };
}

type Seen = (x: number) => boolean;

/** What was forecast before, pale under what happened. */
function earlierMarks(fan: Fan, seen: Seen): Plot.Markish[] {
  const latest = (fan.earlier?.latest ?? []).filter(({ time }) => seen(time));
  if (latest.length === 0) return [];
  const tone = colour(fan.isNaive ? 'naive' : 'forecast');
  return [
    bandOf(
      latest.map(({ time, lower, upper }) => ({ x: time, low: lower, high: upper })),
      'earlier interval',
      pale(colour('band80')),
    ),
    lineOf(
      latest.map(({ time, median: y }) => ({ x: time, y })),
      'earlier forecast',
      { stroke: tone, strokeWidth: 1, strokeOpacity: 0.6 },
    ),
    ...(fan.hasVintages ? vintageLines(fan, seen) : []),
  ];
}

function forecastMarks({ columns, isNaive = false, whatIf, paths = [] }: Fan, seen: Seen) {
  const { times, median, mean, bands, naive } = columns;
  const points = (line: readonly number[]) =>
    line.flatMap((y, i) => (seen(times[i] as number) ? [{ x: times[i] as number, y }] : []));
  const tone = colour(isNaive ? 'naive' : 'forecast');
  const strong = { strokeWidth: 2.25, ...(isNaive ? { strokeDasharray: '5 4' } : {}) };
  const weak = { strokeWidth: 1.25, strokeDasharray: '1 3' };
  const isMean = columns.pointName === 'mean';
  return [
    ...bands.map(({ level, lower, upper }) => {
      const rows = points(lower).map(({ x, y }) => ({
        ...{ x, low: y, high: upper[times.indexOf(x)] as number },
      }));
      return bandOf(rows, `${level} % interval`, isNaive ? colour('line') : tintOf(level));
    }),
    ...paths.map((path) =>
      lineOf(points(path), 'path', { stroke: tone, strokeWidth: 1, strokeOpacity: 0.35 }),
    ),
    ...(isNaive
      ? []
      : [lineOf(points(naive), 'naive', { stroke: colour('naive'), strokeDasharray: '4 3' })]),
    lineOf(points(mean), 'mean forecast', { stroke: tone, ...(isMean ? strong : weak) }),
    lineOf(points(median), 'median forecast', { stroke: tone, ...(isMean ? weak : strong) }),
    lineOf(points(whatIf ?? []), 'what if', {
      ...{ stroke: colour('ink'), strokeWidth: 1.5, strokeDasharray: '6 2' },
    }),
  ];
}

/** One forecast as it was made then, over what came of it. */
function asOfMarks({ times, median, lower, upper }: Vintage, seen: Seen): Plot.Markish[] {
  const rows = times
    .map((x, i) => ({
      x,
      y: median[i] as number,
      low: lower[i] as number,
      high: upper[i] as number,
    }))
    .filter(({ x }) => seen(x));
  const outline = { stroke: colour('forecast'), strokeWidth: 1, strokeOpacity: 0.7 };
  return [
    lineOf(
      rows.map(({ x, low: y }) => ({ x, y })),
      'lower end then',
      outline,
    ),
    lineOf(
      rows.map(({ x, high: y }) => ({ x, y })),
      'upper end then',
      outline,
    ),
    lineOf(rows, 'forecast then', { stroke: colour('forecast'), strokeWidth: 2.25 }),
  ];
}

/** The likelier, the darker. */
const tintOf = (level: number): string =>
  level <= 60 ? colour('band50') : level <= 85 ? colour('band80') : pale(colour('band80'));

const pale = (fill: string): string => `color-mix(in srgb, ${fill} 60%, transparent)`;

function vintageLines({ earlier, columns }: Fan, seen: Seen): Plot.Markish[] {
  return (earlier?.vintages ?? [])
    .filter(({ cutoff }) => cutoff < columns.cutoff)
    .map(({ times, median }) =>
      lineOf(
        times.map((x, i) => ({ x, y: median[i] as number })).filter(({ x }) => seen(x)),
        'vintage',
        { stroke: colour('forecast'), strokeWidth: 1, strokeOpacity: 0.35 },
      ),
    );
}

/** Names at the right end of the lines, where these are seen. */
function labelsOf({ columns, window, naiveName, isNaive = false, whatIf }: Fan, actual: number) {
  const { times, median, mean, pointName, naive, bands } = columns;
  const last = times.findLastIndex((time) => time <= window[1]);
  if (last < 0) return [{ text: 'actual', at: actual, fill: colour('ink'), isBold: true }];
  const band = bandFor(bands);
  const fill = colour(isNaive ? 'naive' : 'forecast');
  const lines = { median, mean };
  const other = pointName === 'mean' ? 'median' : 'mean';
  const endOf = (line: readonly number[] | undefined) => line?.[last] ?? Number.NaN;
  return [
    { text: isNaive ? 'baseline' : pointName, at: endOf(lines[pointName]), fill, isBold: true },
    { text: other, at: endOf(lines[other]), fill },
    ...(band ? [{ text: `${band.level} %`, at: endOf(band.upper), fill: colour('muted') }] : []),
    ...(isNaive ? [] : [{ text: naiveName, at: endOf(naive), fill: colour('naive') }]),
    ...(whatIf ? [{ text: 'what if', at: endOf(whatIf), fill: colour('ink') }] : []),
  ];
}
