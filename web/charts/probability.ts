/**
 * Purpose: how likely something is at each interval, as bars; bar i lies between i and i + 1.
 * Invariants: pure; the axis is always 0 to 100 %.
 * Fails: never.
 */
import * as Plot from '@observablehq/plot';
import { colour } from '../../reports/charts/look.ts';
import { marginOf, verticalAxis } from '../../reports/charts/marks.ts';
import { percent } from '../parts/format.ts';

const TICKS = [0, 0.5, 1];

export function probabilityPanel(
  probability: readonly number[],
  size: { readonly width: number; readonly height: number },
): Plot.PlotOptions {
  const bars = probability.map((y, i) => ({ i, y }));
  const shape = { x1: (bar: { i: number }) => bar.i, x2: (bar: { i: number }) => bar.i + 1 };
  return {
    ...size,
    ...{ marginTop: 8, marginRight: 0, marginBottom: 8, marginLeft: marginOf(TICKS, percent) },
    x: { domain: [0, Math.max(1, probability.length)], axis: null },
    y: { domain: [0, 1], axis: null },
    marks: [
      ...verticalAxis(TICKS, percent),
      Plot.rect(bars, {
        ...{ ...shape, y1: 0, y2: 'y', insetLeft: 0.5, insetRight: 0.5 },
        fill: colour('forecast'),
        ariaDescription: 'probability',
      }),
      Plot.ruleY([0], { stroke: colour('muted'), strokeOpacity: 0.6 }),
    ],
  };
}
