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
  timeAxis,
  verticalAxis,
} from '../../reports/charts/marks.ts';
import { bandFor, type Columns } from '../data/forecast.ts';
import type { PastForecasts } from '../data/record.ts';

export interface Fan {
  readonly columns: Columns;
  readonly timeZone: string;
  readonly naiveName: string;
  /** From here on, in epoch milliseconds. */
  readonly from: number;
  /** The naive forecast responds: it is drawn as what it is. */
  readonly isNaive?: boolean;
  /** What was forecast before, pale under what happened. */
  readonly earlier?: PastForecasts;
  /** The mean with other inputs, one value a step. */
  readonly whatIf?: readonly number[] | null;
  /** Each earlier forecast as a line of its own. */
  readonly hasVintages?: boolean;
}

export function fanPanel(fan: Fan, width: number, height: number): Plot.PlotOptions {
  const { columns, timeZone, from, isNaive = false } = fan;
  const { times, median, mean, bands, naive, cutoff, intervalMs } = columns;
  const isNarrow = width < 560;
  const past = columns.pastTimes
    .map((x, i) => ({ x, y: columns.actual[i] as number }))
    .filter(({ x }) => x >= from);
  const earlier = (fan.earlier?.latest ?? []).filter(({ time }) => time >= from);
  const values = [
    ...earlier.map(({ upper }) => upper),
    ...past.map(({ y }) => y),
    ...median,
    ...mean,
    ...naive,
  ].concat(bands.flatMap(({ lower, upper }) => [...lower, ...upper]));
  const ticks = ticksFor(values, height > 240 ? 5 : 3);
  const [low, high] = domainOf(ticks);
  const domain: [number, number] = [from, times.at(-1) as number];
  const labels = labelsOf(fan);
  const frame = {
    ...{ width, height, marginTop: 24, marginBottom: 48 },
    ...{ marginLeft: marginOf(ticks), marginRight: endMargin(labels) },
  };
  const points = (line: readonly number[]) => line.map((y, i) => ({ x: times[i] as number, y }));
  const tone = colour(isNaive ? 'naive' : 'forecast');
  const strong = { strokeWidth: 2.25, ...(isNaive ? { strokeDasharray: '5 4' } : {}) };
  const weak = { strokeWidth: 1.25, strokeDasharray: '1 3' };
  const isMean = columns.pointName === 'mean';
  const every = [...past.map(({ x }) => x), ...times];
  return {
    ...frame,
    x: { type: 'linear', domain, axis: null },
    y: { domain: [low, high], axis: null },
    marks: [
      ...verticalAxis(ticks),
      ...timeAxis(every, timeZone, domain, frame),
      bandOf(
        earlier.map(({ time, lower, upper }) => ({ x: time, low: lower, high: upper })),
        'earlier interval',
        pale(colour('band80')),
      ),
      lineOf(
        earlier.map(({ time, median: y }) => ({ x: time, y })),
        'earlier forecast',
        { stroke: tone, strokeWidth: 1, strokeOpacity: 0.6 },
      ),
      ...(fan.hasVintages ? vintageLines(fan, domain) : []),
      ...bands.map(({ level, lower, upper }) => {
        const rows = times.map((x, i) => ({
          x,
          low: lower[i] as number,
          high: upper[i] as number,
        }));
        return bandOf(rows, `${level} % interval`, isNaive ? colour('line') : tintOf(level));
      }),
      ...(isNaive
        ? []
        : [lineOf(points(naive), 'naive', { stroke: colour('naive'), strokeDasharray: '4 3' })]),
      lineOf(past, 'actual', { stroke: colour('actual'), strokeWidth: 1.6 }),
      lineOf(points(mean), 'mean forecast', { stroke: tone, ...(isMean ? strong : weak) }),
      lineOf(points(median), 'median forecast', { stroke: tone, ...(isMean ? weak : strong) }),
      lineOf(points(fan.whatIf ?? []), 'what if', {
        ...{ stroke: colour('ink'), strokeWidth: 1.5, strokeDasharray: '6 2' },
      }),
      ...markAt(cutoff + intervalMs / 2, isNarrow ? 'known' : 'known until here'),
      Plot.ruleY([low], { stroke: colour('muted'), strokeOpacity: 0.6 }),
      ...endLabels(labels, [low, high], frame),
    ],
  };
}

/** The likelier, the darker. */
const tintOf = (level: number): string =>
  level <= 60 ? colour('band50') : level <= 85 ? colour('band80') : pale(colour('band80'));

const pale = (fill: string): string => `color-mix(in srgb, ${fill} 60%, transparent)`;

function vintageLines({ earlier, columns }: Fan, [from, until]: readonly [number, number]) {
  const seen = (x: number) => x >= from && x <= until;
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

/** Names at the right end of the lines. */
function labelsOf({ columns, naiveName, isNaive = false }: Fan) {
  const { median, mean, pointName, naive, bands } = columns;
  const band = bandFor(bands);
  const fill = colour(isNaive ? 'naive' : 'forecast');
  const lines = { median, mean };
  const other = pointName === 'mean' ? 'median' : 'mean';
  const endOf = (line: readonly number[]) => line.at(-1) ?? Number.NaN;
  return [
    { text: isNaive ? 'baseline' : pointName, at: endOf(lines[pointName]), fill, isBold: true },
    { text: other, at: endOf(lines[other]), fill },
    ...(band
      ? [{ text: `${band.level} %`, at: band.upper.at(-1) ?? Number.NaN, fill: colour('muted') }]
      : []),
    ...(isNaive
      ? []
      : [{ text: naiveName, at: naive.at(-1) ?? Number.NaN, fill: colour('naive') }]),
  ];
}
