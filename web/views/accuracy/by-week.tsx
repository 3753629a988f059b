/**
 * Purpose: at which hours of the local week the forecast is good, and where its intervals hold.
 * Invariants: which of the two is shown stands in the address; a loss has a mark, not a colour
 * alone.
 * Fails: never.
 */
import { useCallback, useMemo } from 'preact/hooks';
import { weekChart } from '../../../reports/charts/week-chart.ts';
import { PlotChart } from '../../charts/plot-chart.tsx';
import { type Overview, orNaN } from '../../data/monitoring.ts';
import { usePage } from '../../data/page-context.ts';
import { percent } from '../../parts/format.ts';
import { Section } from '../../parts/section.tsx';

const HEIGHT = 232;
const SHOWN = ['better', 'held'] as const;
type ShownValue = (typeof SHOWN)[number];
const WORDS: Readonly<Record<ShownValue, readonly [button: string, blue: string, amber: string]>> =
  {
    better: ['Better than naive', 'better', 'worse'],
    held: ['Intervals held', 'more than should', 'fewer'],
  };

export function ByWeek({ overview }: { readonly overview: Overview }) {
  const { address, go } = usePage();
  const shown = SHOWN.find((one) => one === address.query.week) ?? 'better';
  const { hoursOfWeek } = overview;
  const values = useMemo(
    () => hoursOfWeek.map((pair) => shareOf(pair, shown)),
    [hoursOfWeek, shown],
  );
  const panel = useCallback(
    (width: number) => {
      const chart = weekChart({
        ...{ title: '', description: '', width, height: HEIGHT, isSigned: true },
        values,
        format: (value) => `${value > 0 ? '+' : ''}${percent(value)}`,
      });
      return chart.panels[0] as (typeof chart.panels)[number];
    },
    [values],
  );
  const below = values.filter((value) => value < 0).length;
  const highest = Math.max(...values.filter(Number.isFinite).map(Math.abs), 0);
  const [, blue, amber] = WORDS[shown];
  return (
    <Section
      columns={8}
      title="By hour of the week"
      note={
        <span class="key">
          <i class="scale" /> to {percent(highest)} {blue}
          <i class="below">−</i> {amber}
        </span>
      }
    >
      <fieldset class="toggles week-toggles">
        <legend class="hidden">What is shown by hour of the week</legend>
        {SHOWN.map((one) => (
          <button
            key={one}
            type="button"
            class="button"
            aria-pressed={one === shown}
            onClick={() => go({ query: { ...address.query, week: one } })}
          >
            {WORDS[one][0]}
          </button>
        ))}
      </fieldset>
      <PlotChart
        height={HEIGHT}
        panel={panel}
        label={`${below} of ${values.length} hours of the week: ${amber}`}
      />
    </Section>
  );
}

/** Skill by the pair's own losses; or how many more of the intervals held than should. */
function shareOf(pair: Overview['hoursOfWeek'][number], shown: ShownValue): number {
  if (shown === 'held') return orNaN(pair.served?.coverage) - orNaN(pair.served?.nominal);
  return 1 - orNaN(pair.served?.pinball) / orNaN(pair.naive?.pinball);
}
