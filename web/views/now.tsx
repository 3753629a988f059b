/**
 * Purpose: where demand will be: the total and all series at one time, before or after the cutoff.
 * Invariants: every number is the API's own, or a sum or difference of such; means are added up,
 * never quantiles; the order of the tiles stays while the time moves.
 * Fails: in words, where the forecasts cannot be loaded.
 */
import { useMemo } from 'preact/hooks';
import { timeLabels } from '../../platform/text/scales.ts';
import { indexOfHighest, intervalNoun, naiveName, seasonOf } from '../data/forecast.ts';
import { type Forecast, usePage } from '../data/page-context.ts';
import { useData } from '../data/use-data.ts';
import { capital, counted, exact, figure, percent, plural } from '../parts/format.ts';
import { Finding, Section } from '../parts/section.tsx';
import { TimeSlider } from '../parts/time-slider.tsx';
import { useStep } from '../parts/use-step.ts';
import { Skeleton, Whole } from '../shell/states.tsx';
import { type Row, type Rows, riseOf, rowsOf, SHOWN_PAST, sumOf } from './now/row.ts';
import { SeriesList } from './now/series-list.tsx';
import { Tiles } from './now/tiles.tsx';
import { TotalChart } from './now/total-chart.tsx';

const LIST = 5;
/** Of more series, no history is loaded: it would be tens of megabytes. */
const MAX_WITH_HISTORY = 1000;
/** Less change than this is "about as many". */
const ABOUT = 0.03;

export function Now() {
  const { about, series } = usePage();
  const { domain } = about;
  const history = series.length > MAX_WITH_HISTORY ? 0 : seasonOf(domain) + SHOWN_PAST;
  const { value, trouble } = useData('forecasts', async ({ forecastLines }) => {
    const found = new Map<string, Forecast>();
    for await (const forecast of forecastLines({ history }))
      found.set(forecast.seriesId as string, forecast);
    return found;
  });
  const rows = useMemo(
    () => (value === null ? null : rowsOf(series, value, domain)),
    [value, series, domain],
  );
  if (rows !== null) return <Shown of={rows} />;
  if (value === null && trouble === null) return <Skeleton />;
  return (
    <Whole title={`No ${domain.seriesNoun} can be forecast`}>
      <p>
        {trouble?.problem?.detail ?? 'The recent history of none suffices'}. {trouble?.problem?.fix}
      </p>
    </Whole>
  );
}

function Shown({ of }: { readonly of: Rows }) {
  const { about } = usePage();
  const { domain } = about;
  const { rows, times, past } = of;
  const total = useMemo(() => sumOf(rows, 'values'), [rows]);
  const before = useMemo(() => sumOf(rows, 'before'), [rows]);
  const peak = past + indexOfHighest(total.slice(past));
  const { index, moveTo } = useStep(times, peak);
  const { hour } = timeLabels(domain.timeZone);
  const at = hour(times[index] as number);
  const valueAt = (row: Row) => row.values[index] as number;
  const busiest = top(rows, valueAt);
  const rising = top(rows, (row) => riseOf(row, index)).filter((row) => riseOf(row, index) > 0);
  const nouns = plural(domain.seriesNoun);
  const isPast = index < past;
  return (
    <>
      <TimeSlider
        {...{ times, index, past }}
        values={total}
        timeZone={domain.timeZone}
        onTime={moveTo}
      />
      <TotalFinding {...{ of, total, before, peak }} />
      <div class="grid">
        <TotalChart {...{ of, total, before, index, moveTo }} />
        <Section
          columns={6}
          title={`Where, at ${at}`}
          note={isPast ? 'what happened' : 'mean forecast'}
        >
          <Tiles {...{ rows, index, isPast }} />
        </Section>
        <div class="c6 stack">
          <Section
            columns={6}
            title={`Busiest at ${at}`}
            note={changeNote(before, index, naiveName(domain))}
          >
            <SeriesList rows={busiest} {...{ of, index }} />
          </Section>
          {rising.length > 0 && (
            <Section columns={6} title="Rising fastest" note={`against ${naiveName(domain)}`}>
              <SeriesList rows={rising} {...{ of, index }} />
            </Section>
          )}
          <p class="note">
            {exact(rows.length)} {nouns} of {exact(about.snapshot.series)} have a forecast.
          </p>
        </div>
      </div>
    </>
  );
}

const changeNote = (before: readonly number[], index: number, name: string): string =>
  Number.isFinite(before[index]) ? `and the change against ${name}` : '';

/** The LIST rows with the highest values. */
const top = (rows: readonly Row[], rank: (row: Row) => number): Row[] =>
  rows
    .filter((row) => Number.isFinite(rank(row)))
    .sort((a, b) => rank(b) - rank(a))
    .slice(0, LIST);

interface TotalFindingProps {
  readonly of: Rows;
  readonly total: readonly number[];
  readonly before: readonly number[];
  readonly peak: number;
}

function TotalFinding({ of, total, before, peak }: TotalFindingProps) {
  const { about } = usePage();
  const { domain } = about;
  const { hour } = timeLabels(domain.timeZone);
  const noun = counted(domain.unit);
  const value = total[peak] as number;
  const then = before[peak] as number;
  const ahead = total.slice(of.past);
  const sum = ahead.reduce((all, one) => all + one, 0);
  return (
    <Finding
      title={
        <>
          Demand peaks at {hour(of.times[peak] as number)}:{' '}
          <b>
            {figure(value)} {noun}
          </b>
          <span class="soft"> in the mean</span>
        </>
      }
    >
      {exact(of.rows.length)} {plural(domain.seriesNoun)} together
      {Number.isFinite(then) &&
        `, ${compared(value / then - 1)} at the same time ${naiveName(domain)} (${figure(then)})`}
      . {capital(figure(sum))} {noun} in the next {ahead.length} {intervalNoun(domain)}s.
    </Finding>
  );
}

function compared(change: number): string {
  if (Math.abs(change) < ABOUT) return 'about as many as';
  return `${percent(Math.abs(change))} ${change > 0 ? 'more' : 'fewer'} than`;
}
