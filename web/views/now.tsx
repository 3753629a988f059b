/**
 * Purpose: where demand will be: a total with its band and all series at one time, before or after
 * the cutoff.
 * Invariants: every number is the API's own, or a sum or difference of such; means are added up,
 * never quantiles; the order of the tiles stays while the time moves.
 * Fails: in words, where the forecasts cannot be loaded.
 */
import { useMemo } from 'preact/hooks';
import { dataOf } from '../../clients/typescript/headway-client.ts';
import { indexOfHighest, naiveName, seasonOf } from '../data/forecast.ts';
import { type Forecast, type Group, type GroupForecast, usePage } from '../data/page-context.ts';
import { useData } from '../data/use-data.ts';
import { exact, plural } from '../parts/format.ts';
import { Section } from '../parts/section.tsx';
import { TimeSlider } from '../parts/time-slider.tsx';
import { useStep } from '../parts/use-step.ts';
import { NotLoaded, Skeleton } from '../shell/states.tsx';
import { Capacity } from './now/capacity.tsx';
import { ALL, rowsInside } from './now/groups.ts';
import { type Row, type Rows, riseOf, rowsOf, SHOWN_PAST, sumOf, type Total } from './now/row.ts';
import { SeriesList } from './now/series-list.tsx';
import { TotalChart } from './now/total-chart.tsx';
import { TotalFinding } from './now/total-finding.tsx';
import { Where } from './now/where.tsx';

const LIST = 5;
/** Of more series, no history is loaded: it would be tens of megabytes. */
const MAX_WITH_HISTORY = 1000;

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
  const groups = useData('groups', async ({ GET }) => (await dataOf(GET('/v1/groups'))).groups);
  const rows = useMemo(
    () => (value === null ? null : rowsOf(series, value, domain)),
    [value, series, domain],
  );
  if (rows !== null && (groups.value !== null || groups.trouble !== null))
    return <Shown all={rows} groups={groups.value ?? []} />;
  if ((value === null && trouble === null) || rows !== null) return <Skeleton />;
  return (
    <NotLoaded
      title={`No ${domain.seriesNoun} can be forecast`}
      trouble={trouble}
      otherwise="The recent history of none suffices"
    />
  );
}

interface ShownProps {
  readonly all: Rows;
  readonly groups: readonly Group[];
}

function Shown({ all, groups }: ShownProps) {
  const { about, address, go, labels } = usePage();
  const { domain } = about;
  const { times, past } = all;
  const group = groups.find(({ groupId }) => groupId === (address.query.group ?? ALL));
  const groupId = group?.groupId ?? ALL;
  const rows = useMemo(() => rowsInside(all.rows, groups, groupId), [all, groups, groupId]);
  const total = useTotal(rows, groupId);
  const peak = past + indexOfHighest(total.values.slice(past));
  const { index, moveTo } = useStep(times, peak);
  const at = labels.hour(times[index] as number);
  const naive = naiveName(domain);
  const nouns = plural(domain.seriesNoun);
  const busiest = top(rows, (row) => row.values[index] as number);
  const rising = top(rows, (row) => riseOf(row, index)).filter((row) => riseOf(row, index) > 0);
  const hasChange = Number.isFinite(total.before[index]);
  return (
    <>
      <TimeSlider {...{ times, index, past }} values={total.values} onTime={moveTo} />
      {group !== undefined && groupId !== ALL && (
        <p class="crumbs">
          <button type="button" class="link" onClick={() => go({ query: {} })}>
            All {nouns}
          </button>{' '}
          › {group.title}
        </p>
      )}
      <TotalFinding
        {...{ of: all, rows, total, peak }}
        title={groupId === ALL ? null : group?.title}
      />
      <div class="grid">
        <TotalChart {...{ of: all, total, index, moveTo }} />
        {total.forecast && (
          <Capacity key={groupId} forecast={total.forecast} step={Math.max(0, index - past)} />
        )}
        <Where
          {...{ rows, index, at }}
          groups={groupId === ALL ? groups : []}
          isPast={index < past}
        />
        <div class="c4 stack">
          <Section
            columns={4}
            title={`Busiest at ${at}`}
            note={hasChange ? `and the change against ${naive}` : ''}
          >
            <SeriesList rows={busiest} {...{ of: all, index }} />
          </Section>
          {rising.length > 0 && (
            <Section columns={4} title="Rising fastest" note={`against ${naive}`}>
              <SeriesList rows={rising} {...{ of: all, index }} />
            </Section>
          )}
          <p class="note">
            {exact(all.rows.length)} of {exact(about.snapshot.series)} {nouns} have a forecast.
          </p>
        </div>
      </div>
    </>
  );
}

function useTotal(rows: readonly Row[], id: string): Total {
  const forecast = useData(`group ${id}`, async ({ GET }) => {
    const params = { path: { id } };
    return (await dataOf(GET('/v1/groups/{id}/forecast', { params }))) as GroupForecast;
  }).value;
  const values = useMemo(() => sumOf(rows, 'values'), [rows]);
  const before = useMemo(() => sumOf(rows, 'before'), [rows]);
  return { values, before, forecast };
}

/** The LIST rows with the highest values. */
const top = (rows: readonly Row[], rank: (row: Row) => number): Row[] =>
  rows
    .filter((row) => Number.isFinite(rank(row)))
    .sort((a, b) => rank(b) - rank(a))
    .slice(0, LIST);
