/**
 * Purpose: the record of a series as the response that a client reads.
 * Invariants: each forecast is clipped to the range; the score is over all pairs that are shown.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { RecordedForecast, SeriesDay } from '../../../storage/monitoring/series-records.ts';
import type { RecordResponse } from '../openapi/record-schemas.ts';
import { isoFrequency, isoTime } from './forecast-response.ts';
import type { TimeRange } from './query-times.ts';

/** @param days oldest first */
export function recordResponse(
  domain: Domain,
  seriesId: string,
  frequencyMinutes: number,
  days: readonly SeriesDay[],
  { from, until }: TimeRange,
): RecordResponse {
  const interval = frequencyMinutes * 60_000;
  const actuals = new Map<number, number | null>();
  for (const day of days)
    for (const [k, value] of day.actuals.entries()) {
      const timestamp = day.start + k * interval;
      if (timestamp >= from && timestamp < until) actuals.set(timestamp, value);
    }
  const forecasts = joined(days.flatMap((day) => day.forecasts)).flatMap((forecast) => {
    const clipped = clip(forecast, interval, { from, until });
    if (clipped === null) return [];
    const medians = clipped.values[clipped.quantiles.indexOf(0.5)] ?? [];
    const errors = medians.map((median, k) => {
      const actual = actuals.get(clipped.start + k * interval) ?? null;
      return median === null || actual === null ? null : Number((median - actual).toPrecision(7));
    });
    return [{ ...clipped, errors }];
  });
  const scored = days.map(({ scoredAt }) => scoredAt);
  return {
    ...{ domain: domain.name, seriesId, title: domain.seriesTitle(seriesId), unit: domain.unit },
    frequency: isoFrequency(frequencyMinutes),
    ...{ from: isoTime(from), until: isoTime(until) },
    scoredAt: scored.length === 0 ? null : isoTime(Math.max(...scored)),
    score: scoreOf(forecasts, actuals, interval),
    timestamps: [...actuals.keys()].map(isoTime),
    actuals: [...actuals.values()],
    forecasts: forecasts.map(({ issuedAt, cutoff, start, values, quantiles, mean, ...rest }) => ({
      ...rest,
      ...{ issuedAt: isoTime(issuedAt), cutoff: isoTime(cutoff), start: isoTime(start) },
      quantiles: Object.fromEntries(quantiles.map((q, i) => [String(q), [...(values[i] ?? [])]])),
      ...(mean ? { mean: [...mean] } : {}),
    })),
  };
}

/** The parts that days have of one forecast, as one again; in order of the cutoff. */
function joined(parts: readonly RecordedForecast[]): RecordedForecast[] {
  const found = new Map<string, RecordedForecast[]>();
  for (const part of parts) {
    const { step, values, mean, ...about } = part;
    const name = JSON.stringify(about);
    const own = found.get(name) ?? [];
    found.set(name, own);
    const last = own.at(-1);
    if (last !== undefined && last.step + (last.values[0]?.length ?? 0) === step)
      own[own.length - 1] = {
        ...last,
        values: last.values.map((column, q) => [...column, ...(values[q] ?? [])]),
        mean: last.mean && mean && [...last.mean, ...mean],
      };
    else own.push(part);
  }
  return [...found.values()]
    .flat()
    .sort((a, b) => a.cutoff - b.cutoff || a.issuedAt - b.issuedAt || a.step - b.step);
}

type Clipped = RecordedForecast & { readonly start: number };

function clip(forecast: RecordedForecast, interval: number, range: TimeRange): Clipped | null {
  const { cutoff, step, values, mean } = forecast;
  const start = cutoff + step * interval;
  const first = Math.max(0, Math.ceil((range.from - start) / interval));
  const end = Math.min(values[0]?.length ?? 0, Math.ceil((range.until - start) / interval));
  if (end <= first) return null;
  return {
    ...forecast,
    start: start + first * interval,
    step: step + first,
    values: values.map((column) => column.slice(first, end)),
    mean: mean?.slice(first, end) ?? null,
  };
}

/** null where nothing can be compared. */
function scoreOf(
  forecasts: readonly (Clipped & { readonly errors: readonly (number | null)[] })[],
  actuals: ReadonlyMap<number, number | null>,
  interval: number,
): RecordResponse['score'] {
  let [pairs, absolute, bias, inside, nominal] = [0, 0, 0, 0, 0];
  for (const { start, quantiles, values, errors } of forecasts)
    for (const [k, error] of errors.entries()) {
      const actual = actuals.get(start + k * interval);
      if (error === null || typeof actual !== 'number') continue;
      pairs++;
      absolute += Math.abs(error);
      bias += error;
      const [low, high] = [values[0]?.[k] ?? Number.NaN, values.at(-1)?.[k] ?? Number.NaN];
      if (actual >= low && actual <= high) inside++;
      nominal += (quantiles.at(-1) ?? 0) - (quantiles[0] ?? 0);
    }
  if (pairs === 0) return null;
  const mean = (sum: number) => Number((sum / pairs).toPrecision(6));
  return {
    ...{ pairs, mae: mean(absolute), bias: mean(bias) },
    ...{ coverage: mean(inside), nominal: mean(nominal) },
  };
}
