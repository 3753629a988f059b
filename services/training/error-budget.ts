/**
 * Purpose: how often the next verdict may promote by chance. Whoever trains every day and tests
 * each challenger at 5 % promotes one that is no better sooner or later; this bounds it.
 * Invariants: under one champion the levels of the verdicts of any 30 days sum to less than 5 %, so
 * that the chance of at least one false promotion among them is below that, however the verdicts
 * depend on one another (Bonferroni's inequality; spending a share of what is left is the alpha
 * spending of Lan & DeMets 1983). The promotion log is the only state. A change of the champion
 * starts with the whole budget.
 * Fails: never; entries of early releases name no level and have spent nothing.
 */
import type { Promotion } from '../../storage/models/promotion.ts';

const BUDGET = 0.05;
const WINDOW_MS = 30 * 86_400_000;
/** Of what is left, a verdict may spend this share. */
const SHARE = 1 / 15;

/**
 * The level of the next verdict.
 * @param log oldest first
 */
export function nextLevel(
  log: readonly Pick<Promotion, 'at' | 'kind' | 'evidence'>[],
  now: number,
): number {
  const reign = log.findLastIndex(({ kind }) => kind === 'promoted' || kind === 'rolled-back');
  const spent = log
    .slice(reign + 1)
    .filter(({ at }) => at > now - WINDOW_MS)
    .reduce((sum, { evidence }) => sum + levelIn(evidence), 0);
  return SHARE * Math.max(0, BUDGET - spent);
}

function levelIn(evidence: unknown): number {
  const { level } = (evidence ?? {}) as { readonly level?: unknown };
  return typeof level === 'number' && level > 0 ? level : 0;
}
