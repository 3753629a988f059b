/**
 * Purpose: what the forecasters are called, in which order they are listed and which line is
 * theirs, in tables and charts.
 * Invariants: an unknown forecaster keeps its own name and comes before the oracle.
 * Fails: never.
 */
const NAMES: Readonly<Record<string, string>> = {
  last_value: 'last value',
  seasonal_naive: 'seasonal naive',
  mean_4_weeks: 'mean of 4 weeks',
  mean_4_years: 'mean of 4 years',
  mean_4_seasons: 'mean of 4 seasons',
  exponential_smoothing: 'exponential smoothing',
  ridge: 'ridge regression',
  champion: 'champion',
  external: 'external model',
  network: 'network',
  oracle: 'oracle (knows the truth)',
};

/** The simplest first, the oracle last. */
const ORDER = Object.keys(NAMES);

export const forecasterName = (name: string): string => NAMES[name] ?? name.replaceAll('_', ' ');

export function inOrder(names: readonly string[]): string[] {
  const place = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length - 1.5);
  return [...names].sort((a, b) => place(a) - place(b));
}
