/**
 * Purpose: whether there is as much data as the past weeks let expect (by week, day and the hours
 * of a run), whether there is a silence, and whether the newest interval is recent enough.
 * Invariants: a block is compared with the same hours of the four weeks before (their median, hour
 * by hour); limits are widened by how far such blocks strayed in the past and by the chance in
 * small counts; without eight weeks before it, or on a holiday, a block never refuses data. The
 * usual age is learnt from the ages at which newer data came before; from fewer than eight arrivals
 * nothing is learnt, so an archive that was loaded once is never stale.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import { localLag } from '../../../forecasting/features/calendar.ts';
import { timestampAt } from '../../../forecasting/panel/panel.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import { demandOf, type Segment, type TimeSpan } from '../../../storage/features/manifest.ts';
import { type DemandView, median } from './demand-view.ts';
import {
  judged,
  limitsOf,
  type Measured,
  type PartName,
  type Verdict,
  wholeText,
} from './verdict.ts';

const MIN_KNOWN = 0.75;
const WEEKS_TO_REFUSE = 8;
const PAST_BLOCKS = 28;
const MIN_BLOCKS = 4;
/** A block that strays this many of its usual deviations is worth a warning, or beyond belief. */
const SOFT_DEVIATIONS = 4;
const HARD_DEVIATIONS = 8;
/** Fewer expected events than this can be silent by chance or custom. */
const MIN_EXPECTED = 50;
/**
 * A day may stray twice as far as a week (in logarithms), hours three times: feasts, storms and
 * strikes are no broken data.
 */
const BLOCKS = [
  { name: 'week', days: 7, slack: 1 },
  { name: 'day', days: 1, slack: 2 },
] as const;
const HOURS_SLACK = 3;
const HOUR_MS = 3_600_000;
const MIN_ARRIVALS = 8;
const MAX_ARRIVALS = 50;
const USUAL_TIMES = 3;

interface Block {
  readonly from: number;
  readonly to: number;
  readonly actual: number;
  readonly expected: number;
  /** log2 of actual over expected. */
  readonly stray: number;
}

export function volumeVerdict(domain: Domain, view: DemandView): Verdict {
  const measured: Measured[] = [];
  const usualOf = new Map<number, number | null>();
  if (view.pastFresh > 0) {
    for (const { name, days, slack } of BLOCKS) {
      const length = days * 24 * view.hour;
      // A grid of weeks has no days.
      if (length < 1) continue;
      for (let to = view.pastFresh; to > view.firstFresh; ) {
        // Of local days: one in spring is shorter by an hour, one in autumn longer.
        if (to < length) break;
        const from = Math.max(0, localLag(view.calendar, to - 1, length) + 1);
        add(name, from, to, slack, length);
        to = from;
      }
    }
    let from = view.pastFresh;
    while (from > 0 && view.fresh[from - 1]) from--;
    const length = view.pastFresh - from;
    if (length < view.day) add('hours', from, view.pastFresh, HOURS_SLACK, length);
  }
  return judged(domain, 'volume', measured, 'no hours with three known weeks before them');

  function add(name: string, from: number, to: number, slack: number, length: number): void {
    if (!view.fresh.subarray(from, to).includes(1)) return;
    const block = blockOf(view, from, to);
    if (block === null) return;
    if (!usualOf.has(length)) usualOf.set(length, usualStray(view, length));
    const usual = usualOf.get(length) ?? null;
    const chance = view.countsEvents ? 1.44 / Math.sqrt(Math.max(1, block.expected)) : 0;
    const deviation = Math.hypot(usual ?? 0, chance);
    const { soft, hard } = limitsOf(domain, 'volume');
    const widened = (limit: number | null, deviations: number) =>
      limit === null ? null : 2 ** Math.max(Math.log2(limit) * slack, deviation * deviations);
    const factor = 2 ** Math.abs(block.stray);
    const much = block.stray > 0 ? 'more' : 'fewer';
    const onHoliday = name !== 'week' && isHoliday(view, from, to);
    measured.push({
      value: factor,
      detail:
        `${name === 'hours' ? `${(to - from) / view.hour} hours` : name} from ` +
        `${utcText(timestampAt(view.panel, from))}: ${wholeText(block.actual)} where ` +
        `${wholeText(block.expected)} were expected ` +
        `(${factor.toFixed(2)} times ${much}${onHoliday ? ', on a holiday' : ''})`,
      parts: view.partsIn(from, to),
      limits: { soft: widened(soft, SOFT_DEVIATIONS), hard: widened(hard, HARD_DEVIATIONS) },
      onlyWarn: usual === null || onHoliday || view.weeksBefore < WEEKS_TO_REFUSE,
    });
  }
}

