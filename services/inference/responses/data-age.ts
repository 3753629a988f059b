/**
 * Purpose: the age of the data that is served.
 * Invariants: counted from the end of the last observed interval; never negative.
 * Fails: never.
 */
import type { Serving } from '../serving/build-serving-snapshot.ts';

export function dataAgeSeconds(serving: Serving, now: number): number {
  const end = serving.cutoffTimestamp + serving.snapshot.panel.frequencyMinutes * 60_000;
  return Math.max(0, Math.round((now - end) / 1000));
}
