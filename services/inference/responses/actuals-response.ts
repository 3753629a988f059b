/**
 * Purpose: what happened, as the served snapshot has it: pages of series, or one table.
 * Invariants: pages are in text order of the ids, as those of the list of series; an unknown value
 * is null, never 0.
 * Fails: SERIES_UNKNOWN; REQUEST_INVALID for a range that is empty or too long, for a table of too
 * many rows, and for a cursor that was not issued.
 */
import type { Static } from 'typebox';
import type { Domain } from '../../../domains/domain.ts';
import { type Panel, targetOf, timestampAt } from '../../../forecasting/panel/panel.ts';
import type { Table } from '../../../platform/tables/table.ts';
import type { ActualsQuery, ActualsResponse } from '../openapi/record-schemas.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import { missingSeries } from '../shards/missing-series.ts';
import { actual, isoFrequency, isoTime } from './forecast-response.ts';
import { pageOf } from './pagination.ts';
import { HttpProblem } from './problems.ts';
import { queryRange } from './query-times.ts';

const DAY_MINUTES = 1440;
const INTERVALS = 24;
const MAX_INTERVALS = 1000;
/** Of a table, which is made in memory: some seconds of work, in turns. */
const MAX_ROWS = 5_000_000;

export function actualsResponse(
  domain: Domain,
  { snapshot }: Serving,
  query: Static<typeof ActualsQuery>,
): Static<typeof ActualsResponse> {
  const { panel, indexOf, manifest } = snapshot;
  const { frequencyMinutes } = panel;
  const { limit = 100, cursor } = query;
  const { ids, first, end } = askedActuals(snapshot, query);
  const { page, nextCursor } = pageOf(ids, limit, cursor);
  return {
    ...{ domain: domain.name, unit: domain.unit, frequency: isoFrequency(frequencyMinutes) },
    snapshotVersion: manifest.snapshotVersion,
    timestamps: Array.from({ length: end - first }, (_, k) =>
      isoTime(timestampAt(panel, first + k)),
    ),
    total: ids.length,
    series: page.map((id) => ({
      seriesId: id,
      title: domain.seriesTitle(id),
      values: Array.from(targetOf(panel, indexOf.get(id) as number).subarray(first, end), actual),
    })),
    nextCursor,
  };
}

/** What panels are exported as, unique_id, ds, y: all series that were asked for, without pages. */
export function actualsTable(
  { snapshot }: Serving,
  query: Static<typeof ActualsQuery>,
  maxRows = MAX_ROWS,
): Table {
  if (query.limit !== undefined || query.cursor !== undefined)
    throw new HttpProblem(
      'REQUEST_INVALID',
      'limit and cursor apply to pages of JSON only; a table holds all series',
    );
  const { panel, indexOf } = snapshot;
  const { ids, first, end } = askedActuals(snapshot, query);
  if (ids.length * (end - first) > maxRows)
    throw new HttpProblem(
      'REQUEST_INVALID',
      `the table has more than ${maxRows} rows: ask for at most ` +
        `${Math.floor(maxRows / ids.length)} intervals at once, or for one series`,
    );
  const rows = ids.map((id) => indexOf.get(id) as number);
  return panelTable(panel, rows, first, end);
}

/** The intervals [first, end) of some series of a panel, as columns: unique_id, ds, y. */
export function panelTable(
  panel: Panel,
  rows: readonly number[],
  first: number,
  end: number,
): Table {
  const length = Math.max(0, end - first);
  const codes = new Int32Array(rows.length * length);
  const times = new Float64Array(rows.length * length);
  const values = new Float32Array(rows.length * length);
  const stamps = Float64Array.from({ length }, (_, k) => timestampAt(panel, first + k));
  for (const [i, row] of rows.entries()) {
    codes.fill(i, i * length, (i + 1) * length);
    times.set(stamps, i * length);
    values.set(targetOf(panel, row).subarray(first, first + length), i * length);
  }
  const texts = rows.map((row) => panel.seriesIds[row] as string);
  return [
    { name: 'unique_id', kind: 'text', codes, texts },
    { name: 'ds', kind: 'time', values: times },
    { name: 'y', kind: 'float', values },
  ];
}

/** The series, and the grid indices [first, end). */
function askedActuals(
  { panel, cutoff, indexOf, sortedIds, shard }: Serving['snapshot'],
  query: Static<typeof ActualsQuery>,
) {
  const { seriesId } = query;
  if (seriesId !== undefined && !indexOf.has(seriesId)) throw missingSeries({ shard }, seriesId);
  const { frequencyMinutes, start } = panel;
  const { from, until } = queryRange(query, {
    end: timestampAt(panel, cutoff + 1),
    days: (INTERVALS * frequencyMinutes) / DAY_MINUTES,
    maxDays: (MAX_INTERVALS * frequencyMinutes) / DAY_MINUTES,
  });
  const place = (time: number) => {
    const index = Math.ceil((time - start) / (frequencyMinutes * 60_000));
    return Math.min(Math.max(0, index), cutoff + 1);
  };
  const ids = seriesId === undefined ? sortedIds : [seriesId];
  return { ids, first: place(from), end: place(until) };
}
