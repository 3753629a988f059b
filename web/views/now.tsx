/**
 * Purpose: where demand will be: all series at one time of the horizon.
 * Invariants: every number is the API's own; the order of the tiles stays while the time moves.
 * Fails: in words, where the forecasts cannot be loaded.
 */
import { useMemo } from 'preact/hooks';
import type { HeadwayClient } from '../../clients/typescript/headway-client.ts';
import { timeLabels } from '../../platform/text/scales.ts';
import { columnsOf, indexOfHighest } from '../data/forecast.ts';
import { usePage } from '../data/page-context.ts';
import { troubleOf } from '../data/session.ts';
import { useData } from '../data/use-data.ts';
import { age, counted, exact, figure, plural } from '../parts/format.ts';
import { Finding, Section } from '../parts/section.tsx';
import { TimeSlider } from '../parts/time-slider.tsx';
import { useStep } from '../parts/use-step.ts';
import { Skeleton, Whole } from '../shell/states.tsx';
import type { Row } from './now/row.ts';
import { SeriesList } from './now/series-list.tsx';
import { Tiles } from './now/tiles.tsx';

const LIST = 6;

export function Now() {
  const { about, series } = usePage();
  const { domain } = about;
  const { value, trouble } = useData('forecasts', allForecasts);
  const rows = useMemo(() => {
    if (value === null) return null;
    return series.flatMap((info): Row[] => {
      const forecast = value.get(info.seriesId);
      return forecast ? [{ info, columns: columnsOf(forecast, domain) }] : [];
    });
  }, [value, series, domain]);
  if (rows !== null && rows.length > 0) return <Shown rows={rows} />;
  if (rows === null && trouble === null) return <Skeleton />;
  const { problem } = trouble ?? troubleOf(null);
  return (
    <Whole title={`No ${domain.seriesNoun} can be forecast`}>
      <p>
        {problem?.detail ?? 'The recent history of none suffices'}. {problem?.fix}
      </p>
    </Whole>
  );
}

async function allForecasts({ forecastLines }: HeadwayClient) {
  const found = new Map<string, Parameters<typeof columnsOf>[0]>();
  for await (const forecast of forecastLines()) found.set(forecast.seriesId as string, forecast);
  return found;
}

function Shown({ rows }: { readonly rows: readonly Row[] }) {
  const { about } = usePage();
  const { domain } = about;
  const { times, cutoff, intervalMs } = (rows[0] as Row).columns;
  const sums = useMemo(
    () => times.map((_, k) => rows.reduce((sum, { columns }) => sum + (columns.median[k] ?? 0), 0)),
    [rows, times],
  );
  const { index, moveTo } = useStep(times, indexOfHighest(sums));
  const { hour } = timeLabels(domain.timeZone);
  const time = times[index] as number;
  const valueOfRow = (row: Row) => row.columns.median[index] as number;
  const busiest = [...rows].sort((a, b) => valueOfRow(b) - valueOfRow(a)).slice(0, LIST);
  const first = busiest[0] as Row;
  const band = first.columns.bands[0];
  const noun = counted(domain.unit);
  return (
    <>
      <TimeSlider
        {...{ times, index }}
        values={sums}
        timeZone={domain.timeZone}
        note={`in ${age((time - cutoff - intervalMs) / 1000)}`}
        onTime={moveTo}
      />
      <Finding
        title={
          <>
            {first.info.title} is busiest at {hour(time)}:{' '}
            <b>
              {figure(valueOfRow(first))} {noun}
            </b>
            {band && (
              <span class="soft">
                , {band.level} % between {figure(band.lower[index] as number)} and{' '}
                {figure(band.upper[index] as number)}
              </span>
            )}
          </>
        }
      >
        {exact(rows.length)} {plural(domain.seriesNoun)} are forecast.
      </Finding>
      <div class="grid">
        <Section columns={6} title={`Busiest at ${hour(time)}`} note={`median, ${domain.unit}`}>
          <SeriesList rows={busiest} index={index} />
        </Section>
        <Section
          columns={12}
          title={`All ${plural(domain.seriesNoun)} at ${hour(time)}`}
          note="busiest of the recent weeks first"
        >
          <Tiles rows={rows} valueOfRow={valueOfRow} />
        </Section>
      </div>
    </>
  );
}
