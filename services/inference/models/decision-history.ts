/**
 * Purpose: which model served at a time, and what was decided until then and why.
 * Invariants: a question is asked of the store at most once per `keepMs`, and the promotion log
 * too, however many ask; a store that is away leaves nothing behind that is wrong.
 * Fails: as the store does.
 */
import type { Clock } from '../../../platform/clock.ts';
import type { DecisionEntry } from '../../../storage/decisions/decision-log.ts';
import { type ServedModel, servedAt } from '../../../storage/decisions/served-at.ts';
import type { DecisionsSource, Promotion, ServedModels } from '../ports.ts';
import { cachedReads } from './cached-reads.ts';

export interface DecisionsRequest {
  /** null: now. */
  readonly at: number | null;
  readonly limit: number;
}

export interface DecisionHistory {
  /** null: no model served. */
  readonly served: ServedModel | null;
  /** Newest first. */
  readonly decisions: readonly DecisionEntry[];
}

export function decisionHistory(options: {
  readonly decisions: DecisionsSource | null;
  readonly registry: Pick<ServedModels, 'promotions'>;
  readonly clock: Clock;
  readonly keepMs: number;
}): (request: DecisionsRequest) => Promise<DecisionHistory> {
  const { decisions, registry, clock, keepMs } = options;
  const once = cachedReads(clock, keepMs);
  return async ({ at, limit }) => {
    const query = at === null ? { limit } : { at, limit };
    const [promotions, entries] = await Promise.all([
      once<readonly Promotion[]>('promotions', () => registry.promotions()),
      once<readonly DecisionEntry[]>(`${at} ${limit}`, async () =>
        decisions === null ? [] : decisions.recent(query),
      ),
    ]);
    const served = servedAt(promotions, at ?? Number.POSITIVE_INFINITY);
    return { served, decisions: entries };
  };
}
