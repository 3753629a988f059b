/**
 * Purpose: one series: what was, what will be, how sure that is, why, and how to take it along.
 * Invariants: every number is the API's own, or a difference, sum or share of such; the title is
 * computed from the data.
 * Fails: in words, where the series cannot be forecast; another series' chart is never shown.
 */
import { useCallback, useMemo, useState } from 'preact/hooks';
import { dataOf } from '../../clients/typescript/headway-client.ts';
import { timeLabels } from '../../platform/text/scales.ts';
import { fanPanel } from '../charts/fan.ts';
import { PlotChart } from '../charts/plot-chart.tsx';
import {
  bandFor,
  type Columns,
  columnsOf,
  indexOfHighest,
  intervalNoun,
  naiveName,
  seasonOf,
} from '../data/forecast.ts';
import { type Forecast, type SeriesInfo, usePage } from '../data/page-context.ts';
import { useData } from '../data/use-data.ts';
import { capital, counted, exact, figure } from '../parts/format.ts';
import { Finding } from '../parts/section.tsx';
import { indexAt, useStep } from '../parts/use-step.ts';
import { Skeleton, Whole } from '../shell/states.tsx';
import { NumbersTable } from './series/numbers-table.tsx';
import { TakeAlong } from './series/take-along.tsx';
import { Why } from './series/why.tsx';

const DAY_MS = 86_400_000;
/** What is loaded. */
const HISTORY_DAYS = 28;
const MAX_HISTORY = 2000;
/** What is shown before the cutoff, in days. */
const SPANS = [2, 7, 28] as const;

export function SeriesView() {
  const { address, about, series } = usePage();
  const chosen = series.find(({ seriesId }) => seriesId === address.id);
  const first = series.find(({ forecast }) => forecast) ?? series[0];
  const one = address.id === null ? first : chosen;
  const { domain } = about;
  if (one === undefined)
    return (
      <Whole title={`There is no ${domain.seriesNoun} ${address.id ?? ''}`}>
        <p>
          The search above lists all {exact(series.length)} of them; <kbd>/</kbd> opens it.
        </p>
      </Whole>
    );
  return <Loaded key={one.seriesId} series={one} />;
}

function Loaded({ series }: { readonly series: SeriesInfo }) {
  const { about } = usePage();
  const { domain } = about;
  const id = series.seriesId;
  const history = historyOf(domain);
  const { value, trouble } = useData(`forecast ${id}`, async ({ GET }) => {
    const params = { path: { id }, query: { history } };
    return (await dataOf(GET('/v1/series/{id}/forecast', { params }))) as Forecast;
  });
  if (value !== null) return <Shown series={series} forecast={value} history={history} />;
  if (trouble === null) return <Skeleton />;
  return (
    <Whole title={`${series.title} has no forecast`}>
      <p>
        {trouble.problem?.detail ?? 'The service cannot be reached'}. {trouble.problem?.fix}
      </p>
    </Whole>
  );
}

function historyOf(domain: Parameters<typeof seasonOf>[0]): number {
  const season = seasonOf(domain);
  const day = domain.seasonLengths[0] ?? season;
  return Math.min(MAX_HISTORY, Math.max(season, HISTORY_DAYS * day));
}

interface ShownProps {
  readonly series: SeriesInfo;
  readonly forecast: Forecast;
  readonly history: number;
}

function Shown({ series, forecast, history }: ShownProps) {
  const { about, address, go } = usePage();
  const { domain } = about;
  const columns = useMemo(() => columnsOf(forecast, domain), [forecast, domain]);
  const { pastTimes, times, cutoff, intervalMs, median } = columns;
  const every = useMemo(() => [...pastTimes, ...times], [pastTimes, times]);
  const peak = pastTimes.length + indexOfHighest(median);
  const { index, moveTo } = useStep(every, peak);
  const [hovered, setHovered] = useState<number | null>(null);
  const days = SPANS.find((span) => String(span) === address.query.days) ?? SPANS[0];
  const from = cutoff - Math.max(days * DAY_MS, 2 * (times.length * intervalMs)) + intervalMs;
  const isNaive = forecast.modelVersion.startsWith('baseline-');
  const panel = useCallback(
    (width: number) =>
      fanPanel(
        { columns, timeZone: domain.timeZone, naiveName: naiveName(domain), from, isNaive },
        width,
        heightFor(width),
      ),
    [columns, domain, from, isNaive],
  );
  const shownIndex = hovered ?? index;
  return (
    <>
      <SeriesFinding {...{ series, forecast, columns }} />
      <div class="grid">
        <section class="c12">
          <div class="bar">
            <Readout {...{ columns, index: shownIndex }} unit={forecast.unit} />
            <fieldset class="toggles">
              <legend class="hidden">Days before the cutoff</legend>
              {SPANS.map((span) => (
                <button
                  key={span}
                  type="button"
                  class="button"
                  aria-pressed={span === days}
                  onClick={() => go({ query: { ...address.query, days: String(span) } })}
                >
                  {span} days
                </button>
              ))}
            </fieldset>
          </div>
          <PlotChart
            height={heightFor(innerWidth)}
            panel={panel}
            label={`${series.title}: the last ${days} days and the forecast`}
            at={every[shownIndex] ?? null}
            onHover={(x) => setHovered(x === null ? null : indexAt(every, x, intervalMs))}
            onPick={moveTo}
          />
        </section>
        <Why seriesId={series.seriesId} step={Math.max(0, index - pastTimes.length)} />
        <TakeAlong {...{ series, forecast, columns, history }} />
        <NumbersTable {...{ columns }} title={series.title} />
      </div>
    </>
  );
}

