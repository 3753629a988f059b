/**
 * Purpose: may a new model, which passed the gate and runs in shadow, be served?
 * Invariants: it is served after the policy's hours in shadow where its live loss is no more
 * than the champion's and the policy's margin, on the same pairs; refused where it is more, at
 * once where that is certain; refused, too, where no score came for far longer than that.
 * Fails: as live-losses.ts.
 */

import { HOUR_MS } from './cool-down.ts';
import type { DecideInput, Decision } from './input.ts';
import { compareLive } from './live-losses.ts';

/** Without a score after so many times the hours in shadow, there will be none. */
const PATIENCE = 4;

export function judgeChallenger(input: DecideInput): Decision | null {
  const { now, policy, champion, challenger, losses, recent } = input;
  if (challenger === null) return null;
  const { modelVersion, since } = challenger;
  const before = champion?.modelVersion ?? null;
  if (modelVersion === before) return null;
  const outcome = (isServed: boolean, why: string, evidence: Decision['evidence']): Decision => ({
    kind: isServed ? 'promote' : 'reject',
    ...{ modelVersion, before, after: isServed ? modelVersion : before, evidence },
    reason: `${isServed ? 'promoted' : 'not promoted'}: ${why}`,
  });
  const wasRolledBack = recent.some(
    (one) => one.kind === 'rollback' && one.before === modelVersion,
  );
  if (wasRolledBack) return outcome(false, 'it was served and rolled back before', {});
  if (champion === null) return outcome(true, 'there is no champion', {});
  const { margin, falseAlarmRate: level } = policy.rollback;
  const comparison = compareLive({
    losses,
    forecaster: { name: 'challenger', modelVersion },
    reference: { name: 'champion', modelVersion: champion.modelVersion },
    ...{ since, margin, level },
  });
  const hours = (now - since) / HOUR_MS;
  const shadowHours = policy.challenger.shadowHours;
  const evidence = { shadowHours: hours, comparison };
  if (comparison === null) {
    if (shadowHours === 0) return outcome(true, 'the policy requires no time in shadow', evidence);
    return hours > Math.max(PATIENCE * shadowHours, 24)
      ? outcome(false, `no live score in ${hours.toFixed(0)} hours of shadow`, evidence)
      : null;
  }
  const { skill, blocks, isWorse } = comparison;
  const side = skill >= 0 ? 'less' : 'more';
  const figures =
    `${Math.abs(100 * skill).toFixed(1)} % ${side} live pinball loss than the champion ` +
    `over ${blocks} blocks in shadow`;
  if (isWorse) return outcome(false, figures, evidence);
  return hours < shadowHours ? null : outcome(skill >= -margin, figures, evidence);
}
