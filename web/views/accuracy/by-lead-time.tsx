/**
 * Purpose: how the error grows with the lead time, next to the naive baseline's.
 * Invariants: mean absolute errors of the API, from zero.
 * Fails: never.
 */
import { useCallback } from 'preact/hooks';
import { forecasterName } from '../../../forecasting/evaluation/forecaster-names.ts';
import { lineChart } from '../../../reports/charts/line-chart.ts';
import { PlotChart } from '../../charts/plot-chart.tsx';
import { intervalNoun } from '../../data/forecast.ts';
import { type Overview, orNaN } from '../../data/monitoring.ts';
import { usePage } from '../../data/page-context.ts';
import { figure } from '../../parts/format.ts';
import { Section } from '../../parts/section.tsx';

const HEIGHT = 240;

export function ByLeadTime({ overview }: { readonly overview: Overview }) {
  const { about } = usePage();
  const { domain } = about;
  const { steps, bestNaive } = overview;
  const noun = intervalNoun(domain);
  const panel = useCallback(
    (width: number) => {
      const x = steps.map(({ step }) => step);
      const every = Math.max(1, Math.ceil(x.length / Math.max(2, Math.floor(width / 100))));
      const chart = lineChart({
        ...{ title: '', description: '', width, height: HEIGHT, x, xLabel: `${noun}s ahead` },
        xTicks: x
          .filter((step) => step === 1 || step % every === 0)
          .map((at) => ({ at, label: String(at) })),
        ...{ format: figure, placeOf: (i) => `step ${x[i]}`, holds: [0] },
        lines: [
          {
            name: bestNaive === null ? 'naive' : forecasterName(bestNaive),
            values: steps.map(({ naive }) => orNaN(naive?.mae)),
            ...{ colour: 'naive', dash: '4 3' },
          },
          {
            ...{ name: 'served', colour: 'forecast', isBold: true },
            values: steps.map(({ served }) => orNaN(served?.mae)),
          },
        ],
      });
      return chart.panels[0] as (typeof chart.panels)[number];
    },
    [steps, bestNaive, noun],
  );
  const errors = steps.map(({ served }) => orNaN(served?.mae));
  return (
    <Section columns={12} title="Off by, the further ahead" note={domain.unit}>
      <PlotChart
        height={HEIGHT}
        panel={panel}
        label={`Mean error by step: ${errors.map(figure).join(', ')}`}
      />
    </Section>
  );
}