const heightFor = (width: number): number => (width < 600 ? 300 : 368);

const FLAGS: Readonly<Record<string, string>> = {
  unseen: 'The model has not learnt this series.',
  silent: 'Every known value of the last 4 weeks is zero.',
  gaps: 'More than a tenth of the last 4 weeks, or the whole last day, is unknown.',
  new: 'Its history begins less than 4 weeks ago.',
  outlier: 'A value of the last 4 weeks lies far from all around it, and is taken as unknown.',
  bounded: 'The forecast of the model lay out of range, and a baseline is served instead.',
};

function SeriesFinding({
  series,
  forecast,
  columns,
}: Omit<ShownProps, 'history'> & {
  readonly columns: Columns;
}) {
  const { about } = usePage();
  const { domain } = about;
  const { times, median, naive, actual } = columns;
  const peak = indexOfHighest(median);
  const band = bandFor(columns.bands);
  const noun = counted(forecast.unit);
  const high = median[peak] as number;
  const { hour, full } = timeLabels(domain.timeZone);
  const isQuiet = high === 0;
  const before = naive[peak] as number;
  const lastWeek = actual.slice(-seasonOf(domain)).filter(Number.isFinite);
  const title = isQuiet ? (
    <>
      {series.title} is quiet: <b>a median of 0</b> at every {intervalNoun(domain)}
    </>
  ) : (
    <>
      {series.title} peaks at {hour(times[peak] as number)}:{' '}
      <b>
        {figure(high)} {noun}
      </b>
      {band && (
        <span class="soft">
          , {band.level} % between {figure(band.lower[peak] as number)} and{' '}
          {figure(band.upper[peak] as number)}
        </span>
      )}
    </>
  );
  return (
    <Finding title={title}>
      {Number.isFinite(before) && !isQuiet && (
        <>
          {capital(naiveName(domain))} it was {figure(before)} at that {intervalNoun(domain)}.{' '}
        </>
      )}
      {lastWeek.length > 0 && (
        <>
          The last {exact(lastWeek.length)} {intervalNoun(domain)}s add up to{' '}
          {figure(lastWeek.reduce((sum, value) => sum + value, 0))} {noun}.{' '}
        </>
      )}
      Made from all that was known at {full(columns.cutoff)}.
      {forecast.flags?.map((flag) => (
        <span key={flag} class="flag">
          {' '}
          {FLAGS[flag] ?? flag}
        </span>
      ))}
    </Finding>
  );
}

interface ReadoutProps {
  readonly columns: Columns;
  readonly index: number;
  readonly unit: string;
}

function Readout({ columns, index, unit }: ReadoutProps) {
  const { about } = usePage();
  const { domain } = about;
  const { pastTimes, times, actual, median, mean, bands, naive } = columns;
  const step = index - pastTimes.length;
  const time = step < 0 ? pastTimes[index] : times[step];
  const { full } = timeLabels(domain.timeZone);
  const band = bandFor(bands);
  return (
    <p class="readout" aria-live="polite">
      <b>{time === undefined ? '' : full(time)}</b>
      {step < 0 ? (
        <span>
          actual <b>{exact(actual[index] as number)}</b>
        </span>
      ) : (
        <>
          <span class="forecast">
            median <b>{exact(median[step] as number)}</b>
          </span>
          <span class="forecast">mean {exact(mean[step] as number)}</span>
          {band && (
            <span>
              {band.level} % {exact(band.lower[step] as number)} –{' '}
              {exact(band.upper[step] as number)}
            </span>
          )}
          <span class="naive">
            {naiveName(domain)} {exact(naive[step] as number)}
          </span>
        </>
      )}
      <span class="unit">{unit}</span>
    </p>
  );
}
