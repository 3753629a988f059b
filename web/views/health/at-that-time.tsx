/**
 * Purpose: one moment of the past: what was known, what served, why, and was it right.
 * Invariants: of all forecasts of that interval the last one before it counts; of one series, the
 * one of the address or the busiest, because right and wrong are of a series. What served is as of
 * the end of the interval.
 * Fails: in words, where nothing was kept of that time.
 */
import { intervalMs, quantileNames } from '../../data/forecast.ts';
import {
  type Decision,
  loadRecord,
  type SeriesRecord,
  shortVersion,
  useRefreshed,
} from '../../data/monitoring.ts';
import { usePage } from '../../data/page-context.ts';
import { exact } from '../../parts/format.ts';
import { linkToSeries } from '../../shell/use-address.ts';
import { reigns } from './events.ts';

const DAY_MS = 86_400_000;

export interface AtThatTimeProps {
  /** The start of the interval. */
  readonly at: number;
  readonly decisions: readonly Decision[];
}

export function AtThatTime({ at, decisions }: AtThatTimeProps) {
  const { about, address, go, labels, series } = usePage();
  const one = series.find(({ seriesId }) => seriesId === address.id) ?? series[0];
  const day = Math.floor(at / DAY_MS) * DAY_MS;
  const id = one?.seriesId ?? null;
  const record = useRefreshed(id === null ? null : `record ${id} ${day}`, (client) =>
    loadRecord(client, id as string, { from: day, until: day + DAY_MS }),
  ).value;
  const { full } = labels;
  const interval = intervalMs(about.domain.frequency);
  const then = record === null ? null : forecastThen(record, at, interval);
  const reign = reigns(decisions).findLast(({ from }) => from < at + interval) ?? null;
  const modelVersion = reign?.modelVersion ?? then?.modelVersion ?? null;
  return (
    <dl class="then" aria-live="polite">
      <Cell
        name="known"
        text={then ? `data until ${full(then.knownUntil)}` : 'no forecast is on record'}
        more={then ? `forecast issued ${full(then.issuedAt)}` : 'of this time'}
      />
      <Cell
        name="served"
        text={
          modelVersion === null
            ? (then?.forecaster ?? 'no model')
            : `model ${shortVersion(modelVersion)}`
        }
        more={
          then?.fallback
            ? `a fallback: ${then.fallback}`
            : then?.origin === 'replayed'
              ? 'made up afterwards: the service began later'
              : modelVersion === null || shortVersion(modelVersion) === modelVersion
                ? ''
                : modelVersion
        }
      />
      <Cell
        name="why"
        text={reign ? reign.decision.reason : 'no decision is on record before this time'}
        more={reign ? `${reign.decision.kind} by ${reign.decision.actor}, ${full(reign.from)}` : ''}
      />
      <div>
        <dt>right?</dt>
        <dd>
          {then === null || then.actual === null ? (
            'not known'
          ) : then.isInside ? (
            `yes, inside its ${then.level} % band`
          ) : (
            <span class="naive">no, outside its {then.level} % band</span>
          )}
          <span class="under">
            {one && (
              <a {...linkToSeries(one.seriesId, address, go)} class="link">
                {one.title}
              </a>
            )}
            {then && (
              <>
                : forecast {exact(then.median)} ({exact(then.low)} – {exact(then.high)}), came{' '}
                {then.actual === null ? '–' : exact(then.actual)}
              </>
            )}
          </span>
        </dd>
      </div>
    </dl>
  );
}

const Cell = (props: { readonly name: string; readonly text: string; readonly more: string }) => (
  <div>
    <dt>{props.name}</dt>
    <dd>
      {props.text}
      <span class="under">{props.more}</span>
    </dd>
  </div>
);

export interface ForecastThen {
  readonly knownUntil: number;
  readonly issuedAt: number;
  readonly forecaster: string;
  readonly modelVersion: string | null;
  readonly origin: string;
  readonly fallback: string | null;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Of the band, in percent. */
  readonly level: number;
  readonly actual: number | null;
  readonly isInside: boolean;
}

/** The last forecast of an interval that was made before it; null where there is none. */
export function forecastThen(
  record: SeriesRecord,
  at: number,
  interval: number,
): ForecastThen | null {
  const place = record.timestamps.findIndex((time) => Date.parse(time) === at);
  const actual = record.actuals[place] ?? null;
  const found = record.forecasts.findLast((forecast) => stepOf(forecast, at, interval) !== null);
  if (found === undefined) return null;
  const step = stepOf(found, at, interval) as number;
  const names = quantileNames(found.quantiles);
  const quantileAt = (name: string | undefined) =>
    found.quantiles[name ?? '']?.[step] ?? Number.NaN;
  const [low, high] = [quantileAt(names[0]), quantileAt(names.at(-1))];
  return {
    knownUntil: Date.parse(found.cutoff) + interval,
    issuedAt: Date.parse(found.issuedAt),
    ...{ forecaster: found.forecaster, modelVersion: found.modelVersion },
    ...{ origin: found.origin, fallback: found.fallback },
    ...{ median: quantileAt('0.5'), low, high, actual },
    level: Math.round(100 * (Number(names.at(-1)) - Number(names[0]))),
    isInside: actual !== null && actual >= low && actual <= high,
  };
}

function stepOf(
  { start, errors }: SeriesRecord['forecasts'][number],
  at: number,
  interval: number,
): number | null {
  const step = Math.round((at - Date.parse(start)) / interval);
  return step >= 0 && step < errors.length ? step : null;
}
