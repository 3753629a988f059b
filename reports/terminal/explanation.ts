/**
 * Purpose: one explanation as text for a terminal: a bar for how far each part moved the sum over
 * the horizon.
 * Invariants: pure; every row has at most `width` characters; colour only where asked; control
 * characters in titles are dropped.
 * Fails: a RangeError as `checkExplanation`, or for a width too small to read.
 */

import { timeLabels } from '../../platform/text/scales.ts';
import {
  amount,
  checkExplanation,
  type ExplanationData,
  signed,
  totalOf,
} from '../charts/data/explanation-data.ts';

/** What is left for the bars is at least this wide on either side of the middle. */
const MIN_HALF = 5;

export function explanationInTerminal(
  data: ExplanationData,
  size: { width: number; colour?: boolean },
): string {
  checkExplanation(data);
  const { title, unit, timeZone, cutoff, timestamps, baseline, parts, forecast } = data;
  const plain = (text: string) => text.replace(/\p{C}/gu, '').slice(0, Math.floor(size.width));
  const paint = (text: string, code: string) =>
    size.colour && text ? `\u001b[${code}m${text}\u001b[0m` : text;
  const rows = parts.map((part) => ({ title: plain(part.title), total: totalOf(part) }));
  const values = [
    amount(totalOf(baseline)),
    ...rows.map(({ total }) => signed(total)),
    amount(totalOf(forecast)),
  ];
  const titleWidth = Math.max(
    ...[baseline, ...parts, forecast].map((one) => plain(one.title).length),
  );
  const valueWidth = Math.max(...values.map((value) => value.length));
  const half = Math.min(24, Math.floor((Math.floor(size.width) - titleWidth - valueWidth - 5) / 2));
  if (!(half >= MIN_HALF))
    throw new RangeError(`an explanation needs more than ${size.width} characters`);
  const largest = Math.max(...rows.map(({ total }) => Math.abs(total)));
  const line = (name: string, value: string, bar = '') =>
    `${name.padEnd(titleWidth)}  ${value.padStart(valueWidth)}  ${bar}`.trimEnd();
  const bars = rows.map(({ title: name, total }, i) => {
    const length = largest > 0 ? Math.round((Math.abs(total) / largest) * half) : 0;
    const bar = '█'.repeat(length);
    const sides =
      total < 0
        ? `${' '.repeat(half - length)}${paint(bar, '31')}│`
        : `${' '.repeat(half)}│${paint(bar, '36')}`;
    return line(name, values[i + 1], sides);
  });
  const { full } = timeLabels(timeZone);
  return [
    paint(plain(`${title} (${unit})`), '1'),
    plain(`Sum over ${timestamps.length} steps after ${full(cutoff)} (${timeZone})`),
    line(plain(baseline.title), values[0]),
    ...bars,
    line(plain(forecast.title), values[values.length - 1]),
  ].join('\n');
}
