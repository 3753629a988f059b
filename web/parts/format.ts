/**
 * Purpose: numbers, shares and ages as the page writes them.
 * Invariants: en-GB, a true minus sign; a number that is not finite is a dash.
 * Fails: never.
 */
import { numberLabel } from '../../platform/text/scales.ts';

/** As the API has it: four significant digits, whole from 1,000 on. */
export const exact = (value: number): string => numberLabel(value).replace('-', '−');

/** For titles and tiles: whole from 10 on, below it one decimal, or one digit of a small value. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 9.95) return exact(Math.round(value));
  return exact(size >= 0.95 ? Math.round(10 * value) / 10 : Number(value.toPrecision(1)));
}

/** For columns of numbers: three significant digits, the zeros at the end too. */
export const aligned = (value: number): string =>
  !Number.isFinite(value) || Math.abs(value) >= 100
    ? figure(value)
    : value.toPrecision(3).replace('-', '−');

export const percent = (share: number): string =>
  Number.isFinite(share) ? `${Math.round(share * 100)} %`.replace('-', '−') : '–';

export const signed = (value: number): string => `${value > 0 ? '+' : ''}${figure(value)}`;

export function age(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${exact(Math.round(seconds / 86_400))} days`;
}

export const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** "regions" of "region". */
export const plural = (noun: string): string =>
  /[^aeiou]y$/.test(noun)
    ? `${noun.slice(0, -1)}ies`
    : /(s|x|ch|sh)$/.test(noun)
      ? `${noun}es`
      : `${noun}s`;

/** "orders" of "orders per hour": what is counted, for a sentence about one interval. */
export const counted = (unit: string): string => unit.replace(/ per \w+$/, '');
