/**
 * Purpose: one explanation as a chart: a waterfall from the baseline to the forecast, summed over
 * the horizon, and the same parts stacked at every step.
 * Invariants: pure; a bar's height is its value; a part has the same colour in both panels.
 * Fails: a RangeError as `checkExplanation`.
 */
import * as Plot from '@observablehq/plot';
import { localDays, niceTicks, timeLabels } from '../../platform/text/scales.ts';
import {
  amount,
  checkExplanation,
  type ExplanationData,
  NEAR_ZERO,
  signed,
  totalOf,
} from './data/explanation-data.ts';
import { colour, partColour } from './look.ts';
import { domainOf, type Frame, labelsBelow, lineOf, marginOf, verticalAxis } from './marks.ts';
import type { ChartFile, Panel } from './svg.ts';

const WIDTH = 912;

export function explanationChart(data: ExplanationData): ChartFile {
  checkExplanation(data);
  const { title, unit, timeZone, cutoff, timestamps, baseline, parts, forecast } = data;
  const { full } = timeLabels(timeZone);
  const steps = timestamps.length === 1 ? 'one step' : `${timestamps.length} steps`;
  const difference = totalOf(forecast) - totalOf(baseline);
  const largest = parts.reduce(
    (a, b) => (Math.abs(totalOf(b)) > Math.abs(totalOf(a)) ? b : a),
    parts[0] ?? baseline,
  );
  const sums = parts.map((part) => `${part.title} ${signed(totalOf(part))}`).join(', ');
  const from = full(cutoff);
  const why = `why the forecast of ${steps} from ${from} differs from the usual, in ${unit}`;
  const finding = `Forecast ${amount(totalOf(forecast))}, ${signed(difference)} against the usual`;
  return {
    title: `${finding}; largest part: ${largest.title}`,
    subtitle: [title, `Sum over ${steps} after ${full(cutoff)}, in ${unit}`],
    description: `${title}: ${why}. ${sums}.`,
    panels: [waterfall(data), stacked(data)],
  };
}

/** Rounded ticks from `low` to `high`, also where the two are nearly equal. */
function ticksOver(low: number, high: number): number[] {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  if (largest < NEAR_ZERO) return [-1, 0, 1];
  return high - low > NEAR_ZERO * largest ? niceTicks(low, high, 4) : niceTicks(low, low, 4);
}

function waterfall({ baseline, parts, forecast }: ExplanationData): Panel {
  let level = totalOf(baseline);
  const steps = parts.map((part, i) => {
    const from = level;
    level += totalOf(part);
    return { title: part.title, text: signed(totalOf(part)), from, to: level, at: i + 1 };
  });
  const ends = [baseline, forecast].map((column, i) => ({
    ...{ title: column.title, text: amount(totalOf(column)), total: totalOf(column) },
    at: i * (parts.length + 1),
  }));
  const all = [...steps.flatMap(({ from, to }) => [from, to]), ...ends.map(({ total }) => total)];
  const [lowest, highest] = [Math.min(...all), Math.max(...all)];
  // From zero, unless all values are far above or below it: then the ends are lines, because a
  // bar that is cut off shows a wrong height.
  const isFar = lowest > 0.5 * highest || highest < 0.5 * lowest;
  const ticks = isFar
    ? ticksOver(lowest, highest)
    : ticksOver(Math.min(0, lowest), Math.max(0, highest));
  const frame = { width: WIDTH, height: 260, marginTop: 24, marginRight: 0, marginBottom: 44 };
  const text = { x: 'at', text: 'text', fill: colour('ink'), fontWeight: 600 };
  const labelled = [
    ...steps.map(({ from, to, ...step }) => ({ ...step, y: Math.max(from, to) })),
    ...ends.map(({ total, ...end }) => ({ ...end, y: isFar ? total : Math.max(0, total) })),
  ];
  const links = [{ to: totalOf(baseline), at: 0 }, ...steps].map(({ to, at }) => ({ to, at }));
  return {
    ...frame,
    marginLeft: marginOf(ticks),
    x: { domain: [-0.5, parts.length + 1.5], axis: null },
    y: { domain: domainOf(ticks), axis: null },
    marks: [
      ...verticalAxis(ticks),
      Plot.ruleY(links, {
        ...{ y: 'to', x1: (d) => d.at + HALF, x2: (d) => d.at + 1 - HALF },
        ...{ stroke: colour('muted'), strokeDasharray: '2 3' },
      }),
      ...steps.flatMap((step, i) => bars([step], partColour(i), step.title)),
      ...bars(
        ends.map(({ at, total }) => ({ at, from: isFar ? total : 0, to: total })),
        colour('ink'),
        'baseline and forecast',
      ),
      Plot.text(labelled, { ...text, y: 'y', lineAnchor: 'bottom', dy: -6 }),
      Plot.text(labelled, {
        ...{ x: 'at', text: ({ title }) => twoLines(title), fill: colour('muted') },
        ...{ frameAnchor: 'bottom', lineAnchor: 'top', dy: 8, lineHeight: 1.2 },
      }),
    ],
  };
}

