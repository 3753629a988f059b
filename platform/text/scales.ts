/**
 * Purpose: the arithmetic every chart shares (the page, reports, the terminal): round ticks, local
 * days, gaps, numbers.
 * Invariants: pure, and without Node: the page in the browser uses it too; calendars come from
 * Intl.
 * Fails: a RangeError for an IANA name that does not exist.
 */

/**
 * Round numbers from at most `low` to at least `high`: about `count` of them, steps of 1, 2 or 5
 * times a power of ten.
 */
export function niceTicks(low: number, high: number, count: number): number[] {
  const span = high > low ? high - low : Math.abs(high) || 1;
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/**
 * The timestamps at which a local day begins (the day of a clock change too: dates are compared,
 * not hours counted).
 */
export function localDays(timestamps: readonly number[], timeZone: string): number[] {
  const date = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const days: number[] = [];
  let before = timestamps.length > 1 ? date.format(2 * timestamps[0] - timestamps[1]) : null;
  for (const timestamp of timestamps) {
    const day = date.format(timestamp);
    if (before !== null && day !== before) days.push(timestamp);
    before = day;
  }
  return days;
}

/** Labels in local time: "Mon 2 Mar", "14:00", and both. */
export function timeLabels(timeZone: string) {
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { timeZone, ...options });
  const day = part({ weekday: 'short', day: 'numeric', month: 'short' });
  const hour = part({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const dayOf = (timestamp: number) => day.format(timestamp).replaceAll(',', '');
  return {
    day: dayOf,
    hour: (timestamp: number) => hour.format(timestamp),
    full: (t: number) => `${dayOf(t)} ${hour.format(t)}`,
  };
}

/** Stretches [from, to) of finite values: a gap breaks a line. */
export function runs(values: ArrayLike<number>): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    const from = i;
    while (i < values.length && Number.isFinite(values[i])) i++;
    found.push({ from, to: i });
  }
  return found;
}

const small = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 4 });
const large = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
/** Four significant digits, whole from 1,000 on. */
export function numberLabel(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return (Math.abs(value) >= 1000 ? large : small).format(value);
}
