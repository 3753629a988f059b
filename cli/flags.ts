/**
 * Purpose: a flag whose value is a count.
 * Invariants: a whole number above 0, written as one.
 * Fails: with commander's own error, which is a USAGE.
 */
import { InvalidArgumentError } from 'commander';

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}
