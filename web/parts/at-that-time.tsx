/**
 * Purpose: one moment: what was known, what served, why, and was it right.
 * Invariants: of all forecasts of that interval the last one before it counts; right and wrong are
 * of one series. What served is as of the end of the interval; a time that has not come is said to
 * be so.
 * Fails: in words, where nothing was kept of that time.
 */
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { intervalMs } from '../data/forecast.ts';
import {
  loadDecisions,
  loadRecord,
  reigns,
  shortVersion,
  useRefreshed,
} from '../data/monitoring.ts';
import { type SeriesInfo, usePage } from '../data/page-context.ts';
import { forecastOf, held, type PastForecast, pastForecasts } from '../data/record.ts';
import { linkToSeries } from '../shell/use-address.ts';
import { exact } from './format.ts';

const DAY_MS = 86_400_000;

/** The last forecast of the interval before it came; null: none is known. */
export function useForecastThen(seriesId: string | null, at: number): PastForecast | null {
  const { about, serving } = usePage();
  const interval = intervalMs(about.domain.frequency);
  const day = Math.floor(at / DAY_MS) * DAY_MS;
  const isPast = at <= Date.parse(serving.cutoff);
  // Two days, so that a forecast is known to its end.
  const record = useRefreshed(
    seriesId === null || !isPast ? null : `record ${seriesId} ${day}`,
    (client) => loadRecord(client, seriesId as string, { from: day, until: day + 2 * DAY_MS }),
  ).value;
  const known = useMemo(() => record && pastForecasts(record, interval), [record, interval]);
  return known && forecastOf(known, at);
}

export interface AtThatTimeProps {
  /** The start of the interval. */
  readonly at: number;
  readonly series: SeriesInfo | undefined;
  readonly then: PastForecast | null;
}

export function AtThatTime({ at, series, then }: AtThatTimeProps) {
  const { about, labels, serving } = usePage();
  const decisions = useRefreshed('decisions', loadDecisions).value;
  const { full } = labels;
  const interval = intervalMs(about.domain.frequency);
  const isAhead = at > Date.parse(serving.cutoff);
  const reign = reigns(decisions ?? []).findLast(({ from }) => from < at + interval) ?? null;
  const vintage = then?.vintage;
  const modelVersion =
    reign?.modelVersion ?? vintage?.modelVersion ?? (isAhead ? serving.modelVersion : null);
  const cells: readonly (readonly [
    name: string,
    text: ComponentChildren,
    more: ComponentChildren,
  ])[] = [
    isAhead
      ? [
          'known',
          `data until ${full(Date.parse(serving.cutoff) + interval)}`,
          'this is ahead of it',
        ]
      : [
          'known',
          vintage ? `data until ${full(vintage.cutoff + interval)}` : 'no forecast is on record',
          vintage ? `forecast issued ${full(vintage.issuedAt)}` : 'of this time',
        ],
    [
      'served',
      modelVersion === null
        ? (vintage?.forecaster ?? 'no model')
        : `model ${shortVersion(modelVersion)}`,
      vintage?.fallback
        ? `a fallback: ${vintage.fallback}`
        : vintage?.origin === 'replayed'
          ? 'computed afterwards: the service began later'
          : modelVersion === null || shortVersion(modelVersion) === modelVersion
            ? ''
            : modelVersion,
    ],
    [
      'why',
      reign?.decision.reason ?? (decisions && 'no decision is on record before this time'),
      reign ? `${reign.decision.kind} by ${reign.decision.actor}, ${full(reign.from)}` : '',
    ],
    [
      'right?',
      <Verdict key="right" {...{ then, isAhead }} />,
      <Came key="came" {...{ series, then }} />,
    ],
  ];
  return (
    <dl class="then" aria-live="polite">
      {cells.map(([name, text, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {text}
            <span class="under">{more}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Verdict({ then, isAhead }: Pick<AtThatTimeProps, 'then'> & { readonly isAhead: boolean }) {
  const isHeld = then && held(then);
  if (then === null || isHeld === null) return <>{isAhead ? 'not known yet' : 'not known'}</>;
  const band = `its ${then.level} % band`;
  return isHeld ? <>yes, inside {band}</> : <span class="naive">no, outside {band}</span>;
}

function Came({ series, then }: Omit<AtThatTimeProps, 'at'>) {
  const { address, go } = usePage();
  return (
    <>
      {series && (
        <a {...linkToSeries(series.seriesId, address, go)} class="link">
          {series.title}
        </a>
      )}
      {then && (
        <>
          : forecast {exact(then.median)} ({exact(then.lower)} – {exact(then.upper)}), came{' '}
          {exact(then.actual)}
        </>
      )}
    </>
  );
}
