/**
 * Purpose: stream the forecasts of all series as NDJSON (one forecast a line) or CSV (one row a
 * series and step).
 * Invariants: a stream is of the one Serving that it started with, whatever is swapped in
 * meanwhile. A block is made when the reader has taken the one before, so a slow reader costs no
 * memory. A line equals the forecast of that series alone.
 * Fails: HORIZON_INVALID and LEVEL_UNKNOWN before the first block; never after it.
 */
import { Readable } from 'node:stream';
import type { Domain } from '../../../domains/domain.ts';
import { csvField } from '../../../forecasting/panel/csv.ts';
import type { ForecastResponse } from '../openapi/forecast-schemas.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import type { FallbackReason } from '../serving/fallback.ts';
import type { ServedForecasts } from '../serving/served-forecasts.ts';
import { type Asked, shapeOf, storedResponse } from './forecast-response.ts';

export type StreamFormat = 'ndjson' | 'csv';

/** Who counts, and remembers, what is sent. */
export interface StreamWatch {
  readonly fellBack: (reason: FallbackReason) => void;
  readonly served: Pick<ServedForecasts, 'mark'>;
}

/** Series a block: some ten kilobytes, and about a millisecond of work. */
const SERIES_PER_BLOCK = 16;
/** What lies ready for a reader that is slow. */
const BUFFER_BYTES = 65_536;

/** @returns the text, and how many series are left out of it for want of a forecast */
export function forecastStream(
  serving: Serving,
  domain: Domain,
  format: StreamFormat,
  asked: Asked,
  sent: StreamWatch,
): { readonly stream: Readable; readonly leftOut: number } {
  // A question that is wrong is refused before anything is sent.
  const { positions } = shapeOf(serving, asked);
  const names = positions.map((q) => String(serving.model.card.quantiles[q]));
  const { snapshot } = serving;
  const ids = servableIds(serving);
  function* blocks(): Generator<string> {
    if (format === 'csv') yield `${csvHead(names)}\n`;
    for (let from = 0; from < ids.length; from += SERIES_PER_BLOCK) {
      let block = '';
      for (const id of ids.slice(from, from + SERIES_PER_BLOCK)) {
        const response = storedResponse(serving, domain, id, asked);
        sent.served.mark(serving, id);
        if (response.fallback) sent.fellBack(response.fallback.reason);
        block += format === 'csv' ? csvRows(response, names) : `${JSON.stringify(response)}\n`;
      }
      yield block;
    }
  }
  const stream = Readable.from(blocks(), { objectMode: false, highWaterMark: BUFFER_BYTES });
  return { stream, leftOut: snapshot.sortedIds.length - ids.length };
}

/** The series that have a forecast, in text order. */
export const servableIds = ({ snapshot, forecasts }: Serving): string[] =>
  snapshot.sortedIds.filter((id) => forecasts.usable[snapshot.indexOf.get(id) as number] === 1);

/** Columns as panels are exported (unique_id, ds), then one a quantile. */
const csvHead = (names: readonly string[]): string =>
  [
    'unique_id',
    'ds',
    'cutoff',
    ...names.map((name) => `q${name}`),
    'mean',
    'model_version',
    'snapshot_version',
  ]
    .concat('flags', 'fallback_reason', 'fallback_since')
    .join(',');

function csvRows(response: ForecastResponse, names: readonly string[]): string {
  const { seriesId, cutoff, modelVersion, snapshotVersion, flags = [], fallback } = response;
  const columns = names.map((name) => response.quantiles[name] as number[]);
  const behind = [
    modelVersion,
    snapshotVersion ?? '',
    flags.join(' '),
    fallback?.reason ?? '',
    fallback?.since ?? '',
  ];
  const id = csvField(seriesId as string);
  let rows = '';
  for (const [k, timestamp] of response.timestamps.entries()) {
    const values = columns.map((column) => column[k]);
    rows += `${[id, timestamp, cutoff, ...values, response.mean[k], ...behind].join(',')}\n`;
  }
  return rows;
}
