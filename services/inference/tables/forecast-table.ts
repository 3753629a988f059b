/**
 * Purpose: the forecasts of all series, or of those that are named, as one Arrow or Parquet table,
 * a row a series and step: what CSV holds, as typed columns.
 * Invariants: rows, columns and their order are those of CSV; numbers are the model's own 32 bits,
 * where CSV and JSON round to six digits. A table is of one Serving; that of all series is made on
 * the first request, kept for the next ones and dropped with its Serving. Other requests get a turn
 * while it is made.
 * Fails: HORIZON_INVALID and LEVEL_UNKNOWN; SERIES_UNKNOWN and HISTORY_TOO_SHORT for a named
 * series; REQUEST_INVALID where history is asked for; a failure is not kept.
 */
import { LRUCache } from 'lru-cache';
import type { Domain } from '../../../domains/domain.ts';
import { openSteps } from '../../../forecasting/panel/closed-days.ts';
import { timestampAt } from '../../../forecasting/panel/panel.ts';
import { encodeTable } from '../../../platform/tables/encode-table.ts';
import {
  type Table,
  type TableColumn,
  type TableFormat,
  textColumn,
} from '../../../platform/tables/table.ts';
import {
  type Asked,
  shapeOf,
  storedStanding,
  tooFewValues,
} from '../responses/forecast-response.ts';
import { type StreamWatch, servableIds } from '../responses/forecast-stream.ts';
import { HttpProblem } from '../responses/problems.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import { missingSeries } from '../shards/missing-series.ts';

/** Some ten milliseconds of work. */
const SERIES_PER_TURN = 256;
/** Formats, horizons and levels of one Serving. */
const MAX_TABLES = 8;

type Standing = ReturnType<typeof storedStanding>;

interface PreparedTable {
  readonly bytes: Buffer;
  readonly ids: readonly string[];
  readonly standings: readonly Standing[];
}

export type PreparedTables = (
  serving: Serving,
  format: TableFormat,
  asked: Asked,
  sent: StreamWatch,
) => Promise<{ readonly bytes: Buffer; readonly leftOut: number }>;

export function prepareTables(domain: Domain): PreparedTables {
  const caches = new WeakMap<Serving, LRUCache<string, Promise<PreparedTable>>>();
  const cacheOf = (serving: Serving) => {
    const known = caches.get(serving);
    if (known) return known;
    const cache = new LRUCache<string, Promise<PreparedTable>>({ max: MAX_TABLES });
    caches.set(serving, cache);
    return cache;
  };
  return async (serving, format, asked, sent) => {
    refuseHistory(asked);
    const cache = cacheOf(serving);
    const key = `${format} ${asked.horizon ?? ''} ${asked.levels?.join() ?? ''}`;
    const known = cache.get(key);
    const making = known ?? prepared(serving, domain, format, asked, servableIds(serving));
    if (!known) {
      cache.set(key, making);
      making.catch(() => cache.delete(key));
    }
    const { bytes, ids, standings } = await making;
    markSent(serving, ids, standings, sent);
    return { bytes, leftOut: serving.snapshot.sortedIds.length - ids.length };
  };
}

/** The table of stored series by their ids, in that order: all or nothing. */
export async function tableOfSeries(
  serving: Serving,
  domain: Domain,
  format: TableFormat,
  asked: Asked,
  ids: readonly string[],
  sent: StreamWatch,
): Promise<Buffer> {
  refuseHistory(asked);
  const { indexOf } = serving.snapshot;
  const unknown = ids.find((id) => !indexOf.has(id));
  if (unknown !== undefined) throw missingSeries(serving.snapshot, unknown);
  // What is wrong with the request is reported before what is wrong with the series.
  shapeOf(serving, asked);
  const { usable } = serving.forecasts;
  const dead = ids.find((id) => usable[indexOf.get(id) as number] === 0);
  if (dead !== undefined) throw tooFewValues(dead);
  const { bytes, standings } = await prepared(serving, domain, format, asked, ids);
  markSent(serving, ids, standings, sent);
  return bytes;
}

function refuseHistory({ history = 0 }: Asked): void {
  if (history > 0)
    throw new HttpProblem('REQUEST_INVALID', 'tables have no column for history: take JSON');
}

