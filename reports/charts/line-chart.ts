/**
 * Purpose: lines over a common axis: error by step, by cutoff, coverage.
 * Invariants: pure; each line is named at its end; a value that is not finite breaks its line; a
 * line that may leave the frame is cut at its edge.
 * Fails: never; without finite values it draws its axes.
 */
import * as Plot from '@observablehq/plot';
import { ticksFor } from './data/forecast-data.ts';
import { CHARACTER, type Colour, colour } from './look.ts';
import {
  axisMinus,
  domainOf,
  endLabels,
  endMargin,
  labelsBelow,
  lineOf,
  marginOf,
  markAt,
  type Point,
  sideOf,
  type Tick,
  verticalAxis,
} from './marks.ts';
import type { Chart } from './svg.ts';

export interface Line {
  readonly name: string;
  readonly values: ArrayLike<number>;
  readonly colour: Colour;
  readonly dash?: string;
  readonly isBold?: boolean;
  /** It may leave the frame at the top: a weak benchmark must not press the others flat. */
  readonly mayLeave?: boolean;
}

export interface LineChart {
  readonly title: string;
  readonly description: string;
  readonly width?: number;
  readonly height?: number;
  readonly x: readonly number[];
  readonly xTicks: readonly Tick[];
  readonly xLabel?: string;
  /** Of a dot's number. */
  readonly format: (value: number) => string;
  /** Of the vertical axis. */
  readonly tickFormat?: (value: number) => string;
  /** The position that the text of a dot names: "step 3". */
  readonly placeOf: (index: number) => string;
  readonly lines: readonly Line[];
  /** A nominal level, drawn as a line with a name. */
  readonly rule?: { readonly at: number; readonly label: string };
  /** Places that matter: refits. */
  readonly marks?: readonly Tick[];
  /** Values that the vertical axis holds in any case. */
  readonly holds?: readonly number[];
}

export function lineChart(chart: LineChart): Chart {
  const { width = 960, height = 280, x, lines, rule, holds = [], marks = [] } = chart;
  const format = chart.tickFormat ?? axisMinus;
  const held = lines
    .filter(({ mayLeave }) => !mayLeave)
    .flatMap(({ values }) => Array.from(values));
  const ticks = ticksFor([...held, ...holds, ...(rule ? [rule.at] : [])], 4);
  const domain = domainOf(ticks);
  const span: [number, number] = [x[0] ?? 0, x[x.length - 1] ?? 1];
  if (span[0] === span[1]) span[1] += 1;
  const shown = lines.map((line) => ({ ...line, points: cutAt(domain[1], pointsOf(line, x)) }));
  const labels = [
    ...shown.map(({ name, points, isBold = false, colour: tone }) => ({
      ...{ text: name, fill: colour(tone), isBold },
      at: points.findLast(({ y }) => Number.isFinite(y))?.y ?? Number.NaN,
    })),
    ...(rule ? [{ text: rule.label, at: rule.at, fill: colour('muted') }] : []),
  ];
  const frame = {
    ...{ width, height, marginTop: marks.length > 0 ? 28 : 12 },
    marginBottom: chart.xLabel === undefined ? 28 : 48,
    ...{ marginLeft: marginOf(ticks, format), marginRight: endMargin(labels) },
  };
  return {
    ...{ title: chart.title, description: chart.description },
    panels: [
      {
        ...frame,
        x: { domain: span, axis: null },
        y: { domain, axis: null },
        marks: [
          ...verticalAxis(ticks, format),
          labelsBelow(chart.xTicks, span, frame),
          ...(chart.xLabel === undefined ? [] : [axisName(chart.xLabel)]),
          ...(rule
            ? [Plot.ruleY([rule.at], { stroke: colour('ink'), ariaDescription: rule.label })]
            : []),
          ...marks.flatMap(({ at, label }) => markAt(at, label, sideOf(at, span))),
          ...shown.map(({ name, points, colour: tone, dash, isBold }) =>
            lineOf(points, name, {
              ...{ stroke: colour(tone), strokeWidth: isBold ? 2.25 : 1.25 },
              ...(dash === undefined ? {} : { strokeDasharray: dash }),
            }),
          ),
          ...shown.map((line) => dotsOf(line, chart, domain[1])),
          ...endLabels(labels, domain, frame),
        ],
      },
    ],
  };
}

const axisName = (name: string): Plot.Markish =>
  Plot.text([name], {
    ...{ text: (text: string) => text, frameAnchor: 'bottom', lineAnchor: 'top', dy: 28 },
    fill: colour('muted'),
  });

const pointsOf = ({ values }: Line, x: readonly number[]): Point[] =>
  Array.from(values, (y, i) => ({ x: x[i] as number, y })).filter(({ x: at }) => at !== undefined);

/** The points up to `top`: a line that goes above it ends at the edge. */
function cutAt(top: number, points: readonly Point[]): Point[] {
  return points.flatMap((point, i) => {
    const before = points[i - 1];
    const crossing = before && crossingOf(top, before, point);
    if (point.y <= top) return crossing ? [crossing, point] : [point];
    return crossing ? [crossing, { ...point, y: Number.NaN }] : [{ ...point, y: Number.NaN }];
  });
}

function crossingOf(top: number, a: Point, b: Point): Point | null {
  if (!Number.isFinite(a.y + b.y) || a.y > top === b.y > top) return null;
  return { x: a.x + ((b.x - a.x) * (top - a.y)) / (b.y - a.y), y: top };
}

function dotsOf(line: Line, { x, format, placeOf }: LineChart, top: number): Plot.Markish {
  const points = pointsOf(line, x).flatMap((point, i) =>
    Number.isFinite(point.y) && point.y <= top
      ? [{ ...point, title: `${line.name}, ${placeOf(i)}: ${format(point.y)}` }]
      : [],
  );
  const room = CHARACTER * 1.5 * points.length < 960;
  return Plot.dot(points, {
    ...{ x: 'x', y: 'y', title: 'title', r: line.isBold ? 3 : 2, fill: colour(line.colour) },
    ...(room ? {} : { fillOpacity: 0 }),
  });
}
