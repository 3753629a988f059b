/**
 * Purpose: numbers and dates as text in pages and charts.
 * Invariants: a value that is unknown or not finite is a dash; the minus sign is U+2212.
 * Fails: never.
 */
import { numberLabel } from '../../platform/text/scales.ts';

export const whole = (value: number): string => value.toLocaleString('en-US');

/** As `whole`, from a million on in short: 13.2 M. */
export const shortCount = (value: number): string =>
  value < 1e6 ? whole(value) : `${(value / 1e6).toFixed(1)} M`;

/** Three digits and more where the number has them: 1,234, 56.7, 0.891. */
export function figure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–';
  const text =
    Math.abs(value) >= 100
      ? numberLabel(Math.round(value))
      : value.toFixed(Math.abs(value) >= 10 ? 1 : 3);
  return text.replace('-', '−');
}

export const percent = (share: number, digits = 1): string =>
  Number.isFinite(share) ? `${(100 * share).toFixed(digits).replace('-', '−')} %` : '–';

/** With its sign: +12.3 %, −0.4 %. */
export const signedPercent = (share: number): string =>
  share > 0 ? `+${percent(share)}` : percent(share);

/** "2026-03-01", by the clock of a time zone. */
export const dateText = (timestamp: number, timeZone = 'UTC'): string =>
  // Canada writes dates as ISO 8601 does.
  new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(timestamp);
