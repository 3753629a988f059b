import { describe, expect, test } from '@jest/globals';
import type { Comparison } from '../../../../forecasting/evaluation/comparison.ts';
import { verdictSvg } from '../../../../reports/svg-files.ts';
import type { VerdictChart } from '../../../../services/training/train.ts';
import { BROKEN, countOf, textsOf } from '../../../fixtures/drawn.ts';

const comparisonOf = (reference: string, differences: number[]): Comparison => ({
  challenger: 'network',
  reference,
  loss: 'pinball',
  skill: 0.1,
  difference: 0.2,
  standardError: 0.05,
  statistic: 4,
  level: 0.01,
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
const verdict: VerdictChart = {
  title: 'Demand <of> "all"',
  unit: 'trips & tours',
  outcome: 'promoted',
  reason: 'promoted: 10 % better',
  comparisons: [comparisonOf('mean_4_weeks', wave(26)), comparisonOf('champion', wave(11))],
};

describe('verdict chart', () => {
  const svg = verdictSvg(verdict);

  test('draws every cutoff, the interval, the mean, zero and the margin per opponent', () => {
    expect(countOf(svg, 'cutoffs', 'circle')).toBe(26 + 11);
    expect(countOf(svg, 'interval of the mean', 'rect')).toBe(2);
    for (const line of ['mean', 'no difference', 'margin'])
      expect(countOf(svg, line, 'line')).toBe(2);
    for (const text of [
      '26 cutoffs',
      '11 cutoffs',
      'Pinball loss of champion',
      'promoted: 10 % better',
      '99 % sure from below',
    ])
      expect(textsOf(svg).join('\n')).toContain(text);
    expect(svg).toContain('<title id="t">Promoted: Demand');
    expect(svg).toContain('<desc id="d">promoted: 10 % better</desc>');
  });

  test('omits beaten opponents except the best baseline and the champion', () => {
    const beaten = comparisonOf('last_value', wave(26));
    const close = { ...comparisonOf('seasonal_naive', wave(26)), outcome: 'undecided' as const };
    const [best, champion] = verdict.comparisons as [Comparison, Comparison];
    const shown = (comparisons: Comparison[]) =>
      countOf(verdictSvg({ ...verdict, comparisons }), 'mean', 'line');
    expect(shown([best, beaten, champion])).toBe(2);
    expect(shown([best, beaten, close, champion])).toBe(3);
  });

  test('escapes data and loads nothing', () => {
    expect(svg).toContain('Demand &lt;of&gt; &quot;all&quot;');
    expect(svg).toContain('trips &amp; tours');
    expect(svg).not.toMatch(BROKEN);
    expect(svg).toContain('prefers-color-scheme:dark');
  });

  test('stays below 30 kB for any number of cutoffs and any reason', () => {
    const long = verdictSvg({
      ...verdict,
      reason: 'why '.repeat(500),
      comparisons: [1, 2].map(() => comparisonOf('champion', wave(3000))),
    });
    expect(long.length).toBeLessThan(30_000);
    expect(long).toContain('every 30th shown');
  });

  test('draws a verdict without comparisons and with zero differences', () => {
    const none = verdictSvg({ ...verdict, outcome: 'rejected', comparisons: [] });
    expect(none).toContain('Rejected: ');
    const flat = {
      ...comparisonOf('champion', [0, 0, 0, 0]),
      difference: 0,
      interval: [0, 0] as const,
      margin: 0,
    };
    expect(verdictSvg({ ...verdict, comparisons: [flat] })).not.toMatch(BROKEN);
  });
});
