/**
 * Purpose: how many intervals of this series held, by how far ahead they were made.
 * Invariants: counted over the forecasts that were served and whose actuals are known; the interval
 * is the one that the service scores.
 * Fails: never; nothing where no forecast of several steps can be counted.
 */
import { useCallback, useMemo } from 'preact/hooks';
import { coveragePanel, NEAR } from '../../charts/coverage.ts';
import { PlotChart } from '../../charts/plot-chart.tsx';
import { intervalNoun } from '../../data/forecast.ts';
import { usePage } from '../../data/page-context.ts';
import { held, type PastForecast } from '../../data/record.ts';
import { exact } from '../../parts/format.ts';
import { Section } from '../../parts/section.tsx';

const HEIGHT = 232;

export interface CoverageByStepProps {
  /** null: not loaded. */
  readonly pairs: readonly PastForecast[] | null;
}

const NONE: readonly PastForecast[] = [];

export function CoverageByStep({ pairs }: CoverageByStepProps) {
  const { about } = usePage();
  const { values, nominal, count } = useMemo(() => byStep(pairs ?? NONE), [pairs]);
  const stepsAhead = `${intervalNoun(about.domain)}s ahead`;
  const panel = useCallback(
    (width: number) => coveragePanel({ values, nominal, stepsAhead }, width, HEIGHT),
    [values, nominal, stepsAhead],
  );
  if (pairs === null)
    return (
      <Section columns={8} title="By step ahead">
        <div style={{ height: `${HEIGHT}px` }} />
      </Section>
    );
  // Of one step there is nothing to compare.
  if (values.length < 2) return null;
  const should = Math.round(100 * nominal);
  const shown = values.map((value) => Math.round(100 * value));
  const near = values.filter((value) => Math.abs(100 * (value - nominal)) <= NEAR).length;
  return (
    <Section
      columns={8}
      title={`Of 100 intervals ${should} should hold, by ${intervalNoun(about.domain)} ahead`}
      note={
        `${near} of ${values.length} steps between ${should - NEAR} and ${should + NEAR}; ` +
        `${exact(count)} intervals`
      }
    >
      <PlotChart
        height={HEIGHT}
        panel={panel}
        label={`Of 100 intervals ${should} should hold; by step: ${shown.join(', ')}`}
      />
    </Section>
  );
}

/** [step − 1]: the share of intervals that held; NaN where there was none. */
export function byStep(pairs: readonly PastForecast[]) {
  const counts: { held: number; of: number }[] = [];
  let [nominal, count] = [0, 0];
  for (const pair of pairs) {
    const isHeld = held(pair);
    if (isHeld === null) continue;
    const own = counts[pair.step - 1] ?? { held: 0, of: 0 };
    counts[pair.step - 1] = { held: own.held + (isHeld ? 1 : 0), of: own.of + 1 };
    nominal += pair.level / 100;
    count++;
  }
  const values = Array.from(counts, (one) => (one ? one.held / one.of : Number.NaN));
  return { values, nominal: nominal / Math.max(1, count), count };
}
