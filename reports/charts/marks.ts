/**
 * Purpose: what charts have in common: axes, end labels, bands, and scales over rounded ticks.
 * Invariants: hairlines, no boxes; labels never cover one another.
 * Fails: never.
 */
import * as Plot from '@observablehq/plot';
import { localDays, numberLabel, timeLabels } from '../../platform/text/scales.ts';
import { CHARACTER, colour } from './look.ts';

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** Where a panel's data are drawn. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly marginTop: number;
  readonly marginRight: number;
  readonly marginBottom: number;
  readonly marginLeft: number;
}

export const axisMinus = (value: number): string => numberLabel(value).replace('-', '−');

export const domainOf = (ticks: readonly number[]): [number, number] => [
  ticks[0] as number,
  ticks[ticks.length - 1] as number,
];

export const widthOf = (text: string): number => Math.ceil(text.length * CHARACTER);

/** The margin that the labels of a vertical axis need. */
export const marginOf = (ticks: readonly number[], format = axisMinus): number =>
  10 + Math.max(...ticks.map((tick) => widthOf(format(tick))));

export function verticalAxis(ticks: readonly number[], format = axisMinus): Plot.Markish[] {
  return [
    Plot.gridY(ticks, { stroke: colour('line'), strokeOpacity: 1 }),
    Plot.axisY(ticks, {
      ...{ label: null, tickSize: 0, tickPadding: 8, fill: colour('muted') },
      tickFormat: format,
    }),
  ];
}

/** Labels below the frame, inside the chart, without those that would touch the one before. */
export function labelsBelow(
  ticks: readonly Tick[],
  domain: readonly [number, number],
  { width, marginLeft, marginRight }: Frame,
  style: Plot.TextOptions = {},
): Plot.Markish {
  const scale = (width - marginLeft - marginRight) / (domain[1] - domain[0] || 1);
  let free = 0;
  const shown = ticks.flatMap((tick) => {
    const half = widthOf(tick.label) / 2;
    const wanted = marginLeft + scale * (tick.at - domain[0]);
    const x =
      style.textAnchor === 'start' ? wanted + half : Math.min(width - half, Math.max(half, wanted));
    if (x - half < free) return [];
    free = x + half + CHARACTER;
    return [{ ...tick, shift: style.textAnchor === 'start' ? 0 : x - wanted }];
  });
  const above = (tick: (typeof shown)[number]) => tick.at + tick.shift / scale;
  return Plot.text(shown, {
    ...{ x: above, text: 'label', frameAnchor: 'bottom', lineAnchor: 'top', dy: 8 },
    fill: colour('muted'),
    ...style,
  });
}

/** Hairlines at local midnights, each with its day; hours too where there is room for them. */
export function timeAxis(
  times: readonly number[],
  timeZone: string,
  domain: readonly [number, number],
  frame: Frame,
): Plot.Markish[] {
  const labels = timeLabels(timeZone);
  const days = localDays(times, timeZone);
  const scale = (frame.width - frame.marginLeft - frame.marginRight) / (domain[1] - domain[0] || 1);
  const dayWidth = scale * 86_400_000;
  const every = [3, 6, 12].find((hours) => (dayWidth * hours) / 24 > 50);
  const hours = times.filter((time) => {
    const [hour, minute] = labels.hour(time).split(':').map(Number) as [number, number];
    return every !== undefined && minute === 0 && hour % every === 0;
  });
  const below = hours.length > 1 ? 28 : 8;
  const ticks = days.map((at) => ({ at, label: labels.day(at) }));
  const room = (at: number) => (domain[1] - at) * scale + frame.marginRight;
  const roomy = ticks.filter(({ at, label }) => room(at) > widthOf(label));
  return [
    Plot.ruleX(days, { stroke: colour('line') }),
    ...(hours.length > 1
      ? [
          labelsBelow(
            hours.map((at) => ({ at, label: labels.hour(at) })),
            domain,
            frame,
          ),
        ]
      : []),
    labelsBelow(roomy, domain, frame, {
      ...{ dy: below, textAnchor: 'start', fill: colour('ink') },
    }),
  ];
}

