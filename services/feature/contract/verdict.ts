/**
 * Purpose: one expectation: its title, unit and default limits, and the verdict on what was
 * measured.
 * Invariants: the defaults are general and not tuned to a data set; what depends on history is
 * learnt from history (volume-check.ts, part-checks.ts) and only widens them. `fail` only above the
 * hard limit and with enough history; what cannot be judged says why; lists are bounded.
 * Fails: SETTINGS_INVALID for a limit that is not a number above zero or for a soft limit above the
 * hard one.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { ExpectationName, Limits } from '../../../domains/expectations.ts';
import { HeadwayError } from '../../../platform/errors.ts';

const MAX_EXAMPLES = 20;

export type Unit = 'count' | 'share' | 'factor' | 'hours';

interface Expectation extends Limits {
  readonly unit: Unit;
  /** For people. */
  readonly title: string;
}

/** In the order in which people read them. */
export const EXPECTATIONS: Readonly<Record<ExpectationName, Expectation>> = {
  columns: {
    unit: 'count',
    soft: null,
    hard: 0,
    title: 'Declared columns that are missing or of another type',
  },
  new_columns: { unit: 'count', soft: 0, hard: null, title: 'New columns' },
  vanished_columns: { unit: 'count', soft: 0, hard: null, title: 'Vanished columns' },
  retyped_columns: {
    unit: 'count',
    soft: 0,
    hard: null,
    title: 'Columns whose type has changed',
  },
  ranges: { unit: 'share', soft: 0.01, hard: 0.2, title: 'Rows outside a declared range' },
  rejected: { unit: 'share', soft: 0.1, hard: 0.5, title: 'Rejected rows, duplicates apart' },
  duplicates: { unit: 'share', soft: 0.05, hard: 0.3, title: 'Duplicate rows' },
  repeated_files: {
    unit: 'count',
    soft: 0,
    hard: null,
    title: 'Files with the same content as another',
  },
  shrunk: {
    unit: 'share',
    soft: 0.1,
    hard: 0.5,
    title: 'Rows lost in a file that was published again',
  },
  withdrawn: {
    unit: 'count',
    soft: 0,
    hard: null,
    title: 'Values taken away at the end of a file that was published again',
  },
  unusable_files: { unit: 'count', soft: 0, hard: null, title: 'Files without a usable row' },
  isolated_times: {
    unit: 'count',
    soft: 0,
    hard: null,
    title: 'Rows with a time far from the rest of their file',
  },
  future: { unit: 'count', soft: 0, hard: 0, title: 'Intervals that had not begun yet' },
  freshness: { unit: 'hours', soft: null, hard: null, title: 'Age of the newest interval' },
  volume: { unit: 'factor', soft: 1.4, hard: 1.8, title: 'Volume against the past weeks' },
  silence: { unit: 'hours', soft: 3, hard: 12, title: 'Silence where a lot was expected' },
  new_series: { unit: 'share', soft: 0.05, hard: 0.5, title: 'Volume of new series' },
  vanished_series: { unit: 'share', soft: 0, hard: 0.5, title: 'Vanished series' },
  zero_series: { unit: 'share', soft: 0.5, hard: 0.95, title: 'Series that were zero for 28 days' },
  unknown_hours: {
    unit: 'count',
    soft: 0,
    hard: null,
    title: 'Hours of the day that are never known',
  },
  level: { unit: 'factor', soft: 4, hard: 20, title: 'Level of one series against the past weeks' },
};

export const EXPECTATION_NAMES = Object.keys(EXPECTATIONS) as ExpectationName[];

export function limitsOf(domain: Domain, name: ExpectationName): Limits {
  const { soft, hard } = { ...EXPECTATIONS[name], ...domain.expectations?.limits?.[name] };
  const least = EXPECTATIONS[name].unit === 'factor' ? 1 : 0;
  for (const limit of [soft, hard]) {
    if (limit !== null && !(limit >= least))
      throw invalid(domain, name, `${limit} is not a number of at least ${least}`);
  }
  if (soft !== null && hard !== null && soft > hard)
    throw invalid(domain, name, `it warns above ${soft} and refuses above ${hard}`);
  return { soft, hard };
}

const invalid = (domain: Domain, name: ExpectationName, problem: string): HeadwayError =>
  new HeadwayError('SETTINGS_INVALID', `the limits of "${name}" do not hold: ${problem}`, {
    where: `expectations of the domain ${domain.name}`,
    fix: 'Give numbers, the soft limit not above the hard one; null never warns or refuses.',
  });

/** `accepted`: above the hard limit, and taken all the same because somebody accepted it. */
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