function markSent(
  serving: Serving,
  ids: readonly string[],
  standings: readonly Standing[],
  { served, fellBack }: StreamWatch,
): void {
  for (const [i, id] of ids.entries()) {
    served.mark(serving, id);
    const fallback = standings[i]?.fallback;
    if (fallback) fellBack(fallback.reason);
  }
}

async function prepared(
  serving: Serving,
  domain: Domain,
  format: TableFormat,
  asked: Asked,
  ids: readonly string[],
): Promise<PreparedTable> {
  const shape = shapeOf(serving, asked);
  const standings: Standing[] = [];
  for (const [i, id] of ids.entries()) {
    standings.push(storedStanding(serving, domain, serving.snapshot.indexOf.get(id) as number));
    if (i % SERIES_PER_TURN === SERIES_PER_TURN - 1)
      await new Promise((resolve) => setImmediate(resolve));
  }
  const table = forecastTable(serving, domain, shape, ids, standings);
  return { bytes: Buffer.from(await encodeTable(table, format)), ids, standings };
}

function forecastTable(
  serving: Serving,
  domain: Domain,
  { steps, positions }: ReturnType<typeof shapeOf>,
  ids: readonly string[],
  standings: readonly Standing[],
): Table {
  const { snapshot, forecasts, model } = serving;
  const { panel, cutoff, indexOf, manifest } = snapshot;
  const { horizon, quantiles } = model.card;
  const open = openSteps(panel, cutoff, horizon, domain.closedWeekdays).slice(0, steps);
  const rows = ids.map((id) => indexOf.get(id) as number);
  const starts = open.map((step) => timestampAt(panel, cutoff + 1 + step));
  const text = (name: string, pick: (standing: Standing, i: number) => string | null) =>
    repeatedText(name, standings.map(pick), open.length);
  const time = (name: string, pick: (standing: Standing) => number) =>
    repeatedTime(name, standings.map(pick), open.length);
  const numbers = (name: string, values: Float32Array, from: (row: number) => number) =>
    openValues(
      name,
      rows.map((row) => values.subarray(from(row), from(row) + horizon)),
      open,
    );
  return [
    text('unique_id', (_, i) => ids[i] as string),
    { name: 'ds', kind: 'time', values: repeated(starts, rows.length) },
    time('cutoff', () => serving.cutoffTimestamp),
    ...positions.map((q) =>
      numbers(
        `q${quantiles[q]}`,
        forecasts.values,
        (row) => (row * quantiles.length + q) * horizon,
      ),
    ),
    numbers('mean', forecasts.mean, (row) => row * horizon),
    text('model_version', ({ modelVersion }) => modelVersion),
    text('snapshot_version', () => manifest.snapshotVersion),
    text('flags', ({ flags }) => flags.join(' ') || null),
    text('fallback_reason', ({ fallback }) => fallback?.reason ?? null),
    time('fallback_since', ({ fallback }) => fallback?.since ?? Number.NaN),
  ];
}

/** All values, `times` times. */
function repeated(values: readonly number[], times: number): Float64Array {
  const all = new Float64Array(values.length * times);
  for (let i = 0; i < times; i++) all.set(values, i * values.length);
  return all;
}

/** Each value `times` times in a row. */
function repeatedText(name: string, values: (string | null)[], times: number): TableColumn {
  const column = textColumn(name, values);
  const codes = new Int32Array(values.length * times);
  for (const [i, code] of column.codes.entries()) codes.fill(code, i * times, (i + 1) * times);
  return { ...column, codes };
}

function repeatedTime(name: string, values: readonly number[], times: number): TableColumn {
  const all = new Float64Array(values.length * times);
  for (const [i, value] of values.entries()) all.fill(value, i * times, (i + 1) * times);
  return { name, kind: 'time', values: all };
}

/** The open steps of every series. */
function openValues(
  name: string,
  series: readonly Float32Array[],
  open: readonly number[],
): TableColumn {
  const values = new Float32Array(series.length * open.length);
  let at = 0;
  for (const one of series) for (const step of open) values[at++] = one[step] as number;
  return { name, kind: 'float', values };
}
