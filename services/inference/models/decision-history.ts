/**
 * Purpose: which model served at a time, and what was decided until then and why.
 * Invariants: a question is asked of the store at most once per `keepMs`, and the promotion log
 * too, however many ask; a store that is away leaves nothing behind that is wrong.
 * Fails: as the store does.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../platform/clock.ts';
import type { DecisionEntry } from '../../../storage/decisions/decision-log.ts';
import { type ServedModel, servedAt } from '../../../storage/decisions/served-at.ts';
import type { DecisionsSource, Promotion, ServedModels } from '../ports.ts';

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

/** Questions whose responses are kept. */
const MAX_KEPT = 200;

export function decisionHistory(options: {
  readonly decisions: DecisionsSource | null;
  readonly registry: Pick<ServedModels, 'promotions'>;
  readonly clock: Clock;
  readonly keepMs: number;
}): (request: DecisionsRequest) => Promise<DecisionHistory> {
  const { decisions, registry, clock, keepMs } = options;
  const kept = new LRUCache<string, Promise<unknown>>({
    max: MAX_KEPT,
    ttl: keepMs,
    ttlResolution: 0,
    perf: { now: () => clock.now() },
  });

  function once<T>(key: string, read: () => Promise<T>): Promise<T> {
    const known = kept.get(key);
    if (known !== undefined) return known as Promise<T>;
    const reading = read();
    kept.set(key, reading);
    reading.catch(() => kept.delete(key));
    return reading;
  }

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
