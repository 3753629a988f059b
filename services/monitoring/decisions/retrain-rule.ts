/**
 * Purpose: is it time to train: because of a drift verdict, of lost skill, of the clock, or because
 * the champion has learnt from nothing new for long?
 * Invariants: a verdict begins one training, at its detection or as soon after it as the policy
 * allows; a training that has to wait is written down once. While a challenger runs in shadow only
 * a drift that was detected since may begin another training.
 * Fails: as live-losses.ts.
 */
import { utcText } from '../../../platform/text/utc-text.ts';
import { HOUR_MS, lastTraining, mayTrain } from './cool-down.ts';
import type { DecideInput, Decision, DriftSignal } from './input.ts';
import { baselinesIn, compareLive, type LiveComparison } from './live-losses.ts';

interface Trigger {
  /** Names the cause, so that it is written down once. */
  readonly trigger: string;
  readonly why: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** Half of the days must be scored before their skill counts. */
const MIN_SHARE = 0.5;

export function judgeTraining(input: DecideInput): Decision | null {
  const trigger = driftTrigger(input) ?? skillTrigger(input) ?? clockTrigger(input);
  if (trigger === null) return null;
  const before = input.champion?.modelVersion ?? null;
  const about = { modelVersion: null, before, after: before };
  const evidence = { trigger: trigger.trigger, ...trigger.evidence };
  if (mayTrain(input))
    return { kind: 'retrain', ...about, reason: `retrained: ${trigger.why}`, evidence };
  return trigger.trigger === 'clock' || wasNoted(input, trigger.trigger)
    ? null
    : { kind: 'keep', ...about, reason: waits(input, trigger), evidence };
}

/** A stale champion is fitted again. */
export function judgeAge(input: DecideInput): Decision | null {
  const { now, policy, champion, challenger } = input;
  const { afterDays } = policy.refit;
  if (champion === null || afterDays === null || challenger !== null) return null;
  const ageDays = (now - champion.trainingCutoff) / (24 * HOUR_MS);
  if (ageDays <= afterDays || !mayTrain(input)) return null;
  const { modelVersion } = champion;
  const reason =
    `refitted: the champion was trained on data up to ${ageDays.toFixed(1)} days ago, ` +
    `${afterDays} are allowed`;
  const about = { modelVersion, before: modelVersion, after: modelVersion };
  return { kind: 'refit', ...about, reason, evidence: { trigger: 'age', ageDays, afterDays } };
}

function driftTrigger(input: DecideInput): Trigger | null {
  const { verdicts, policy, challenger } = input;
  const { onDrift } = policy.retrain;
  const from = Math.max(lastTraining(input) ?? 0, challenger?.since ?? 0);
  const fresh = verdicts
    .filter(({ name }) => onDrift.includes('*') || onDrift.includes(name))
    .filter(({ detectedAt }) => detectedAt > from)
    .sort((a, b) => a.detectedAt - b.detectedAt || (a.name < b.name ? -1 : 1));
  const [first] = fresh;
  if (first === undefined) return null;
  return {
    trigger: `drift:${first.name}:${first.detectedAt}`,
    why: fresh.map(inWords).join('; '),
    evidence: { verdicts: fresh },
  };
}

const inWords = ({ name, message }: DriftSignal): string => `${name}: ${message}`;

function skillTrigger(input: DecideInput): Trigger | null {
  const { now, champion, challenger, policy } = input;
  const { onSkill } = policy.retrain;
  if (champion === null || challenger !== null || onSkill === null) return null;
  const { below, days } = onSkill;
  const since = Math.max(now - days * 24 * HOUR_MS, champion.since);
  const best = bestBaseline(input, since);
  const isCovered = ({ from, until }: LiveComparison) =>
    until - from >= (MIN_SHARE * days * 24 - policy.rollback.blockHours) * HOUR_MS;
  if (best === null || !isCovered(best) || best.skill >= below) return null;
  return {
    trigger: `skill:${champion.modelVersion}`,
    why:
      `live skill ${best.skill.toFixed(3)} against ${best.against} over ${days} days, the policy ` +
      `requires ${below}`,
    evidence: { skill: best.skill, below, days, comparison: best },
  };
}

function bestBaseline(input: DecideInput, since: number): LiveComparison | null {
  const { champion, losses, policy } = input;
  if (champion === null) return null;
  const forecaster = { name: 'champion', modelVersion: champion.modelVersion };
  const { margin, falseAlarmRate: level } = policy.rollback;
  const compared = baselinesIn(losses).flatMap(
    (reference) => compareLive({ losses, forecaster, reference, since, margin, level }) ?? [],
  );
  return compared.sort((a, b) => a.skill - b.skill)[0] ?? null;
}

function clockTrigger(input: DecideInput): Trigger | null {
  const { now, policy, challenger } = input;
  const { everyHours } = policy.retrain;
  if (everyHours === null || challenger !== null) return null;
  const last = lastTraining(input);
  if (last !== null && now - last < everyHours * HOUR_MS) return null;
  const why =
    last === null
      ? 'no model was trained yet'
      : `the last training began ${utcText(last)}, ${everyHours} hours are allowed`;
  return { trigger: 'clock', why, evidence: { lastTrainedAt: last, everyHours } };
}

const wasNoted = ({ recent }: DecideInput, trigger: string): boolean =>
  recent.some(
    ({ kind, evidence }) =>
      kind === 'keep' && (evidence as { trigger?: unknown } | null)?.trigger === trigger,
  );

function waits(input: DecideInput, { why }: Trigger): string {
  const last = utcText(lastTraining(input) as number);
  return (
    `kept: ${why}; the last training began ${last}, and the policy allows one in ` +
    `${input.policy.retrain.atMostEveryHours} hours`
  );
}
