/**
 * Purpose: which model was served at a time, and why: by the promotion log.
 * Invariants: a refusal changes nothing; an entry counts from its own time on.
 * Fails: never.
 */
import type { Promotion } from '../models/promotion.ts';

export interface ServedModel {
  readonly modelVersion: string;
  readonly since: number;
  readonly kind: 'promoted' | 'rolled-back';
  readonly reason: string;
  /** The number of the entry in the promotion log. */
  readonly promotion: number;
}

type Entry = Pick<Promotion, 'at' | 'kind' | 'modelVersion' | 'number' | 'reason'>;

/** @param promotions oldest first. @returns null where no model was served yet */
export function servedAt(promotions: readonly Entry[], at: number): ServedModel | null {
  for (const entry of [...promotions].reverse()) {
    const { kind, modelVersion, number, reason } = entry;
    if (entry.at > at || (kind !== 'promoted' && kind !== 'rolled-back')) continue;
    return { modelVersion, since: entry.at, kind, reason, promotion: number };
  }
  return null;
}
