/**
 * Purpose: what happened, as the served snapshot has it.
 * Invariants: pages are in text order of the ids, as those of the list of series.
 * Fails: SERIES_UNKNOWN; REQUEST_INVALID for a range that is empty or too long, and for a cursor
 * nobody gave out.
 */
import type { Static } from 'typebox';
import type { Domain } from '../../../domains/domain.ts';
import { targetOf, timestampAt } from '../../../forecasting/panel/panel.ts';
import type { ActualsQuery, ActualsResponse } from '../openapi/record-schemas.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import { actual, isoFrequency, isoTime, unknownSeries } from './forecast-response.ts';
import { pageOf } from './pagination.ts';
import { queryRange } from './query-times.ts';

const DAY_MINUTES = 1440;
const INTERVALS = 24;
const MAX_INTERVALS = 1000;

export function actualsResponse(
  domain: Domain,
  { snapshot }: Serving,
  query: Static<typeof ActualsQuery>,
): Static<typeof ActualsResponse> {
  const { panel, cutoff, indexOf, sortedIds, manifest } = snapshot;
  const { seriesId, limit = 100, cursor } = query;
  if (seriesId !== undefined && !indexOf.has(seriesId)) throw unknownSeries(seriesId);
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
  const [first, end] = [place(from), place(until)];
  const ids = seriesId === undefined ? sortedIds : [seriesId];
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
