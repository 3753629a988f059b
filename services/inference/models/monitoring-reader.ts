/**
 * Purpose: what monitoring published, and what the schedule ran.
 * Invariants: a question is asked of the store at most once per `keepMs`; where there is no
 * monitoring the replies are empty.
 * Fails: as the store does.
 */
import type { Clock } from '../../../platform/clock.ts';
import type { JobRun } from '../../../storage/jobs/job-log.ts';
import type { Overview } from '../../../storage/monitoring/overviews.ts';
import type { SeriesDay } from '../../../storage/monitoring/series-records.ts';
import type { MonitoringSources } from '../ports.ts';
import { cachedReads } from './cached-reads.ts';

export interface MonitoringReader {
  /** null before the first check. */
  overview(): Promise<Overview | null>;
  /** The days in [from, until) that have a record of the series, oldest first. */
  record(
    seriesId: string,
    range: { readonly from: number; readonly until: number },
  ): Promise<readonly SeriesDay[]>;
  /** Newest first. */
  jobs(limit: number): Promise<readonly JobRun[]>;
}

/** A record of four weeks is some megabytes. */
const MAX_RECORDS = 16;

export function monitoringReader(
  sources: MonitoringSources | null,
  clock: Clock,
  keepMs: number,
): MonitoringReader {
  const once = cachedReads(clock, keepMs);
  const onceRecord = cachedReads(clock, keepMs, MAX_RECORDS);
  return {
    overview: () => once('overview', async () => sources?.overviews.newest() ?? null),
    record: (seriesId, range) =>
      onceRecord(
        `${range.from} ${range.until} ${seriesId}`,
        async () => sources?.records.read(seriesId, range) ?? [],
      ),
    jobs: (limit) =>
      once(`jobs ${limit}`, async () => sources?.jobs.runs({ now: clock.now(), limit }) ?? []),
  };
}
