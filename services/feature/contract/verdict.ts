/**
 * Purpose: what became of one expectation: its number, the limits that held, and what was found in
 * words.
 * Invariants: `fail` only above the hard limit and with enough history; what cannot be judged says
 * why; lists are bounded.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { ExpectationName, Limits } from '../../../domains/expectations.ts';
import { EXPECTATIONS, limitsOf, type Unit } from './contract-limits.ts';

const MAX_EXAMPLES = 20;

/** `accepted`: above the hard limit, and taken all the same because somebody said so. */
export type Outcome = 'pass' | 'warn' | 'fail' | 'accepted' | 'unjudged';

export interface Verdict {
  readonly name: ExpectationName;
  readonly outcome: Outcome;
  readonly unit: Unit;
  /**
   * The number that was measured, the worst where there were several; null where there was nothing
   * to measure.
   */
  readonly value: number | null;
  /** The limits that held for it: the declared ones, or wider ones that were learnt. */
  readonly soft: number | null;
  readonly hard: number | null;
  /** One line: what the number is about, or why nothing was judged. */
  readonly detail: string;
  /** Further lines, worst first. */
  readonly examples: readonly string[];
  /** Names of the parts at fault where it fails. */
  readonly parts: readonly PartName[];
}

export interface PartName {
  readonly feed: string;
  readonly name: string;
}

/** One thing that was measured, e.g. one part's share of duplicates. */
export interface Measured {
  readonly value: number;
  /** One line about it. */
  readonly detail: string;
  /** The parts it comes from. */
  readonly parts: readonly PartName[];
  /** Limits of its own; those of the expectation without. */
  readonly limits?: Limits;
  /** True where a hard break is only a warning, because too little is known to refuse data by. */
  readonly onlyWarn?: boolean;
}

const RANK: Record<Outcome, number> = { fail: 4, accepted: 3, warn: 2, pass: 1, unjudged: 0 };

export function judged(
  domain: Domain,
  name: ExpectationName,
  measured: readonly Measured[],
  unjudged: string,
): Verdict {
  const { unit } = EXPECTATIONS[name];
  const declared = limitsOf(domain, name);
  if (measured.length === 0) {
    return {
      name,
      outcome: 'unjudged',
      unit,
      value: null,
      ...declared,
      detail: unjudged,
      examples: [],
      parts: [],
    };
  }
  const all = measured.map((one) => ({ one, outcome: outcomeOf(one, one.limits ?? declared) }));
  all.sort(
    (a, b) =>
      RANK[b.outcome] - RANK[a.outcome] || excess(b.one, declared) - excess(a.one, declared),
  );
  const [worst] = all as [(typeof all)[number]];
  const failed = all.filter(({ outcome }) => outcome === 'fail').flatMap(({ one }) => one.parts);
  const broken = all.filter(({ outcome }) => outcome === 'fail' || outcome === 'warn');
  return {
    name,
    outcome: worst.outcome,
    unit,
    value: worst.one.value,
    ...(worst.one.limits ?? declared),
    detail: worst.one.detail,
    examples: broken.slice(1, MAX_EXAMPLES + 1).map(({ one }) => one.detail),
    parts: failed.filter(
      (part, index) =>
        failed.findIndex((p) => p.feed === part.feed && p.name === part.name) === index,
    ),
  };
}

function outcomeOf({ value, onlyWarn }: Measured, { soft, hard }: Limits): Outcome {
  if (hard !== null && value > hard) return onlyWarn ? 'warn' : 'fail';
  return soft !== null && value > soft ? 'warn' : 'pass';
}

/** How far beyond its limit, so that numbers under different limits can be ranked. */
function excess(one: Measured, declared: Limits): number {
  const { soft, hard } = one.limits ?? declared;
  const limit = hard ?? soft;
  return limit === null || limit === 0 ? one.value : one.value / limit;
}

export const shareText = (share: number): string =>
  `${(100 * share).toFixed(share > 0 && share < 0.01 ? 2 : 1)} %`;
export const wholeText = (value: number): string => Math.round(value).toLocaleString('en-US');
