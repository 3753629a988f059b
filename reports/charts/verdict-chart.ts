/**
 * Purpose: the gate's verdict as a chart: how much better the challenger was after each cutoff, the
 * mean with its confidence interval, and the margin that it had to exceed. It is stored with the
 * verdict.
 * Invariants: pure; below 30 kB however many cutoffs there are.
 * Fails: never; a verdict without comparisons is a chart of its reason.
 */
import * as Plot from '@observablehq/plot';
import type { Comparison } from '../../forecasting/evaluation/comparison.ts';
import { forecasterName } from '../../forecasting/evaluation/forecaster-names.ts';
import { niceTicks, numberLabel } from '../../platform/text/scales.ts';
import { CHAMPION } from '../../services/training/gate.ts';
import type { VerdictChart } from '../../services/training/train.ts';
import { colour } from './look.ts';
import { domainOf, endLabels, endMargin, marginOf, verticalAxis } from './marks.ts';
import type { ChartFile, Panel } from './svg.ts';

const WIDTH = 712;
/** More points than this are drawn as every n-th: the chart stays small. */
const MAX_POINTS = 100;

export function verdictChart(verdict: VerdictChart): ChartFile {
  const { title, unit, outcome, reason, comparisons } = verdict;
  return {
    title: `${outcome.charAt(0).toUpperCase()}${outcome.slice(1)}: ${title}`,
    subtitle: wrapped(reason, 100),
    description: reason,
    panels: comparisons.length > 0 ? shown(comparisons).map((one) => panel(one, unit)) : [EMPTY],
  };
}

/** The best baseline, the champion, and whoever is not beaten. */
const shown = (comparisons: readonly Comparison[]): Comparison[] =>
  comparisons.filter(
    ({ reference, outcome }, i) => i === 0 || reference === CHAMPION || outcome !== 'better',
  );

const EMPTY: Panel = { width: WIDTH, height: 1, marks: [] };

/** A stem for every cutoff, the band of the interval, its mean, zero and the margin. */
function panel(comparison: Comparison, unit: string): Panel {
  const { reference, loss, level, differences, difference, interval, margin, cutoffs } = comparison;
  const sure = `${Number((100 * (1 - level)).toFixed(2))} %`;
  const every = Math.ceil(differences.length / MAX_POINTS);
  const points = differences.flatMap((value, at) => (at % every === 0 ? [{ at, value }] : []));
  const [low, high] = interval;
  const all = [...points.map(({ value }) => value), low, high, 0, margin];
  const ticks = niceTicks(Math.min(...all), Math.max(...all), 5);
  const domain = domainOf(ticks);
  const mean = numberLabel(Number(difference.toPrecision(3))).replace('-', '−');
  const labels = [
    { text: `mean ${mean}`, at: difference, fill: colour('forecast'), isBold: true },
    { text: 'no difference', at: 0, fill: colour('muted') },
    { text: 'margin', at: margin, fill: colour('naive') },
  ];
  const frame = {
    ...{ width: WIDTH, height: 200, marginTop: 16, marginBottom: 16 },
    ...{ marginLeft: marginOf(ticks), marginRight: endMargin(labels) },
  };
  const last = Math.max(1, differences.length - 1);
  const x = [-0.02 * last, 1.02 * last];
  const order = every === 1 ? '' : `, every ${every}th shown`;
  const lossName = loss === 'pinball' ? 'Pinball loss' : 'Error';
  return {
    ...frame,
    heading: `${lossName} of ${forecasterName(reference)} − that of the challenger, ${unit}`,
    note:
      `${cutoffs} cutoffs, oldest first${order}; above 0 the challenger is better. ` +
      `Band: the mean, ${sure} sure from below, 90 % from above.`,
    x: { domain: x, axis: null },
    y: { domain, axis: null },
    marks: [
      ...verticalAxis(ticks),
      Plot.rect([interval], {
        ...{ x1: () => x[0], x2: () => x[1], y1: () => low, y2: () => high },
        ...{ fill: colour('band80'), ariaDescription: 'interval of the mean' },
      }),
      Plot.ruleX(points, {
        x: 'at',
        y1: () => 0,
        y2: 'value',
        stroke: colour('muted'),
        strokeOpacity: 0.5,
      }),
      Plot.dot(points, {
        x: 'at',
        y: 'value',
        r: 2.6,
        fill: colour('actual'),
        ariaDescription: 'cutoffs',
      }),
      Plot.ruleY([0], { stroke: colour('muted'), ariaDescription: 'no difference' }),
      Plot.ruleY([margin], {
        ...{ stroke: colour('naive'), strokeDasharray: '4 3', ariaDescription: 'margin' },
      }),
      Plot.ruleY([difference], {
        ...{ stroke: colour('forecast'), strokeWidth: 2.25, ariaDescription: 'mean' },
      }),
      ...endLabels(labels, domain, frame),
    ],
  };
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.slice(0, 600).split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + word.length < width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
