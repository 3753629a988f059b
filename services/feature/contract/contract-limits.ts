/**
 * Purpose: the limits that hold where a domain declares none, and the words for each expectation.
 * Invariants: general, and tuned to no data set: refusing takes damage that nobody would call a
 * busy day; what depends on history is learnt from history (volume-check.ts, part-checks.ts) and
 * only ever widens these limits.
 * Fails: SETTINGS_INVALID for a limit that is no number above zero or for a soft limit above the
 * hard one.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { ExpectationName, Limits } from '../../../domains/expectations.ts';
import { HeadwayError } from '../../../platform/errors.ts';

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
    title: 'Declared columns that are missing or of another kind',
  },
  new_columns: { unit: 'count', soft: 0, hard: null, title: 'New columns' },
  vanished_columns: { unit: 'count', soft: 0, hard: null, title: 'Vanished columns' },
  retyped_columns: {
    unit: 'count',
    soft: 0,
    hard: null,
    title: 'Columns of another kind than before',
  },
  ranges: { unit: 'share', soft: 0.01, hard: 0.2, title: 'Rows outside a declared range' },
  rejected: { unit: 'share', soft: 0.1, hard: 0.5, title: 'Rejected rows, duplicates apart' },
  duplicates: { unit: 'share', soft: 0.05, hard: 0.3, title: 'Duplicate rows' },
  repeated_files: {
    unit: 'count',
    soft: 0,
    hard: null,
    title: 'Files with the content of another',
  },
  shrunk: { unit: 'share', soft: 0.1, hard: 0.5, title: 'Rows lost by a file published again' },
  future: { unit: 'count', soft: 0, hard: 0, title: 'Intervals that had not begun yet' },
  freshness: { unit: 'hours', soft: null, hard: null, title: 'Age of the newest interval' },
  volume: { unit: 'factor', soft: 1.4, hard: 1.8, title: 'Volume against the past weeks' },
  silence: { unit: 'hours', soft: 3, hard: 12, title: 'Silence where a lot was expected' },
  new_series: { unit: 'share', soft: 0.05, hard: 0.5, title: 'Volume of new series' },
  vanished_series: { unit: 'share', soft: 0, hard: 0.5, title: 'Vanished series' },
  zero_series: { unit: 'share', soft: 0.5, hard: 0.95, title: 'Series that were zero for 28 days' },
  level: { unit: 'factor', soft: 4, hard: 20, title: 'Level of one series against the past weeks' },
};

export const EXPECTATION_NAMES = Object.keys(EXPECTATIONS) as ExpectationName[];

export function limitsOf(domain: Domain, name: ExpectationName): Limits {
  const { soft, hard } = { ...EXPECTATIONS[name], ...domain.expectations?.limits?.[name] };
  const least = EXPECTATIONS[name].unit === 'factor' ? 1 : 0;
  for (const limit of [soft, hard]) {
    if (limit !== null && !(limit >= least))
      throw invalid(domain, name, `${limit} is no number from ${least} on`);
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
