/**
 * Purpose: the charts of the monitoring report: loss and coverage by day, by step, and skill by
 * hour of the week.
 * Invariants: pure; what was served is the bold blue line, the best naive baseline amber; decisions
 * are marked where they were made.
 * Fails: never.
 */
import { forecasterName } from '../../forecasting/evaluation/forecaster-names.ts';
import { timeLabels } from '../../platform/text/scales.ts';
import type { MonitoringReport, Pair } from '../../services/monitoring/report.ts';
import { figure, percent, signedPercent } from '../text/figures.ts';
import type { PageDomain } from './leaderboard-charts.ts';
import { type Line, lineChart } from './line-chart.ts';
import type { Tick } from './marks.ts';
import type { Chart } from './svg.ts';
import { weekChart } from './week-chart.ts';

const values = (pairs: readonly Pair[], of: (pair: Pair) => number | undefined): number[] =>
  pairs.map((pair) => of(pair) ?? Number.NaN);

const lossLines = (pairs: readonly Pair[], naive: string): Line[] => [
  {
    name: naive,
    values: values(pairs, ({ naive: n }) => n?.pinball),
    colour: 'naive',
    dash: '9 3',
  },
  {
    name: 'served',
    values: values(pairs, ({ served }) => served?.pinball),
    colour: 'forecast',
    isBold: true,
  },
];

const naiveName = ({ bestNaive }: MonitoringReport): string =>
  bestNaive === null ? 'naive' : forecasterName(bestNaive);

function dayAxis({ days }: MonitoringReport, { timeZone }: PageDomain) {
  const labels = timeLabels(timeZone);
  // Noon: a UTC day is named by the local day that most of it lies in.
  const noon = days.map(({ day }) => day + 43_200_000);
  const every = Math.max(1, Math.ceil(days.length / 9));
  return {
    x: noon,
    xTicks: noon.filter((_, i) => i % every === 0).map((at) => ({ at, label: labels.day(at) })),
    placeOf: (i: number) => labels.day(noon[i] as number),
  };
}

/** What changed what is served, for the marks of a chart. */
const CHANGES: ReadonlyMap<string, string> = new Map([
  ['promote', 'promoted'],
  ['rollback', 'rolled back'],
]);

export function lossByDay(report: MonitoringReport, domain: PageDomain): Chart {
  return lineChart({
    title: 'Pinball loss by day',
    description:
      `One value per day of targets, over all series and steps, in ${domain.unit}: what was ` +
      `served and the best naive baseline, ${naiveName(report)}.`,
    height: 260,
    ...dayAxis(report, domain),
    format: figure,
    lines: lossLines(report.days, naiveName(report)),
    holds: [0],
    marks: marksOf(report),
  });
}

/** So near to another mark, as a share of the span, the name of a holiday would lie over its name. */
const TOO_NEAR = 0.12;

/** Changes of what is served, and the known days that there is room for. */
function marksOf({ decisions, knownDays, days }: MonitoringReport): Tick[] {
  const [first, last] = [days[0]?.day ?? 0, (days.at(-1)?.day ?? 0) + 86_400_000];
  const marks = decisions.flatMap(({ at, kind }): Tick[] => {
    const label = CHANGES.get(kind);
    return label === undefined ? [] : [{ at, label }];
  });
  const isNear = (at: number) =>
    marks.some((mark) => Math.abs(mark.at - at) < TOO_NEAR * (last - first));
  for (const { at, name } of knownDays) {
    const noon = at + 43_200_000;
    if (noon > first && noon < last && !isNear(noon)) marks.push({ at: noon, label: name });
  }
  return marks;
}

export function coverageByDay(report: MonitoringReport, domain: PageDomain): Chart | null {
  const nominal = report.forecasters[0]?.nominal ?? Number.NaN;
  if (!Number.isFinite(nominal)) return null;
  return lineChart({
    title: `Share of actuals inside the ${percent(nominal, 0)} interval, by day`,
    description: 'One value per day of targets, over all series and steps, of what was served.',
    height: 200,
    ...dayAxis(report, domain),
    format: percent,
    tickFormat: (value) => percent(value, 0),
    lines: [
      {
        name: 'served',
        values: values(report.days, ({ served }) => served?.coverage),
        colour: 'forecast',
        isBold: true,
      },
    ],
    rule: { at: nominal, label: `nominal ${percent(nominal, 0)}` },
    holds: [nominal - 0.1, Math.min(1, nominal + 0.1)],
  });
}

export function lossByStep(report: MonitoringReport, { unit }: PageDomain): Chart {
  const { steps } = report;
  const places = steps.map((_, i) => i + 1);
  const every = Math.max(1, Math.round(steps.length / 8));
  return lineChart({
    title: 'Pinball loss by step',
    description: `Over all issues and series, in ${unit}.`,
    height: 240,
    x: places,
    xLabel: 'steps ahead',
    xTicks: places
      .filter((step) => step === 1 || step % every === 0)
      .map((at) => ({ at, label: String(at) })),
    placeOf: (i) => `step ${i + 1}`,
    format: figure,
    holds: [0],
    lines: lossLines(steps, naiveName(report)),
  });
}

export function skillOfWeek(report: MonitoringReport, { timeZone }: PageDomain): Chart {
  const skills = report.hoursOfWeek.map(({ served, naive }) =>
    served && naive ? 1 - served.pinball / naive.pinball : Number.NaN,
  );
  return weekChart({
    title: 'Skill by hour of the local week',
    description:
      `Pinball loss of what was served against ${naiveName(report)}, by weekday and hour of the ` +
      `target, ${timeZone}.`,
    values: skills,
    format: signedPercent,
    isSigned: true,
  });
}
