/**
 * Purpose: carries out what the policy decided, and writes each decision with its evidence into the
 * decision log; explains promotions that have no decision yet.
 * Invariants: a change of the champion is made only over the champion that it was decided on. A
 * training is written down before it begins, so that one that is killed still counts against the
 * policy's limit; a change of the champion is written down after it was made, because the promotion
 * log is the truth: where this process dies in between, the next run explains it. What was decided
 * from an older state of the decision log is dropped: another process has decided meanwhile. How a
 * training ended is written down whatever was decided meanwhile.
 * Fails: as the stores do; with the training's error, after writing down that it failed.
 */
import type { Clock } from '../../platform/clock.ts';
import { describeError } from '../../platform/errors.ts';
import type {
  DecisionDraft,
  DecisionEntry,
  DecisionLog,
} from '../../storage/decisions/decision-log.ts';
import { type ModelRegistry, wasReplaced } from '../../storage/models/model-registry.ts';
import { challengersOf } from './challengers.ts';
import { explainPromotions } from './decisions/explain-promotions.ts';
import type { Decision } from './decisions/input.ts';

export interface TrainingRequest {
  /** `refit`: the recipe of the champion, fitted again on all data. */
  readonly kind: 'retrain' | 'refit';
  readonly reason: string;
  /** A model that passes the gate is not promoted: it runs in shadow first. */
  readonly isShadow: boolean;
}

export interface TrainingOutcome {
  /** null: none was registered. */
  readonly modelVersion: string | null;
  /** Passed the gate and was not promoted, because it runs in shadow first. */
  readonly isChallenger: boolean;
  /** One sentence for people. */
  readonly reason: string;
  readonly evidence: unknown;
}

export interface ActPorts {
  readonly registry: Pick<ModelRegistry, 'champion' | 'promote' | 'rollback' | 'promotions'>;
  readonly decisions: DecisionLog;
  /** Trains, judges and registers; promotes what passes the gate, unless it is for the shadow. */
  readonly train: (request: TrainingRequest) => Promise<TrainingOutcome>;
  readonly clock: Clock;
}

export interface ActContext {
  readonly policyHash: string;
  readonly shadowHours: number;
  /** The number of the newest decision that was known when it was decided; 0: none. */
  readonly seen: number;
}

type Draft = Omit<DecisionDraft, 'at' | 'actor' | 'policyHash'>;
/** How a training ended: the champion stays who it is by then. */
type Outcome = Omit<Draft, 'before' | 'after' | 'promotion'>;

/** Returns the entries that were written, oldest first. */
export async function act(
  decided: readonly Decision[],
  { policyHash, shadowHours, seen }: ActContext,
  ports: ActPorts,
): Promise<DecisionEntry[]> {
  const { decisions, registry, clock } = ports;
  const written: DecisionEntry[] = [];
  let last = seen;
  const about = { actor: 'policy' as const, policyHash };

  /** Where nobody else has written meanwhile. */
  async function note(draft: Draft): Promise<boolean> {
    const entry = await decisions.appendIf(async (head) =>
      (head?.number ?? 0) === last ? { at: clock.now(), ...about, ...draft } : null,
    );
    if (entry === null) return false;
    written.push(entry);
    last = entry.number;
    return true;
  }
  async function record(outcome: Outcome): Promise<void> {
    const entry = await decisions.appendIf(async (head) => {
      const champion = head?.after ?? null;
      const stays = { before: champion, after: champion, promotion: null };
      return { at: clock.now(), ...about, ...outcome, ...stays };
    });
    if (entry === null) return;
    written.push(entry);
    if (entry.number === last + 1) last = entry.number;
  }
  async function explain(): Promise<void> {
    for (const entry of await explainPromotions({ registry, decisions, trainedBy: about })) {
      written.push(entry);
      last = Math.max(last, entry.number);
    }
  }

  for (const decision of decided) {
    if (decision.kind === 'rollback' || decision.kind === 'promote') {
      await changeChampion(decision, about, registry);
      await explain();
    } else if (decision.kind === 'retrain' || decision.kind === 'refit') {
      if (!(await note({ ...decision, promotion: null }))) break;
      const outcome = await ports
        .train({ kind: decision.kind, reason: decision.reason, isShadow: shadowHours > 0 })
        .catch(async (error: unknown) => {
          await record({ modelVersion: decision.modelVersion, ...failed(error) });
          throw error;
        });
      await explain();
      await recordChallenger(outcome, decisions, record);
    } else if (!(await note({ ...decision, promotion: null }))) break;
  }
  return written;
}

/** A champion that another one has replaced meanwhile stays: it was not decided on. */
async function changeChampion(
  { kind, before, after, reason, evidence }: Decision,
  about: { readonly actor: 'policy'; readonly policyHash: string },
  registry: ActPorts['registry'],
): Promise<void> {
  if (after === null) return;
  const noted = { ...about, ...evidence };
  try {
    if (kind === 'promote')
      await registry.promote({ modelVersion: after, reason, evidence: noted, over: before });
    else if (before !== null)
      await registry.rollback({ reason, over: before, to: after, evidence: noted });
  } catch (error) {
    if (!(await wasReplaced(registry, before, error))) throw error;
  }
}

const failed = (error: unknown) => ({
  kind: 'keep' as const,
  reason: `kept: the training failed: ${describeError(error)}`,
  evidence: { trigger: 'training-failed' },
});

async function recordChallenger(
  { modelVersion, isChallenger, reason, evidence }: TrainingOutcome,
  decisions: DecisionLog,
  record: (outcome: Outcome) => Promise<void>,
): Promise<void> {
  if (!isChallenger || modelVersion === null) return;
  const [replaced] = await challengersOf(decisions);
  if (replaced !== undefined && replaced !== modelVersion)
    await record({
      ...{ kind: 'reject', modelVersion: replaced },
      reason: `not promoted: replaced in shadow by ${modelVersion}`,
      evidence: { replacedBy: modelVersion },
    });
  await record({ kind: 'challenge', modelVersion, reason, evidence });
}
