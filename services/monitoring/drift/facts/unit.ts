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
  type References,
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
const FLEET_SHARE = 0.7;

interface Factor {
  readonly series: number;
  /** Logarithm to the base 10 of what is observed over what is expected. */
  readonly power: number;
}

export function unit(window: Window): Finding[] {
  const factors = window.seriesIds.flatMap((_, s) => factorOf(window, s) ?? []);
  if (factors.length === 0) return [];
  const powers = factors.map(({ power }) => power).sort((a, b) => a - b);
  const middle = powers[powers.length >> 1] as number;
  const near = factors.filter(({ power }) => Math.abs(power - middle) <= TOLERANCE);
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
      statistic: 'factor to the expected values',
      value: 10 ** power,
      limit: seriesIds.length > 1 ? 10 ** MIN_FLEET_FACTOR : 10 ** MIN_SERIES_POWER,
    },
    message:
      `${seriesText(seriesIds, window.seriesIds.length)} shows about ${figure(10 ** power)} ` +
      `times the expected values since ${timeText(since)}.`,
  };
}

/** Of the newest intervals that are known and never zero in other weeks; null of too few. */
function factorOf(window: Window, series: number): Factor | null {
  const references = createReferences();
  let [observed, expected, count] = [0, 0, 0];
  const first = Math.max(0, window.end - Math.max(window.day, INTERVALS));
  for (let t = window.end - 1; t >= first && count < INTERVALS; t--) {
    const value = valueAt(window, series, t);
    const usual = expectedOf(readReferences(window, series, t, references));
    if (Number.isNaN(value) || Number.isNaN(usual) || hasZero(references)) continue;
    observed += value;
    expected += usual;
    count++;
  }
  if (count < INTERVALS || expected <= 0 || observed <= 0) return null;
  return { series, power: Math.log10(observed / expected) };
}

const hasZero = ({ values, count }: References): boolean => values.subarray(0, count).includes(0);

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
