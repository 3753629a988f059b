/**
 * Purpose: the same numbers elsewhere: files, and the request that gives them; and what made them.
 * Invariants: the CSV has one row an interval, past and future, in UTC; the request works as it
 * stands in a shell.
 * Fails: never.
 */
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
          onClick={() => save(`${file}.csv`, 'text/csv', csvOf(forecast, columns))}
        >
          CSV
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

function csvOf({ quantiles, mean }: Forecast, { pastTimes, actual, times }: Columns): string {
  const names = quantileNames(quantiles);
  const iso = (time: number) => new Date(time).toISOString();
  const head = ['ds', 'y', ...names.map((name) => `q${name}`), 'mean'];
  const past = pastTimes.map((time, i) => [
    iso(time),
    Number.isNaN(actual[i]) ? '' : actual[i],
    ...names.map(() => ''),
    '',
  ]);
  const future = times.map((time, k) => [
    iso(time),
    '',
    ...names.map((name) => (quantiles[name] as number[])[k]),
    mean[k],
  ]);
  return [head, ...past, ...future].map((row) => `${row.join(',')}\n`).join('');
}
