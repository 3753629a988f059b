/**
 * Purpose: may the policy begin a training now?
 * Invariants: a training counts from its beginning, whoever asked for it.
 * Fails: never.
 */
import type { DecideInput } from './input.ts';

export const HOUR_MS = 3_600_000;

/** When the last training began; null: never. */
export function lastTraining({ lastTrainedAt, recent }: DecideInput): number | null {
  const begun = recent.filter(({ kind }) => kind === 'retrain' || kind === 'refit');
  const times = [lastTrainedAt, ...begun.map(({ at }) => at)].filter((at) => at !== null);
  return times.length === 0 ? null : Math.max(...times);
}

export function mayTrain(input: DecideInput): boolean {
  const last = lastTraining(input);
  return last === null || input.now - last >= input.policy.retrain.atMostEveryHours * HOUR_MS;
}
