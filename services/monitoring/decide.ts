/**
 * Purpose: what the policy decides from what is known now: to retrain, to serve a challenger or
 * refuse it, to roll the champion back, to refit it, or to leave all as it is.
 * Invariants: pure: the same input gives the same decisions. At most one decision of a call changes
 * the champion, and then it is the only one: the next call sees what has changed. A model that the
 * policy has rolled back is not served again by the policy. Between two trainings that the policy
 * begins there are `retrain.atMostEveryHours` at least, if each decision is among `recent` of the
 * next call.
 * Fails: a RangeError for a loss that is negative or no number.
 */
import { judgeChallenger } from './decisions/challenger-rule.ts';
import type { Challenger, DecideInput, Decision, PastDecision } from './decisions/input.ts';
import { judgeAge, judgeTraining } from './decisions/retrain-rule.ts';
import { judgeChampion } from './decisions/rollback-rule.ts';

export function decide(input: DecideInput): Decision[] {
  const rollback = judgeChampion(input);
  if (rollback !== null && rollback.kind === 'rollback') return [rollback];
  const challenge = judgeChallenger(input);
  if (challenge !== null && challenge.kind === 'promote') return [challenge];
  const training = rollback ?? judgeTraining(input) ?? judgeAge(input);
  return [challenge, training].filter((one): one is Decision => one !== null);
}

/**
 * The model that runs in shadow, by the log: that of the newest challenge, unless it was refused
 * since, or the champion that it was to replace is gone. The gate refuses other models meanwhile.
 * @param recent newest first
 */
export function openChallenger(recent: readonly PastDecision[]): Challenger | null {
  const refused = new Set<string>();
  for (const { kind, modelVersion, at } of recent) {
    if (modelVersion === null) continue;
    if (kind === 'reject') refused.add(modelVersion);
    else if (kind === 'promote' || kind === 'rollback') return null;
    else if (kind === 'challenge')
      return refused.has(modelVersion) ? null : { modelVersion, since: at };
  }
  return null;
}
