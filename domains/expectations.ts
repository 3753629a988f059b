/**
 * Purpose: what a domain expects of its raw data: the words of the data contract, shared by those
 * who declare it (domains/) and those who hold data to it (services/feature).
 * Invariants: each expectation measures one number, the higher the worse; above `soft` it warns,
 * above `hard` it refuses the run; null never does. What a domain leaves out has the default of
 * services/feature/contract/verdict.ts.
 * Fails: never; the type checker finds a limit that is not a number.
 */

export type ExpectationName =
  /** Declared columns that a file lacks, or has of another kind. */
  | 'columns'
  /** Columns that the feed's file before had not. */
  | 'new_columns'
  | 'vanished_columns'
  /** Columns whose kind (number, text, time, …) is another than in the feed's file before. */
  | 'retyped_columns'
  /** Share of a part's usable rows outside one of its declared ranges. */
  | 'ranges'
  /** Share of a part's rows that were rejected, duplicates apart. */
  | 'rejected'
  /** Share of a part's rows that repeat another row. */
  | 'duplicates'
  /** Parts whose content is that of another part under another name. */
  | 'repeated_files'
  /** Share of its usable rows that a part lost when it was published again. */
  | 'shrunk'
  /** Values that a part had at its end, and has no more now that it was published again. */
  | 'withdrawn'
  /** Files of a part, where it has several, of which no row is usable. */
  | 'unusable_files'
  /** Rows of a time months or years from all others of their part, where that states no span. */
  | 'isolated_times'
  /** Intervals that had not begun when the data came, and that it covers all the same. */
  | 'future'
  /**
   * Age of the newest interval in hours. Without a limit of the domain's own it is learnt from when
   * data came before.
   */
  | 'freshness'
  /**
   * How many times more or fewer events (values, where they are measured) than in the same hours of
   * the past weeks: 2 is double or half.
   */
  | 'volume'
  /** Hours in a row without anything, of which the past weeks let expect a lot. */
  | 'silence'
  /** Share of the new volume that belongs to series never seen before. */
  | 'new_series'
  /**
   * Share of the series that were surely active in each of the past weeks and are not in these
   * hours; of each part published again, of those that it had before and has no more.
   */
  | 'vanished_series'
  /** Share of all series that were zero throughout the last 28 days. */
  | 'zero_series'
  /**
   * Hours of the local day at which a series is never known though it is at the others; of all
   * series the worst. Only where an absent row means unknown.
   */
  | 'unknown_hours'
  /**
   * How many times higher or lower the values of one series are than in the same hours of the past
   * weeks; of all series the worst. On an interval scale: how many times their usual spread they
   * differ.
   */
  | 'level';

export interface Limits {
  readonly soft: number | null;
  readonly hard: number | null;
}

export type ColumnKind = 'number' | 'text' | 'time' | 'boolean' | 'other';

export interface ColumnExpectation {
  /** Its spellings, in any case: one of them must be there. */
  readonly names: readonly string[];
  /** Any of these will do. */
  readonly kinds: readonly ColumnKind[];
}

export interface Expectations {
  /** Columns that each raw file of the demand must have. */
  readonly columns?: readonly ColumnExpectation[];
  readonly limits?: Readonly<Partial<Record<ExpectationName, Partial<Limits>>>>;
}
