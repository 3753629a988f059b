/**
 * Purpose: the jobs of the schedule.
 * Invariants: the names are those of the logs in the store.
 * Fails: never.
 */
export const JOB_NAMES = ['features', 'training', 'monitoring'] as const;
export type JobName = (typeof JOB_NAMES)[number];
