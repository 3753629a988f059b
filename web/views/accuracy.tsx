/**
 * Purpose: were we right: skill and coverage of what was served, over time, by lead time, by hour
 * of the week and by series, next to everything that forecasts in shadow.
 * Invariants: every number is the API's own, or a share written as one of a hundred; live scores
 * alone, none of a backtest.
 * Fails: in words, where there is no score yet.
 */
import { forecasterName } from '../../forecasting/evaluation/forecaster-names.ts';
import {
  type Decision,
  isChange,
  loadDecisions,
  loadMonitoring,
  noonOf,
  type Overview,
  orNaN,
  useRefreshed,
} from '../data/monitoring.ts';
import { usePage } from '../data/page-context.ts';
import { exact, percent, plural } from '../parts/format.ts';
import { Finding } from '../parts/section.tsx';
import { NotLoaded, Skeleton, Whole } from '../shell/states.tsx';
import { ByLeadTime } from './accuracy/by-lead-time.tsx';
import { ByWeek } from './accuracy/by-week.tsx';
import { Calibration } from './accuracy/calibration.tsx';
import { OverTime } from './accuracy/over-time.tsx';
import { BestAndWorst } from './accuracy/series-lists.tsx';
import { WhoForecasts } from './accuracy/who-forecasts.tsx';

const LIST = 4;
const NO_DECISIONS: readonly Decision[] = [];
const WEEKDAYS = [
  'Mondays',
  'Tuesdays',
  'Wednesdays',
  'Thursdays',
  'Fridays',
  'Saturdays',
  'Sundays',
];

export function Accuracy() {
  const { value, trouble } = useRefreshed('monitoring', loadMonitoring(LIST));
  if (value?.overview?.served) return <Shown overview={value.overview} />;
  if (value === null && trouble === null) return <Skeleton />;
  if (value === null) return <NotLoaded title="The scores cannot be loaded" trouble={trouble} />;
  return (
    <Whole title="No forecast has been scored yet">
      <p>
        A check scores forecasts whose actuals came. The schedule makes one every hour; these
        commands give a new system a record of its last two weeks.
      </p>
      <pre>headway forecast --since 2026-03-01T00:00Z{'\n'}headway monitor</pre>
    </Whole>
  );
}

function Shown({ overview }: { readonly overview: Overview }) {
  const { about, labels } = usePage();
  const { domain } = about;
  const { served, days } = overview;
  const skill = orNaN(served?.skill);
  const decisions = useRefreshed('decisions', loadDecisions).value ?? NO_DECISIONS;
  const [first, last] = [days[0], days.at(-1)];
  const noon = (one: (typeof days)[number]) => labels.day(noonOf(one));
  return (
    <>
      <Finding title={<Title overview={overview} skill={skill} />}>
        {first && last && (
          <>
            {noon(first)} to {noon(last)}: {exact(orNaN(served?.pairs))} forecasts of{' '}
            {exact(overview.series.total)} {plural(domain.seriesNoun)} met their actual, at every
            lead time.{' '}
          </>
        )}
        {overview.pending > 0 && <>{exact(overview.pending)} actuals are still to come. </>}
        {weakest(overview)} {beforeTheFirst(decisions, first, labels.full)}
      </Finding>
      <div class="grid">
        <OverTime overview={overview} decisions={decisions} />
        <WhoForecasts overview={overview} unit={domain.unit} />
        <Calibration overview={overview} />
        <ByWeek overview={overview} />
        <BestAndWorst overview={overview} />
        <ByLeadTime overview={overview} />
      </div>
    </>
  );
}

/** A new system is scored on what its model would have forecast: that must be said. */
function beforeTheFirst(
  decisions: readonly Decision[],
  first: Overview['days'][number] | undefined,
  full: (time: number) => string,
): string {
  const promoted = decisions.findLast(isChange);
  if (promoted === undefined || first === undefined) return '';
  const time = Date.parse(promoted.at);
  if (time <= Date.parse(first.day)) return '';
  return (
    `No model was promoted before ${full(time)}: what came before is scored on what it would ` +
    'have forecast, or on the baseline that served.'
  );
}

function Title({ overview, skill }: { readonly overview: Overview; readonly skill: number }) {
  const { served, bestNaive } = overview;
  const naive = bestNaive === null ? 'the best naive one' : `the ${forecasterName(bestNaive)}`;
  const [held, should] = [orNaN(served?.coverage), orNaN(served?.nominal)].map((share) =>
    Math.round(100 * share),
  );
  return (
    <>
      {skill >= 0 ? (
        <>
          The forecast beats {naive} by <b>{percent(skill)}</b>
        </>
      ) : (
        <>
          <span class="trouble">The forecast loses to {naive}</span> by <b>{percent(-skill)}</b>
        </>
      )}
      {Number.isFinite(held) && (
        <>
          ; of 100 intervals {should} should hold, <b>{held} did</b>
        </>
      )}
    </>
  );
}

/** The day of the week at which it is the least better, in one sentence. */
function weakest({ hoursOfWeek }: Overview): string {
  const days = WEEKDAYS.map((name, weekday) => {
    const hours = hoursOfWeek.slice(24 * weekday, 24 * weekday + 24);
    const sum = (of: (one: Overview['hoursOfWeek'][number]) => number) =>
      hours.reduce((total, one) => total + (Number.isFinite(of(one)) ? of(one) : 0), 0);
    const own = sum(({ served }) => orNaN(served?.pinball) * orNaN(served?.pairs));
    const naive = sum(({ naive: one }) => orNaN(one?.pinball) * orNaN(one?.pairs));
    return { name, skill: naive > 0 ? 1 - own / naive : Number.NaN };
  }).filter(({ skill }) => Number.isFinite(skill));
  if (days.length < 2) return '';
  const worst = days.reduce((a, b) => (b.skill < a.skill ? b : a));
  return `It is weakest on ${worst.name}, with ${percent(worst.skill)}.`;
}
