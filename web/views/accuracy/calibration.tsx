/**
 * Purpose: whether intervals hold what they say: of a hundred, and at each step.
 * Invariants: understood without a legend of quantiles.
 * Fails: never; nothing where the forecaster has no interval.
 */
import { useCallback } from 'preact/hooks';
import { coveragePanel, NEAR } from '../../charts/coverage.ts';
import { Hundred } from '../../charts/hundred.tsx';
import { PlotChart } from '../../charts/plot-chart.tsx';
import { intervalNoun } from '../../data/forecast.ts';
import { type Overview, orNaN } from '../../data/monitoring.ts';
import { usePage } from '../../data/page-context.ts';
import { Section } from '../../parts/section.tsx';

const HEIGHT = 232;

export function Calibration({ overview }: { readonly overview: Overview }) {
  const { about } = usePage();
  const { served, steps } = overview;
  const nominal = orNaN(served?.nominal);
  const stepsAhead = `${intervalNoun(about.domain)}s ahead`;
  const panel = useCallback(
    (width: number) => {
      const values = steps.map((step) => orNaN(step.served?.coverage));
      return coveragePanel({ values, nominal, stepsAhead }, width, HEIGHT);
    },
    [steps, nominal, stepsAhead],
  );
  if (served?.coverage == null || !Number.isFinite(nominal)) return null;
  const held = Math.round(100 * served.coverage);
  const should = Math.round(100 * nominal);
  const near = steps.filter(
    (step) => Math.abs(100 * (orNaN(step.served?.coverage) - nominal)) <= NEAR,
  ).length;
  return (
    <>
      <Section columns={4} title={`Of 100 intervals, ${held} held`}>
        <Hundred {...{ held, should }} />
      </Section>
      <Section
        columns={8}
        title="The same at each step ahead"
        note={`${near} of ${steps.length} steps between ${should - NEAR} and ${should + NEAR}`}
      >
        <PlotChart
          height={HEIGHT}
          panel={panel}
          label={`Of 100 intervals ${should} should hold; by step: ${steps
            .map((step) => Math.round(100 * orNaN(step.served?.coverage)))
            .join(', ')}`}
        />
      </Section>
    </>
  );
}
