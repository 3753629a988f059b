/**
 * Purpose: one look of the policy at a domain: what was promoted since the last look is explained,
 * then what the policy decides is done.
 * Invariants: who is champion, what it replaced and what it is a refit of come from the registry;
 * which model runs in shadow, and when the policy trained, from the decision log: a look keeps
 * nothing of its own, so it may be repeated, and be made by any process.
 * Fails: as the stores do; with the error of a training that failed.
 */
import type { DecisionEntry } from '../../storage/decisions/decision-log.ts';
import type { ModelRegistry } from '../../storage/models/model-registry.ts';
import { type ActPorts, act } from './act.ts';
import { decide, openChallenger } from './decide.ts';
import { explainPromotions } from './decisions/explain-promotions.ts';
import type { Champion, DriftSignal } from './decisions/input.ts';
import type { BlockLoss } from './decisions/live-losses.ts';
import type { ReadPolicy } from './policy.ts';

export interface PolicyRequest extends Omit<ActPorts, 'registry'>, ReadPolicy {
  readonly registry: Pick<
    ModelRegistry,
    'list' | 'champion' | 'promotions' | 'earlierChampions' | 'promote' | 'rollback'
  >;
  /** Of all forecasters, paired, in blocks of the policy's `rollback.blockHours`. */
  readonly losses: readonly BlockLoss[];
  /** Those that are open. */
  readonly verdicts: readonly DriftSignal[];
}

/** As many decisions are looked back at. */
const LOOK_BACK = 500;

/** The decisions that were written, oldest first. */
export async function applyPolicy(request: PolicyRequest): Promise<DecisionEntry[]> {
  const { policy, hash, registry, decisions, clock, losses, verdicts } = request;
  const explained = await explainPromotions({ registry, decisions });
  const recent = await decisions.recent({ limit: LOOK_BACK });
  const [previous] = await registry.earlierChampions();
  const decided = decide({
    ...{ now: clock.now(), policy, losses, verdicts, recent },
    champion: await championOf(registry),
    previous: previous?.modelVersion ?? null,
    challenger: openChallenger(recent),
    lastTrainedAt: await lastTrainedAt(registry),
  });
  const context = {
    policyHash: hash,
    shadowHours: policy.challenger.shadowHours,
    seen: recent[0]?.number ?? 0,
  };
  return [...explained, ...(await act(decided, context, request))];
}

async function championOf(registry: PolicyRequest['registry']): Promise<Champion | null> {
  const promotion = await registry.champion();
  if (promotion === null) return null;
  const { modelVersion, at: since } = promotion;
  const card = (await registry.list()).find((one) => one.modelVersion === modelVersion);
  const trainingCutoff = card?.trainingCutoff ?? since;
  return { modelVersion, since, trainingCutoff, twin: card?.refit?.twin ?? null };
}

/** When the newest model was made, or the gate judged last. */
async function lastTrainedAt(registry: PolicyRequest['registry']): Promise<number | null> {
  const made = (await registry.list()).map(({ createdAt }) => createdAt);
  return made.length === 0 ? null : Math.max(...made);
}
