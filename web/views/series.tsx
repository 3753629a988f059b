/**
 * Purpose: one series: what was, what will be, how sure that is, why, and how to take it along.
 * Invariants: every number is the API's own, or a difference, sum or share of such; the title is
 * computed from the data.
 * Fails: in words, where the series cannot be forecast; another series' chart is never shown.
 */
import { useMemo, useState } from 'preact/hooks';
import { dataOf } from '../../clients/typescript/headway-client.ts';
import { columnsOf, indexAt, indexOfHighest, seasonOf } from '../data/forecast.ts';
import { loadRecord } from '../data/monitoring.ts';
import { type Forecast, type SeriesInfo, usePage } from '../data/page-context.ts';
import { NO_FORECASTS, pastForecasts } from '../data/record.ts';
import { shownTime } from '../data/timeline.ts';
import { useData } from '../data/use-data.ts';
import { AtThatTime, useForecastThen } from '../parts/at-that-time.tsx';
import { Capacity } from '../parts/capacity.tsx';
import { exact } from '../parts/format.ts';
import { useSettled } from '../parts/use-settled.ts';
import { NotLoaded, Skeleton, Whole } from '../shell/states.tsx';
import { SeriesChart } from './series/chart.tsx';
import { CoverageByStep } from './series/coverage-by-step.tsx';
import { SeriesFinding } from './series/finding.tsx';
import { NumbersTable } from './series/numbers-table.tsx';
import { TakeAlong } from './series/take-along.tsx';
import { WereWeRight } from './series/were-we-right.tsx';
import { WhatIf } from './series/what-if.tsx';
import { Why } from './series/why.tsx';

/** What is loaded. */
const HISTORY_DAYS = 28;
const MAX_HISTORY = 2000;
const [RECORD_DAYS, DAY_MS] = [7, 86_400_000];

export function SeriesView() {
  const { address, about, series } = usePage();
  const chosen = series.find(({ seriesId }) => seriesId === address.id);
  const first = series.find(({ forecast }) => forecast) ?? series[0];
  const one = address.id === null ? first : chosen;
  const { shard, domain } = about;
  if (one === undefined && shard && address.id !== null)
    return <Elsewhere key={address.id} id={address.id} shard={shard.name} />;
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

/** The service says which shard has it, or that there is none. */
function Elsewhere({ id, shard }: { readonly id: string; readonly shard: string }) {
  const { trouble } = useData(`elsewhere ${id}`, async ({ GET }) =>
    dataOf(GET('/v1/series/{id}/forecast', { params: { path: { id } } })),
  );
  if (trouble === null) return <Skeleton />;
  return <NotLoaded title={`${id} is not in shard ${shard}`} trouble={trouble} />;
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
  const { about, address, timeline } = usePage();
  const columns = useMemo(() => columnsOf(forecast, about.domain), [forecast, about.domain]);
  const { pastTimes, times, intervalMs, median } = columns;
  const id = series.seriesId;
  // Up to the end of the data, which may be long ago: a past that was replayed has a record too.
  const until = times[0] as number;
  const record = useData(`record ${id}`, (client) =>
    loadRecord(client, id, { from: until - RECORD_DAYS * DAY_MS, until }),
  ).value;
  const earlier = useMemo(
    () => (record ? pastForecasts(record, intervalMs) : NO_FORECASTS),
    [record, intervalMs],
  );
  const [whatIf, setWhatIf] = useState<readonly number[] | null>(null);
  const every = useMemo(() => [...pastTimes, ...times], [pastTimes, times]);
  const time = shownTime(address.at, timeline);
  const index = time === null ? pastTimes.length + indexOfHighest(median) : indexAt(every, time);
  const step = Math.max(0, index - pastTimes.length);
  const at = every[index] as number;
  const asOf = useForecastThen(id, useSettled(at));
  return (
    <>
      <SeriesFinding {...{ series, forecast, columns }} />
      <div class="grid">
        <SeriesChart {...{ series, forecast, columns, every, index, earlier, whatIf, asOf }}>
          <AtThatTime {...{ at, series }} then={asOf} />
        </SeriesChart>
        <Why seriesId={id} step={step} isBaseline={forecast.modelVersion.startsWith('baseline-')} />
        <WereWeRight record={record} latest={earlier.latest} />
        <Capacity key={id} kind="series" {...{ id, step }} quantiles={forecast.quantiles} />
        <CoverageByStep pairs={record && earlier.all} />
        <TakeAlong {...{ series, forecast, columns, history }} />
        {(about.model?.exogenous?.length ?? 0) > 0 && (
          <WhatIf seriesId={id} mean={columns.mean} onMean={setWhatIf} />
        )}
        <NumbersTable {...{ columns }} title={series.title} />
      </div>
    </>
  );
}
