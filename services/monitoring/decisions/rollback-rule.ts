/**
 * Purpose: is the champion worse, live, than what could be served instead: its scored twin, the
 * champion before, or the naive baselines?
 * Invariants: each reference is tested at its share of the policy's rate of false alarms, so that
 * all together roll back a champion that is no worse no more often than that (Bonferroni). Worse
 * than every naive baseline on average over them is worse than the best of them. A baseline is no
 * model: what is served instead is the previous champion; without one, a training is begun.
 * Fails: as live-losses.ts.
 */

import { mayTrain } from './cool-down.ts';
import type { DecideInput, Decision } from './input.ts';
import { baselinesIn, compareLive, type LiveComparison } from './live-losses.ts';

export function judgeChampion(input: DecideInput): Decision | null {
  const { champion, previous } = input;
  if (champion === null) return null;
  const comparisons = comparisonsOf(input);
  const worse = comparisons.filter(({ isWorse }) => isWorse);
  if (worse.length === 0) return null;
  const { modelVersion: before } = champion;
  const models = worse
    .filter((one) => one.modelVersion !== null)
    .sort((a, b) => a.referencePinball - b.referencePinball);
  const best = models[0];
  const target = best?.modelVersion ?? usablePrevious(input);
  const evidence = { falseAlarmRate: input.policy.rollback.falseAlarmRate, comparisons };
  if (target !== null) {
    const reason = `rolled back: ${worse.map(inWords).join('; ')}`;
    return { kind: 'rollback', modelVersion: target, before, after: target, reason, evidence };
  }
  if (!mayTrain(input)) return null;
  const why =
    previous === null ? 'there is no previous champion' : 'the previous champion is no better';
  const reason = `retrained: ${worse.map(inWords).join('; ')}; ${why}`;
  return {
    ...{ kind: 'retrain', modelVersion: null, before, after: before, reason },
    evidence: { trigger: 'worse-than-naive', ...evidence },
  };
}

function comparisonsOf({ champion, previous, policy, losses }: DecideInput): LiveComparison[] {
  if (champion === null) return [];
  const { against, margin, falseAlarmRate } = policy.rollback;
  const { modelVersion, since, twin } = champion;
  const forecaster = { name: 'champion', modelVersion };
  const baselines = against.includes('naive') ? baselinesIn(losses) : [];
  const models = [
    ...(against.includes('twin') && twin !== null ? [{ name: 'twin', modelVersion: twin }] : []),
    ...(against.includes('previous') && previous !== null && previous !== twin
      ? [{ name: 'previous', modelVersion: previous }]
      : []),
  ].filter((one) => one.modelVersion !== modelVersion);
  const families = models.length + (baselines.length > 0 ? 1 : 0);
  const level = falseAlarmRate / Math.max(1, families);
  const compare = (reference: { name: string; modelVersion: string | null }, at: number) =>
    compareLive({ losses, forecaster, reference, since, margin, level: at }) ?? [];
  return [
    ...models.flatMap((reference) => compare(reference, level)),
    ...naive(baselines.flatMap((reference) => compare(reference, level))),
  ];
}

/**
 * The best baseline, with the evidence against "no worse than any": the mean of the evidence
 * against each, which is evidence too.
 */
function naive(comparisons: readonly LiveComparison[]): LiveComparison[] {
  const [best] = [...comparisons].sort((a, b) => a.referencePinball - b.referencePinball);
  if (best === undefined) return [];
  const evidence = comparisons.reduce((sum, one) => sum + one.evidence, 0) / comparisons.length;
  return [{ ...best, evidence, isWorse: evidence >= best.threshold }];
}

/** The previous champion, unless it loses no less than the champion where both were scored. */
function usablePrevious({ champion, previous, losses }: DecideInput): string | null {
  if (champion === null || previous === null) return null;
  const compared = compareLive({
    losses,
    forecaster: { name: 'champion', modelVersion: champion.modelVersion },
    reference: { name: 'previous', modelVersion: previous },
    ...{ since: champion.since, margin: 0, level: 0.5 },
  });
  return compared === null || compared.skill < 0 ? previous : null;
}

function inWords({ against, modelVersion, skill, blocks, evidence, threshold }: LiveComparison) {
  const name = { twin: 'its scored twin', previous: 'the previous champion' }[against];
  const who = name === undefined ? `the naive ${against}` : `${name} (${modelVersion})`;
  const more =
    skill === Number.NEGATIVE_INFINITY ? 'infinitely more' : `${(-100 * skill).toFixed(1)} % more`;
  return (
    `live, it has ${more} pinball loss than ${who} over ${blocks} blocks, ` +
    `evidence ${evidence.toPrecision(3)}, threshold ${threshold.toPrecision(3)}`
  );
}
