/**
 * Purpose: how much better than naive, day by day: what was served, and what ran in shadow.
 * Invariants: the naive baseline is zero by definition; promotions and rollbacks are marked.
 * Fails: never.
 */
import { useCallback } from 'preact/hooks';
import { type Line, lineChart } from '../../../reports/charts/line-chart.ts';
import { type Tick, widthOf } from '../../../reports/charts/marks.ts';
import { PlotChart } from '../../charts/plot-chart.tsx';
import {
  type Decision,
  type Forecaster,
  isChange,
  noonOf,
  type Overview,
  orNaN,
} from '../../data/monitoring.ts';
import { usePage } from '../../data/page-context.ts';
import { shownTime } from '../../data/timeline.ts';
import { percent } from '../../parts/format.ts';
import { Section } from '../../parts/section.tsx';

const HEIGHT = 344;
const HALF_DAY_MS = 43_200_000;
/** About what axis and names take of the width. */
const MARGINS = 140;
const SHADOWS: readonly (readonly [place: Forecaster['place'], name: string, dash: string])[] = [
  ['challenger', 'challenger', '2 3'],
  ['previous', 'previous', '6 3'],
  ['twin', 'twin', '1 3'],
];

export interface OverTimeProps {
  readonly overview: Overview;
  /** Newest first. */
  readonly decisions: readonly Decision[];
}

export function OverTime({ overview, decisions }: OverTimeProps) {
  const { address, go, labels, timeline } = usePage();
  const shown = shownTime(address.at, timeline);
  const until = Math.max(...overview.days.map(noonOf)) + HALF_DAY_MS;
  const panel = useCallback(
    (width: number) => {
      const { days } = overview;
      const x = days.map(noonOf);
      const every = Math.max(1, Math.ceil(days.length / Math.max(2, Math.floor(width / 110))));
      const chart = lineChart({
        ...{ title: '', description: '', width, height: HEIGHT, x },
        xTicks: x.filter((_, i) => i % every === 0).map((at) => ({ at, label: labels.day(at) })),
        ...{ format: percent, tickFormat: percent, placeOf: (i) => labels.day(x[i] as number) },
        lines: [
          { name: 'naive', values: days.map(() => 0), colour: 'naive', dash: '4 3' },
          ...shadowLines(overview),
          {
            ...{ name: 'served', colour: 'forecast', isBold: true },
            values: days.map(({ served }) => orNaN(served?.skill)),
          },
        ],
        marks: changeMarks(decisions, x, width),
        holds: [0],
      });
      return chart.panels[0] as (typeof chart.panels)[number];
    },
    [overview, decisions, labels],
  );
  return (
    <Section columns={8} title="Better than naive by" note="live, by day of the target">
      <PlotChart
        height={HEIGHT}
        panel={panel}
        at={shown !== null && shown < until ? shown : null}
        onPick={(x) => go({ at: x })}
        label={`Skill of ${overview.days.length} days: ${overview.days
          .map(({ served }) => percent(orNaN(served?.skill)))
          .join(', ')}`}
      />
    </Section>
  );
}

/** Promotions and rollbacks; the name of one that has no room is left out. */
function changeMarks(decisions: readonly Decision[], x: readonly number[], width: number): Tick[] {
  const [first, last] = [x[0] ?? 0, x.at(-1) ?? 0];
  const scale = (width - MARGINS) / (last - first || 1);
  let free = 0;
  return decisions
    .filter(isChange)
    .map(({ at, kind }) => ({
      at: Date.parse(at),
      label: kind === 'promote' ? 'promoted' : 'rolled back',
    }))
    .filter(({ at }) => at >= first && at <= last)
    .sort((a, b) => a.at - b.at)
    .map(({ at, label }) => {
      const end = (at - first) * scale;
      const hasRoom = end - widthOf(label) >= free;
      if (hasRoom) free = end + widthOf(' ');
      return { at, label: hasRoom ? label : '' };
    });
}

/** Those that ran in shadow on one day or more. */
function shadowLines({ days }: Overview): Line[] {
  return SHADOWS.flatMap(([place, name, dash]): Line[] => {
    const values = days.map(({ forecasters }) =>
      orNaN(forecasters.find((one) => one.place === place)?.skill),
    );
    if (!values.some(Number.isFinite)) return [];
    return [{ name, values, colour: 'muted', dash }];
  });
}
