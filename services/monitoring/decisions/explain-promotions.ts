/**
 * Purpose: an entry of the decision log for each entry of the promotion log that has none:
 * trainings of the schedule with their gate, promotions and rollbacks by hand, and what a
 * process that died left unexplained.
 * Invariants: entries are explained in their order, each once; of two processes at once one
 * stops.
 * Fails: as the stores do.
 */
import type {
  DecisionActor,
  DecisionDraft,
  DecisionEntry,
  DecisionKind,
  DecisionLog,
} from '../../../storage/decisions/decision-log.ts';
import type { ModelRegistry } from '../../../storage/models/model-registry.ts';
import type { Promotion } from '../../../storage/models/promotion.ts';

export interface ExplainRequest {
  readonly registry: Pick<ModelRegistry, 'promotions'>;
  readonly decisions: DecisionLog;
  /** Who began the trainings whose verdicts are not explained yet; default: the schedule. */
  readonly trainedBy?: { readonly actor: DecisionActor; readonly policyHash: string | null };
}

const KINDS: Readonly<Record<Promotion['kind'], DecisionKind>> = {
  promoted: 'promote',
  'rolled-back': 'rollback',
  rejected: 'reject',
  inconclusive: 'reject',
};
const BY_SCHEDULE = { actor: 'schedule', policyHash: null } as const;
/** The newest explained promotion is looked for among so many decisions at a time. */
const PAGE = 100;

export async function explainPromotions({
  registry,
  decisions,
  trainedBy = BY_SCHEDULE,
}: ExplainRequest): Promise<DecisionEntry[]> {
  const promotions = await registry.promotions();
  const [head] = await decisions.recent({ limit: 1 });
  const explained = await lastExplained(decisions, head?.number ?? 0);
  const written: DecisionEntry[] = [];
  let last = head?.number ?? 0;
  let before: string | null = null;
  for (const promotion of promotions) {
    const { number, kind, modelVersion } = promotion;
    const isChange = kind === 'promoted' || kind === 'rolled-back';
    const after: string | null = isChange ? modelVersion : before;
    if (number > explained) {
      const draft = draftOf(promotion, before, after, trainedBy);
      const entry = await decisions.appendIf(async (newest) =>
        (newest?.number ?? 0) === last ? draft : null,
      );
      if (entry === null) break;
      written.push(entry);
      last = entry.number;
    }
    before = after;
  }
  return written;
}

/** The number of the newest promotion that a decision names; 0: none. */
async function lastExplained(decisions: DecisionLog, size: number): Promise<number> {
  for (let limit = PAGE; ; limit *= 4) {
    const found = (await decisions.recent({ limit })).find(({ promotion }) => promotion !== null);
    if (found?.promotion) return found.promotion;
    if (limit >= size) return 0;
  }
}

function draftOf(
  promotion: Promotion,
  before: string | null,
  after: string | null,
  trainedBy: NonNullable<ExplainRequest['trainedBy']>,
): DecisionDraft {
  const { at, kind, modelVersion, reason, evidence, number } = promotion;
  return {
    ...{ at, kind: KINDS[kind], modelVersion, before, after, evidence, promotion: number },
    reason: reason === '' ? `${kind}, without a reason` : reason,
    ...deciderOf(promotion, trainedBy),
  };
}

/** The gate leaves its comparisons as evidence; a person leaves none. */
function deciderOf(
  { kind, evidence }: Promotion,
  trainedBy: NonNullable<ExplainRequest['trainedBy']>,
): Pick<DecisionDraft, 'actor' | 'policyHash'> {
  const noted = (evidence ?? {}) as { actor?: unknown; policyHash?: unknown };
  if (noted.actor === 'policy' && typeof noted.policyHash === 'string')
    return { actor: 'policy', policyHash: noted.policyHash };
  const isByHand = kind === 'rolled-back' || (kind === 'promoted' && evidence === null);
  return isByHand ? { actor: 'person', policyHash: null } : trainedBy;
}
