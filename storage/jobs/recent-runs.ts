/**
 * Purpose: what the schedule ran, of all jobs of a domain.
 * Invariants: newest first; one of each run.
 * Fails: STORE_CORRUPT.
 */
import type { Clock } from '../../platform/clock.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { type JobRun, openJobLog } from './job-log.ts';
import { JOB_NAMES } from './job-names.ts';

export interface RecentRuns {
  /** @param query.now runs whose lease has run out by then are `lost` */
  runs(query: { readonly now: number; readonly limit: number }): Promise<JobRun[]>;
}

export function openRecentRuns(options: {
  store: ObjectStore;
  domain: string;
  clock: Clock;
}): RecentRuns {
  const logs = JOB_NAMES.map((job) => openJobLog({ ...options, job }));
  return {
    async runs(query) {
      const runs = (await Promise.all(logs.map((log) => log.runs(query)))).flat();
      return runs.sort((a, b) => b.startedAt - a.startedAt).slice(0, query.limit);
    },
  };
}