export function silenceVerdict(domain: Domain, view: DemandView): Verdict {
  const measured: Measured[] = [];
  let from = -1;
  for (let t = 0; t <= view.panel.length; t++) {
    const isSilent =
      t < view.panel.length && view.totals[t] === 0 && view.calendar.holiday[t] === 0;
    if (isSilent && from < 0) from = t;
    if (isSilent || from < 0) continue;
    consider(from, t);
    from = -1;
  }
  const canJudge =
    view.pastFresh > 0 &&
    view.expected.subarray(view.firstFresh, view.pastFresh).some((x) => !Number.isNaN(x));
  const none: Measured = { value: 0, detail: 'none', parts: [] };
  return judged(
    domain,
    'silence',
    canJudge ? [none, ...measured] : [],
    'no hours with three known weeks before them',
  );

  function consider(first: number, past: number): void {
    if (!view.fresh.subarray(first, past).includes(1)) return;
    let expected = 0;
    // Hours that are always quiet (a closed night) make no silence longer.
    let hours = 0;
    for (let t = first; t < past; t++) {
      const usual = view.expected[t] as number;
      if (!(usual > 0)) continue;
      expected += usual;
      hours += 1 / view.hour;
    }
    if (expected < MIN_EXPECTED) return;
    measured.push({
      value: hours,
      detail:
        `nothing from ${utcText(timestampAt(view.panel, first))} to ` +
        `${utcText(timestampAt(view.panel, past))}, where ${wholeText(expected)} were expected`,
      parts: view.partsIn(first, past),
      onlyWarn: view.weeksBefore < WEEKS_TO_REFUSE,
    });
  }
}

/** Null where too little of it is known or expected. */
function blockOf(view: DemandView, from: number, to: number): Block | null {
  let known = 0;
  let actual = 0;
  let expected = 0;
  for (let t = from; t < to; t++) {
    const value = view.totals[t] as number;
    const usual = view.expected[t] as number;
    if (Number.isNaN(value) || Number.isNaN(usual)) continue;
    known++;
    actual += value;
    expected += usual;
  }
  if (known < MIN_KNOWN * (to - from)) return null;
  // One more on both sides: nothing where nothing was expected strays by nothing.
  return {
    from,
    to,
    actual,
    expected,
    stray: Math.log2((Math.max(0, actual) + 1) / (Math.max(0, expected) + 1)),
  };
}

/**
 * How far blocks of this length usually stray: of those before what is new or, where there are too
 * few (a first run), of all. Hours are compared with the same hours of other days. Null where fewer
 * than four are known.
 */
function usualStray(view: DemandView, length: number): number | null {
  const step = Math.ceil(length / view.day) * view.day;
  const all: number[] = [];
  const earlier: number[] = [];
  // Aligned with the end of what is new, so that hours meet the same hours.
  for (
    let to = view.pastFresh - step;
    to - length >= 0 && earlier.length < PAST_BLOCKS;
    to -= step
  ) {
    const block = blockOf(view, to - length, to);
    if (block === null) continue;
    all.push(Math.abs(block.stray));
    if (to <= view.firstFresh) earlier.push(Math.abs(block.stray));
  }
  const strays = earlier.length < MIN_BLOCKS ? all : earlier;
  return strays.length < MIN_BLOCKS ? null : 1.4826 * median(strays);
}

const isHoliday = (view: DemandView, from: number, to: number): boolean => {
  let holidays = 0;
  for (let t = from; t < to; t++) holidays += view.calendar.holiday[t] as number;
  return 2 * holidays >= to - from;
};

export interface FreshnessOptions {
  readonly domain: Domain;
  readonly committed: readonly Segment[];
  /** Demand that this run adds. */
  readonly fresh: readonly (PartName & { readonly span: TimeSpan })[];
  readonly now: number;
}

export function freshnessVerdict({ domain, committed, fresh, now }: FreshnessOptions): Verdict {
  const demand = demandOf(committed);
  const ends = [...demand, ...fresh].map(({ span }) => span.end);
  if (ends.length === 0) return judged(domain, 'freshness', [], 'there is no data');
  const newest = ends.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const hours = Math.max(0, (now - newest) / HOUR_MS);
  const declared = limitsOf(domain, 'freshness');
  const learntAge = usualAge(demand);
  const usual = learntAge === null ? null : Math.max(learntAge, domain.frequencyMinutes / 60);
  const limits =
    declared.soft !== null || declared.hard !== null || usual === null
      ? declared
      : { soft: USUAL_TIMES * usual, hard: null };
  const until = `the newest interval ended ${utcText(newest)}`;
  const learnt =
    usual === null ? '' : `; ${usual.toFixed(1)} hours are usual before newer data comes`;
  return judged(
    domain,
    'freshness',
    [{ value: hours, detail: `${until}${learnt}`, parts: fresh, limits }],
    '',
  );
}

/**
 * The median age in hours that the newest interval had reached when newer ones came; null with
 * fewer than eight arrivals.
 */
function usualAge(objects: readonly Segment[]): number | null {
  const arrivals = [...objects].sort((a, b) => a.availableAt - b.availableAt);
  const ages: number[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < arrivals.length; ) {
    const at = (arrivals[i] as Segment).availableAt;
    let next = end;
    for (; i < arrivals.length && arrivals[i]?.availableAt === at; i++)
      next = Math.max(next, (arrivals[i] as Segment).span.end);
    if (next > end && Number.isFinite(end)) ages.push((at - end) / HOUR_MS);
    end = next;
  }
  return ages.length < MIN_ARRIVALS ? null : median(ages.slice(-MAX_ARRIVALS));
}
