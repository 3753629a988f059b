/**
 * Purpose: the same numbers elsewhere: files, and the request that gives them; and what made them.
 * Invariants: CSV and Parquet have one row an interval, past and future, in UTC; the request works
 * as it stands in a shell.
 * Fails: never.
 */
import { parquetWriteBuffer } from 'hyparquet-writer';
import { useState } from 'preact/hooks';
import { type Columns, quantileNames } from '../../data/forecast.ts';
import { type Forecast, type SeriesInfo, usePage } from '../../data/page-context.ts';
import { wait } from '../../data/timers.ts';
import { save } from '../../parts/download.ts';
import { Pairs, Section } from '../../parts/section.tsx';

export interface TakeAlongProps {
  readonly series: SeriesInfo;
  readonly forecast: Forecast;
  readonly columns: Columns;
  readonly history: number;
}

const COPIED_MS = 1500;
const PARQUET = 'application/vnd.apache.parquet';

export function TakeAlong({ series, forecast, columns, history }: TakeAlongProps) {
  const { session, about } = usePage();
  const [isCopied, setCopied] = useState(false);
  const file = `${about.domain.name}-${series.seriesId.replace(/[^\w-]+/g, '_')}`;
  const id = encodeURIComponent(series.seriesId).replaceAll("'", '%27');
  const url = `${session.baseUrl}/v1/series/${id}/forecast?history=${history}`;
  const key = session.hasKey ? ' -H "Authorization: Bearer $HEADWAY_KEY"' : '';
  const curl = `curl '${url}'${key}`;
  const copy = async () => {
    await navigator.clipboard.writeText(curl);
    setCopied(true);
    await wait(COPIED_MS);
    setCopied(false);
  };
  const { flags = [], fallback, unknownInputs = [] } = forecast;
  return (
    <Section columns={4} title="Take it with you">
      <p class="links">
        <button
          type="button"
          class="link"
          onClick={() => save(`${file}.csv`, 'text/csv', csvOf(tableOf(forecast, columns)))}
        >
          CSV
        </button>
        <button
          type="button"
          class="link"
          onClick={() => save(`${file}.parquet`, PARQUET, parquetOf(tableOf(forecast, columns)))}
        >
          Parquet
        </button>
        <button
          type="button"
          class="link"
          onClick={() =>
            save(`${file}.json`, 'application/json', JSON.stringify(forecast, null, 2))
          }
        >
          JSON
        </button>
      </p>
      <div class="shell">
        <pre id="curl">{curl}</pre>
        {navigator.clipboard && (
          <button type="button" class="button" onClick={copy}>
            {isCopied ? 'Copied' : 'Copy'}
          </button>
        )}
      </div>
      <Pairs
        rows={[
          ['made by', forecast.modelVersion],
          ['from snapshot', forecast.snapshotVersion ?? '–'],
          ['flags', flags.length > 0 ? flags.join(', ') : 'none'],
          ...(unknownInputs.length > 0
            ? [['inputs that were unknown', unknownInputs.join(', ')] as const]
            : []),
          ...(fallback ? [['fallback', fallback.reason] as const] : []),
        ]}
      />
    </Section>
  );
}

interface Column {
  readonly name: string;
  /** null: nothing is known. */
  readonly values: readonly (number | null)[];
}

interface Table {
  readonly times: readonly number[];
  readonly columns: readonly Column[];
}

function tableOf({ quantiles, mean }: Forecast, { pastTimes, actual, times }: Columns): Table {
  const pastEmpty = pastTimes.map(() => null);
  const ahead = (values: readonly number[]) => [...pastEmpty, ...values];
  const known = actual.map((value) => (Number.isNaN(value) ? null : value));
  return {
    times: [...pastTimes, ...times],
    columns: [
      { name: 'y', values: [...known, ...times.map(() => null)] },
      ...quantileNames(quantiles).map((name) => ({
        ...{ name: `q${name}`, values: ahead(quantiles[name] as readonly number[]) },
      })),
      { name: 'mean', values: ahead(mean) },
    ],
  };
}

function csvOf({ times, columns }: Table): string {
  const head = ['ds', ...columns.map(({ name }) => name)];
  const rows = times.map((time, i) => [
    new Date(time).toISOString(),
    ...columns.map(({ values }) => values[i] ?? ''),
  ]);
  return [head, ...rows].map((row) => `${row.join(',')}\n`).join('');
}

const parquetOf = ({ times, columns }: Table): ArrayBuffer =>
  parquetWriteBuffer({
    columnData: [
      { name: 'ds', data: times.map((time) => new Date(time)), type: 'TIMESTAMP' },
      ...columns.map(({ name, values }) => ({
        ...{ name, data: [...values], type: 'DOUBLE' as const, nullable: true },
      })),
    ],
  });
