/**
 * Purpose: values in another unit: a large constant factor from one interval on, such as 1,000.
 * Invariants: of one series, a power of ten of at least 100; of the fleet, any factor of at least 8
 * that most series share. Read from the newest intervals only.
 * Fails: never.
 */
import { type Finding, figure, seriesText, timeText } from '../verdict.ts';
import {
  createReferences,
  expectedOf,
  readReferences,
  timeAt,
  valueAt,
  type Window,
} from '../window.ts';

const INTERVALS = 6;
const MIN_SERIES_POWER = 2;
const MIN_FLEET_FACTOR = Math.log10(8);
/** Distance from the factor, in powers of ten. */
const TOLERANCE = 0.2;
const FLEET_TOLERANCE = 0.4;
const FLEET_SHARE = 0.7;
/** Share of zeros in earlier weeks beyond which a series shows no factor. */
const MAX_ZEROS = 0.5;

interface Factor {
  readonly series: number;
  readonly observed: number;
  readonly expected: number;
  /** Logarithm to the base 10 of what is observed over what is expected. */
  readonly power: number;
}

export function unit(window: Window): Finding[] {
  const factors = window.seriesIds.flatMap((_, s) => factorOf(window, s) ?? []);
  if (factors.length === 0) return [];
  const total = (of: (factor: Factor) => number) => factors.reduce((sum, one) => sum + of(one), 0);
  const middle = Math.log10(total(({ observed }) => observed) / total(({ expected }) => expected));
  const near = factors.filter(({ power }) => Math.abs(power - middle) <= FLEET_TOLERANCE);
  const isFleet =
    factors.length > 1 &&
    Math.abs(middle) >= MIN_FLEET_FACTOR &&
    near.length >= FLEET_SHARE * factors.length;
  if (isFleet) return [findingOf(window, near, window.seriesIds, middle)];
  return factors
    .filter(({ power }) => {
      const whole = Math.round(power);
      return Math.abs(whole) >= MIN_SERIES_POWER && Math.abs(power - whole) <= TOLERANCE;
    })
    .map((one) => findingOf(window, [one], [window.seriesIds[one.series] as string], one.power));
}

function findingOf(
  window: Window,
  factors: readonly Factor[],
  seriesIds: readonly string[],
  power: number,
): Finding {
  const since = timeAt(window, onset(window, factors, power));
  return {
    name: 'unit',
    since,
    seriesIds,
    evidence: {
      statistic: 'powers of ten between observed and expected',
      value: power,
      limit: seriesIds.length > 1 ? MIN_FLEET_FACTOR : MIN_SERIES_POWER - TOLERANCE,
      factor: 10 ** power,
    },
    message:
      `${seriesText(seriesIds, window.seriesIds.length)} shows about ${figure(10 ** power)} ` +
      `times the expected values since ${timeText(since)}.`,
  };
}

/** Of the newest known intervals; null of too few, and of a series that is zero in most of them. */
function factorOf(window: Window, series: number): Factor | null {
  const references = createReferences();
  let [observed, expected, count, zeros, read] = [0, 0, 0, 0, 0];
  const first = Math.max(0, window.end - Math.max(window.day, INTERVALS));
  for (let t = window.end - 1; t >= first && count < INTERVALS; t--) {
    const value = valueAt(window, series, t);
    const usual = expectedOf(readReferences(window, series, t, references));
    if (Number.isNaN(value) || Number.isNaN(usual)) continue;
    for (let i = 0; i < references.count; i++) if (references.values[i] === 0) zeros++;
    read += references.count;
    observed += value;
    expected += usual;
    count++;
  }
  if (count < INTERVALS || zeros > MAX_ZEROS * read || expected <= 0 || observed <= 0) return null;
  return { series, observed, expected, power: Math.log10(observed / expected) };
}

/** Where the factor begins: the sums of the series lie nearer to it than to 1. */
function onset(window: Window, factors: readonly Factor[], power: number): number {
  const references = createReferences();
  let since = window.end - 1;
  for (let t = window.end - 1; t >= Math.max(0, window.end - window.week); t--) {
    let [observed, expected] = [0, 0];
    for (const { series } of factors) {
      const value = valueAt(window, series, t);
      const usual = expectedOf(readReferences(window, series, t, references));
      if (Number.isNaN(value) || Number.isNaN(usual)) continue;
      observed += value;
      expected += usual;
    }
    if (expected === 0) continue;
    if (Math.log10(observed / expected) / power < 0.5) break;
    since = t;
  }
  return since;
}
