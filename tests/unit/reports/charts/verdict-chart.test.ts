/**
 * Purpose: the picture of a verdict: what is on it, what it must not hold, and that it stays small.
 */
import { describe, expect, test } from '@jest/globals';
import type { Comparison } from '../../../../forecasting/evaluation/comparison.ts';
import { verdictSvg } from '../../../../reports/charts/verdict-chart.ts';
import type { VerdictChart } from '../../../../services/training/train.ts';

const comparisonOf = (reference: string, differences: number[]): Comparison => ({
  challenger: 'network',
  reference,
  loss: 'pinball',
  skill: 0.1,
  difference: 0.2,
  standardError: 0.05,
  statistic: 4,
  threshold: 2.25,
  interval: [0.09, 0.29],
  margin: 0.01,
  outcome: 'better',
  isBetter: true,
  cutoffs: differences.length,
  differences,
  moreCutoffs: null,
});
const wave = (count: number) => Array.from({ length: count }, (_, c) => 0.2 + Math.sin(c));
const picture: VerdictChart = {
  title: 'Demand <of> "all"',
  unit: 'trips & tours',
  outcome: 'promoted',
  reason: 'promoted: 10 % better',
  comparisons: [comparisonOf('mean_4_weeks', wave(26)), comparisonOf('champion', wave(11))],
};

describe('the picture of a verdict', () => {
  const svg = verdictSvg(picture);

  test('has a point for every cutoff, the interval, the mean, zero and what matters, for each opponent', () => {
    expect(svg.match(/<circle/g)).toHaveLength(26 + 11);
    for (const one of ['class="band"', 'class="mean"', 'class="zero"', 'class="margin"'])
      expect(svg.split(one)).toHaveLength(3);
    for (const one of [
      '26 cutoffs',
      '11 cutoffs',
      'Pinball loss of champion',
      'promoted: 10 % better',
      'class="flag promoted"',
    ])
      expect(svg).toContain(one);
  });

  test('escapes what comes from data, and loads nothing', () => {
    expect(svg).toContain('Demand &lt;of&gt; &quot;all&quot;');
    expect(svg).toContain('trips &amp; tours');
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|<script|NaN|Infinity|undefined/,
    );
    expect(svg).toContain('prefers-color-scheme:dark');
  });

  test('stays below 30 kB, however many cutoffs and however long the reason', () => {
    const long = {
      ...picture,
      reason: 'why '.repeat(500),
      comparisons: [1, 2].map(() => comparisonOf('champion', wave(3000))),
    };
    expect(verdictSvg(long).length).toBeLessThan(30_000);
    expect(verdictSvg(long)).toContain('every 25th shown');
  });

  test('no comparisons, and differences that are all nothing, are drawn too', () => {
    expect(verdictSvg({ ...picture, outcome: 'rejected', comparisons: [] })).toContain(
      'class="flag rejected"',
    );
    const flat = {
      ...comparisonOf('champion', [0, 0, 0, 0]),
      difference: 0,
      interval: [0, 0] as const,
      margin: 0,
    };
    expect(verdictSvg({ ...picture, comparisons: [flat] })).not.toMatch(/NaN|Infinity/);
  });
});
