/**
 * Purpose: where demand will be: a total with its band and all series at one time, before or after
 * the cutoff.
 * Invariants: every number is the API's own, or a sum or difference of such; means are added up,
 * never quantiles; the order of the series stays while the time moves.
 * Fails: in words, where the forecasts cannot be loaded, or the service has a shard of the series.
 * The total is shown before the series are.
 */
import { useMemo } from 'preact/hooks';
import { dataOf } from '../../clients/typescript/headway-client.ts';
import { indexAt, naiveName } from '../data/forecast.ts';
import { type Group, type Timeline, usePage } from '../data/page-context.ts';
import type { Trouble } from '../data/session.ts';
import { ALL, loadTimeline, shownTime } from '../data/timeline.ts';
import { useData } from '../data/use-data.ts';
import { Capacity } from '../parts/capacity.tsx';
import { exact, plural } from '../parts/format.ts';
import { Section } from '../parts/section.tsx';
import { NotLoaded, Skeleton } from '../shell/states.tsx';
import { rowsInside } from './now/groups.ts';
import { loadActuals, loadForecasts, type Row, riseOf, rowsOf } from './now/row.ts';
import { SeriesList } from './now/series-list.tsx';
import { ShardOverview } from './now/shard.tsx';
import { TotalChart } from './now/total-chart.tsx';
import { TotalFinding } from './now/total-finding.tsx';
import { Where } from './now/where.tsx';

const LIST = 5;
const NO_GROUPS: readonly Group[] = [];

export function Now() {
  const { shard } = usePage().about;
  return shard ? <ShardOverview {...shard} /> : <AllSeries />;
}

function AllSeries() {
  const { about, address, timeline, timelineTrouble } = usePage();
  const { domain } = about;
  const groupId = address.query.group ?? ALL;
  const own = useData(groupId === ALL ? null : `total ${groupId}`, (client) =>
    loadTimeline(client, groupId, domain),
  );
  const series = useSeries(timeline);
  const total = groupId === ALL ? timeline : own.value;
  const trouble = series.trouble ?? own.trouble ?? timelineTrouble;
  if (total !== null && total.forecast.series > 0 && !(trouble && series.rows === null))
    return <Shown {...{ total, groupId, groups: series.groups, all: series.rows }} />;
  if (total === null && trouble === null) return <Skeleton />;
  return (
    <NotLoaded
      title={`No ${domain.seriesNoun} can be forecast`}
      trouble={trouble}
      {...(trouble ? {} : { otherwise: 'None has enough recent history' })}
    />
  );
}

/** All series; null while they are loaded. */
function useSeries(timeline: Timeline | null): {
  readonly rows: readonly Row[] | null;
  readonly groups: readonly Group[];
  readonly trouble: Trouble | null;
} {
  const { about, series } = usePage();
  const { domain } = about;
  const forecasts = useData('forecasts', loadForecasts);
  const groups = useData('groups', async ({ GET }) => (await dataOf(GET('/v1/groups'))).groups);
  const actuals = useData(timeline === null ? null : `actuals ${timeline.cutoff}`, (client) =>
    loadActuals(client, timeline as Timeline, domain, series.length),
  );
  const rows = useMemo(
    () =>
      forecasts.value === null || timeline === null
        ? null
        : rowsOf(series, forecasts.value, actuals.value, timeline, domain),
    [series, forecasts.value, actuals.value, timeline, domain],
  );
  return { rows, groups: groups.value ?? NO_GROUPS, trouble: forecasts.trouble };
}

interface ShownProps {
  readonly total: Timeline;
  readonly groupId: string;
  readonly groups: readonly Group[];
  readonly all: readonly Row[] | null;
}

function Shown({ total, groupId, groups, all }: ShownProps) {
  const { about, address, go, timeline } = usePage();
  const { forecast, past, times } = total;
  const rows = useMemo(() => all && rowsInside(all, groups, groupId), [all, groups, groupId]);
  const index = indexAt(times, shownTime(address.at, timeline) as number);
  return (
    <>
      {groupId !== ALL && (
        <p class="crumbs">
          <button type="button" class="link" onClick={() => go({ query: {} })}>
            All {plural(about.domain.seriesNoun)}
          </button>{' '}
          › {forecast.title}
        </p>
      )}
      <TotalFinding total={total} title={groupId === ALL ? null : forecast.title} />
      <div class="grid">
        <TotalChart {...{ total, index }} />
        <Capacity
          key={groupId}
          kind="groups"
          id={forecast.groupId}
          quantiles={forecast.quantiles}
          peak={forecast.peak.quantiles['0.9']}
          step={Math.max(0, index - past)}
        />
        {rows ? (
          <Series {...{ rows, index, total }} groups={groupId === ALL ? groups : []} />
        ) : (
          <div class="c12 skeleton" role="status" aria-label="Loading">
            <i class="half" />
          </div>
        )}
      </div>
    </>
  );
}

interface SeriesProps {
  readonly rows: readonly Row[];
  readonly groups: readonly Group[];
  readonly index: number;
  readonly total: Timeline;
}

function Series({ rows, groups, index, total }: SeriesProps) {
  const { about, labels, series } = usePage();
  const { domain } = about;
  const at = labels.hour(total.times[index] as number);
  const naive = naiveName(domain);
  const busiest = top(rows, (row) => row.values[index] as number);
  const rising = top(rows, (row) => riseOf(row, index)).filter((row) => riseOf(row, index) > 0);
  return (
    <>
      <Where {...{ rows, groups, index, at, total }} />
      <div class="c4 stack">
        <Section columns={4} title={`Busiest at ${at}`} note={`against ${naive}`}>
          <SeriesList rows={busiest} {...{ past: total.past, index }} />
        </Section>
        {rising.length > 0 && (
          <Section columns={4} title="Rising fastest" note={`against ${naive}`}>
            <SeriesList rows={rising} {...{ past: total.past, index }} />
          </Section>
        )}
        {total.forecast.groupId === ALL && (
          <p class="note">
            {exact(rows.length)} of {exact(series.length)} {plural(domain.seriesNoun)} have a
            forecast.
          </p>
        )}
      </div>
    </>
  );
}

/** The LIST rows with the highest values. */
const top = (rows: readonly Row[], rank: (row: Row) => number): Row[] =>
  rows
    .filter((row) => Number.isFinite(rank(row)))
    .sort((a, b) => rank(b) - rank(a))
    .slice(0, LIST);