/** Half a bar's width, in columns. */
const HALF = 0.36;

/** A bar of zero is still a visible line. */
function bars(
  rows: readonly { at: number; from: number; to: number }[],
  fill: string,
  ariaDescription: string,
): Plot.Markish[] {
  const width = { x1: (d: { at: number }) => d.at - HALF, x2: (d: { at: number }) => d.at + HALF };
  return [
    Plot.rect(rows, { ...width, y1: 'from', y2: 'to', fill, ariaDescription }),
    Plot.ruleY(rows, { ...width, y: 'to', stroke: fill, strokeWidth: 1.5 }),
  ];
}

function stacked(data: ExplanationData): Panel {
  const { timestamps, timeZone, baseline, parts, forecast } = data;
  const ends: number[] = [0];
  const bars = parts.map(({ values }, i) =>
    values.map((value, k) => {
      const before = parts.slice(0, i).reduce((sum, one) => {
        const other = one.values[k] as number;
        return other > 0 === value > 0 ? sum + other : sum;
      }, 0);
      ends.push(before + value);
      return { k, from: before, to: before + value };
    }),
  );
  const sums = timestamps.map((_, k) => ({
    x: k,
    y: (forecast.values[k] as number) - (baseline.values[k] as number),
  }));
  const ticks = ticksOver(Math.min(...ends), Math.max(...ends));
  const frame: Frame = {
    ...{ width: WIDTH, height: 240, marginTop: 24, marginRight: 0, marginBottom: 32 },
    marginLeft: marginOf(ticks),
  };
  const domain: [number, number] = [-0.5, timestamps.length - 0.5];
  const labels = timeLabels(timeZone);
  const days = new Set(localDays(timestamps, timeZone));
  const midnights = timestamps.flatMap((time, k) =>
    days.has(time) ? [{ at: k - 0.5, label: labels.day(time) }] : [],
  );
  return {
    ...frame,
    heading: 'The same at every step',
    note: `Against the usual at this hour of the week, times in ${timeZone}; the line is the sum`,
    x: { domain, axis: null },
    y: { domain: domainOf(ticks), axis: null },
    marks: [
      ...verticalAxis(ticks),
      ...bars.map((bar, i) =>
        Plot.rect(
          bar.filter(({ from, to }) => from !== to),
          {
            ...{ x1: (d) => d.k - 0.4, x2: (d) => d.k + 0.4, y1: 'from', y2: 'to' },
            ...{ fill: partColour(i), ariaDescription: parts[i]?.title ?? '' },
          },
        ),
      ),
      Plot.ruleX(midnights, { x: 'at', stroke: colour('muted'), strokeDasharray: '2 3' }),
      Plot.text(midnights, {
        ...{ x: 'at', text: 'label', frameAnchor: 'top', textAnchor: 'start' },
        ...{ lineAnchor: 'bottom', dy: -4, fill: colour('ink') },
      }),
      Plot.ruleY([0], { stroke: colour('muted') }),
      lineOf(sums, 'sum', { stroke: colour('ground'), strokeWidth: 5 }),
      lineOf(sums, 'sum of all parts', { stroke: colour('actual'), strokeWidth: 2 }),
      labelsBelow(
        timestamps.map((time, at) => ({ at, label: labels.hour(time) })),
        domain,
        frame,
      ),
    ],
  };
}

/** A title over two lines, broken at the space nearest its middle. */
function twoLines(title: string): string {
  const spaces = [...title.matchAll(/ /g)].map(({ index }) => index);
  const middle = spaces.sort(
    (a, b) => Math.abs(a - title.length / 2) - Math.abs(b - title.length / 2),
  )[0];
  return middle === undefined ? title : `${title.slice(0, middle)}\n${title.slice(middle + 1)}`;
}