export interface EndLabel {
  readonly text: string;
  /** In the unit of the vertical axis. */
  readonly at: number;
  readonly fill: string;
  readonly isBold?: boolean;
}

const LABEL_HEIGHT = 17;

/** Names right of the frame at the height of their lines, moved apart where they would touch. */
export function endLabels(
  labels: readonly EndLabel[],
  domain: readonly [number, number],
  frame: Frame,
): Plot.Markish[] {
  const { height, marginTop, marginBottom } = frame;
  const [top, bottom] = [marginTop, height - marginBottom];
  const y = (value: number) =>
    bottom - ((bottom - top) * (value - domain[0])) / (domain[1] - domain[0] || 1);
  const placed = labels
    .filter(({ at }) => Number.isFinite(at))
    .map((label) => ({ ...label, y: Math.min(bottom, Math.max(top, y(label.at))) }))
    .sort((a, b) => a.y - b.y);
  let free = Number.NEGATIVE_INFINITY;
  for (const label of placed) {
    label.y = Math.max(label.y, free);
    free = label.y + LABEL_HEIGHT;
  }
  let most = Math.max(bottom, top + LABEL_HEIGHT * (placed.length - 1));
  for (const label of placed.toReversed()) {
    label.y = Math.min(label.y, most);
    most = label.y - LABEL_HEIGHT;
  }
  return placed.map(({ text, y: at, fill, isBold }) =>
    Plot.text([text], {
      ...{ text: (name: string) => name, frameAnchor: 'top-right', textAnchor: 'start' },
      ...{ lineAnchor: 'middle', dx: 8, dy: at - top, fill, fontWeight: isBold ? 600 : 400 },
    }),
  );
}

/** The margin that labels right of the frame need. */
export const endMargin = (labels: readonly Pick<EndLabel, 'text' | 'isBold'>[]): number =>
  16 + Math.max(0, ...labels.map(({ text, isBold }) => widthOf(text) * (isBold ? 1.06 : 1)));

/** Where a mark is near the left end, its name has room at its right alone. */
export const sideOf = (at: number, [from, until]: readonly [number, number]): 'left' | 'right' =>
  at - from < (until - from) / 8 ? 'right' : 'left';

/** A hairline at a place that matters, named at its top. @param side of the name */
export const markAt = (
  at: number,
  label: string,
  side: 'left' | 'right' = 'left',
): Plot.Markish[] => [
  Plot.ruleX([at], { stroke: colour('muted'), insetTop: -12 }),
  Plot.text([label], {
    ...{ x: () => at, text: (text: string) => text, frameAnchor: 'top' },
    ...(side === 'left' ? { textAnchor: 'end', dx: -6 } : { textAnchor: 'start', dx: 6 }),
    ...{ lineAnchor: 'bottom', dy: -2, fill: colour('muted') },
  }),
];

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line that a value which is not finite breaks. */
export const lineOf = (
  points: readonly Point[],
  name: string,
  style: Plot.LineYOptions,
): Plot.Markish =>
  Plot.line(points, {
    ...{ x: 'x', y: 'y', ariaDescription: name, strokeLinejoin: 'round', strokeLinecap: 'round' },
    ...style,
  });

/** Between two columns; where either is not finite there is a gap. */
export const bandOf = (
  rows: readonly { readonly x: number; readonly low: number; readonly high: number }[],
  name: string,
  fill: string,
): Plot.Markish =>
  Plot.areaY(
    rows.map((row) => (Number.isFinite(row.low + row.high) ? row : { ...row, low: Number.NaN })),
    { x: 'x', y1: 'low', y2: 'high', fill, ariaDescription: name },
  );
