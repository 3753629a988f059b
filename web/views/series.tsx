/**
 * Purpose: one series: what was, what will be, how sure that is, why, and how to take it along.
 * Invariants: every number is the API's own, or a difference, sum or share of such; the title is
 * computed from the data.
 * Fails: in words, where the series cannot be forecast; another series' chart is never shown.
 */
import { useCallback, useMemo, useState } from 'preact/hooks';
import { dataOf } from '../../clients/typescript/headway-client.ts';
import { fanPanel } from '../charts/fan.ts';
import { PlotChart } from '../charts/plot-chart.tsx';
import { columnsOf, indexAt, indexOfHighest, naiveName, seasonOf } from '../data/forecast.ts';
import { type Forecast, type SeriesInfo, usePage } from '../data/page-context.ts';
import { pastForecasts, type SeriesRecord } from '../data/record.ts';
import { useData } from '../data/use-data.ts';
import { exact } from '../parts/format.ts';
import { useStep } from '../parts/use-step.ts';
import { NotLoaded, Skeleton, Whole } from '../shell/states.tsx';
import { SeriesFinding } from './series/finding.tsx';
import { NumbersTable } from './series/numbers-table.tsx';
import { Readout } from './series/readout.tsx';
import { TakeAlong } from './series/take-along.tsx';
import { WereWeRight } from './series/were-we-right.tsx';
import { WhatIf } from './series/what-if.tsx';
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
  return <NotLoaded title={`${series.title} has no forecast`} trouble={trouble} />;
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
  const id = series.seriesId;
  const record = useData(`record ${id}`, async ({ GET }) => {
    const params = { path: { id } };
    return (await dataOf(GET('/v1/series/{id}/record', { params }))) as SeriesRecord;
  }).value;
  const earlier = useMemo(
    () => (record ? pastForecasts(record, intervalMs) : { latest: [], vintages: [] }),
    [record, intervalMs],
  );
  const [whatIf, setWhatIf] = useState<readonly number[] | null>(null);
  const hasVintages = address.query.vintages === '1';
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
        {
          columns,
          timeZone: domain.timeZone,
          naiveName: naiveName(domain),
          from,
          isNaive,
          earlier,
          hasVintages,
          whatIf,
        },
        width,
        heightFor(width),
      ),
    [columns, domain, from, isNaive, earlier, hasVintages, whatIf],
  );
  const shownIndex = hovered ?? index;
  return (
    <>
      <SeriesFinding {...{ series, forecast, columns }} />
      <div class="grid">
        <section class="c12">
          <div class="bar">
            <Readout
              {...{ columns, earlier: earlier.latest }}
              index={shownIndex}
              unit={forecast.unit}
            />
            <fieldset class="toggles">
              {earlier.vintages.length > 0 && (
                <button
                  type="button"
                  class="button"
                  aria-pressed={hasVintages}
                  onClick={() => go({ query: withVintages(address.query, !hasVintages) })}
                >
                  Earlier forecasts
                </button>
              )}
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
            onHover={(x) => setHovered(x === null ? null : indexAt(every, x))}
            onPick={moveTo}
          />
        </section>
        <Why seriesId={id} step={Math.max(0, index - pastTimes.length)} />
        <WereWeRight record={record} latest={earlier.latest} />
        {(about.model?.exogenous?.length ?? 0) > 0 && (
          <WhatIf seriesId={id} mean={columns.mean} onMean={setWhatIf} />
        )}
        <TakeAlong {...{ series, forecast, columns, history }} />
        <NumbersTable {...{ columns }} title={series.title} />
      </div>
    </>
  );
}

function withVintages({ vintages: _before, ...query }: Record<string, string>, on: boolean) {
  return on ? { ...query, vintages: '1' } : query;
}

const heightFor = (width: number): number => (width < 600 ? 300 : 368);
