/**
 * Purpose: the statistics of whole local days, one day after the other: what each says, and what
 * the next one is compared with.
 * Invariants: each day is read once, in order; the state is plain JSON, so that checks of single
 * days and one check of them all end in the same state; a day beyond a limit is not learned from.
 * Fails: never.
 */
import { type Finding, figure, percent, seriesText, timeText } from '../verdict.ts';
import { timeAt, type Window } from '../window.ts';
import { completeDays, type DaySummary, type LocalDay, summarise } from './day-summary.ts';
import { type Sums, sumOf } from './deviation.ts';
import { movedHoliday, SHAPES_KEPT, type Shape } from './holiday.ts';
import { FLEET_DAYS, fleetLevel, type Judged, SERIES_DAYS, seriesLevel } from './level.ts';
import { type Match, shapesOf } from './profile.ts';
import { shiftOf } from './shifted.ts';
import { learn, MIN_DAYS, NEW_TRACK, type Track } from './track.ts';
import { variance } from './variance.ts';
import { volume } from './volume.ts';
import { zeroShare } from './zeros.ts';

/** The first days of a panel have no earlier weeks to be compared with. */
const MIN_WEEKS = 3;
const DISPERSION_DAYS = 60;
const MAX_RISE = 4;
const FURTHEST_SHARE = 0.1;

interface SeriesState {
  /** Variance of a value over its mean, and the days that it is taken from. */
  readonly dispersion: number;
  readonly days: number;
  readonly level: Track;
  readonly variance: Track;
  /** The last days, newest last. */
  readonly recent: readonly (DaySummary | null)[];
}

const NEW_SERIES: SeriesState = {
  dispersion: 0,
  days: 0,
  level: NEW_TRACK,
  variance: NEW_TRACK,
  recent: [],
};

export interface DailyState {
  /** The last local day that was read, in days since 1970. */
  readonly day: number | null;
  readonly series: Readonly<Record<string, SeriesState>>;
  readonly recent: readonly (Sums | null)[];
  readonly level: Track;
  readonly volume: Track;
  readonly shift: Track;
  readonly shapes: readonly Shape[];
}

export const NEW_DAILY: DailyState = {
  day: null,
  series: {},
  recent: [],
  level: NEW_TRACK,
  volume: NEW_TRACK,
  shift: NEW_TRACK,
  shapes: [],
};

/**
 * Reads the days that are complete and new.
 * @param isHistory whether what is found is only learned from
 */
export function readDays(
  window: Window,
  before: DailyState,
  isHistory: boolean,
): { readonly findings: Finding[]; readonly after: DailyState } {
  const first = Math.ceil(window.start / 86_400_000) + MIN_WEEKS * 7;
  let state = before;
  let findings: Finding[] = [];
  for (const day of completeDays(window, Math.max(before.day ?? 0, first))) {
    const read = readDay(window, state, day, isHistory);
    state = read.after;
    // Later days of one check say the same again, or more.
    const names = new Set(read.findings.map(({ name }) => name));
    findings = [...findings.filter(({ name }) => !names.has(name)), ...read.findings];
  }
  return { findings: isHistory ? [] : findings, after: state };
}

function readDay(
  window: Window,
  before: DailyState,
  day: LocalDay,
  isHistory: boolean,
): { readonly findings: Finding[]; readonly after: DailyState } {
  const findings: Finding[] = [];
  const series: Record<string, SeriesState> = { ...before.series };
  const summaries: DaySummary[] = [];
  const far: { id: string; level: Judged }[] = [];
  const scattered: { id: string; value: number; limit: number }[] = [];
  const zero: { id: string; share: number; expected: number; limit: number }[] = [];
  for (const [s, id] of window.seriesIds.entries()) {
    const summary = summarise(window, s, day);
    if (summary) summaries.push(summary);
    const judged = judgeSeries(before.series[id] ?? NEW_SERIES, summary, isHistory);
    series[id] = judged.after;
    if (judged.level) far.push({ id, level: judged.level });
    if (judged.scatter) scattered.push({ id, ...judged.scatter });
    if (judged.zeros) zero.push({ id, ...judged.zeros });
  }
  const fleet = judgeFleet(before, summaries, window, isHistory);
  const from = (days: number) => timeAt(window, Math.max(0, day.end - days * window.day));
  if (fleet.volume)
    findings.push(sumFinding('volume', window.seriesIds, window, from(1), fleet.volume));
  if (fleet.level)
    findings.push(sumFinding('level', window.seriesIds, window, from(FLEET_DAYS), fleet.level));
  for (const one of far)
    findings.push(sumFinding('level', [one.id], window, from(SERIES_DAYS), one.level));
  for (const { id, value, limit } of scattered) {
    const evidence = { statistic: 'variance over the usual one', value: Math.exp(value) };
    findings.push({
      name: 'variance',
      since: from(SERIES_DAYS),
      seriesIds: [id],
      evidence: { ...evidence, limit: Math.exp(limit) },
      message:
        `The values of series ${id} scatter ${figure(Math.exp(value / 2))} times as far around ` +
        `the same hours of earlier weeks as they used to.`,
    });
  }
  for (const { id, share, expected, limit } of zero) {
    findings.push({
      name: 'zeros',
      since: from(SERIES_DAYS),
      seriesIds: [id],
      evidence: { statistic: 'share of zeros', value: share, limit, expected, observed: share },
      message: `${percent(share)} of a week of series ${id} is zero, usually ${percent(expected)}.`,
    });
  }
  const shape = judgeShape(window, before, series, day, isHistory);
  findings.push(...shape.findings);
  const after = { ...before, ...fleet.after, ...shape.after, day: day.day, series };
  return { findings, after };
}

function judgeSeries(before: SeriesState, summary: DaySummary | null, isHistory: boolean) {
  const recent = [...before.recent, summary].slice(-SERIES_DAYS);
  const { dispersion } = before;
  if (!summary || before.days < MIN_DAYS / 2)
    return { after: { ...learnDispersion(before, summary), recent } };
  const level = seriesLevel(recent, dispersion, before.level);
  const scatter = variance(recent, dispersion, before.variance);
  const zeros = before.days >= MIN_DAYS ? zeroShare(recent) : null;
  const isFar = level !== null && Math.abs(level.value) > level.limit;
  const isScattered = scatter !== null && scatter.value > scatter.limit;
  const learned = isHistory || !(isFar || isScattered || zeros !== null);
  const after: SeriesState = {
    ...(learned ? learnDispersion(before, summary) : before),
    recent,
    level: level && learned ? learn(before.level, level.value) : before.level,
    variance: scatter && learned ? learn(before.variance, scatter.value) : before.variance,
  };
  return {
    after,
    ...(isFar && { level }),
    ...(isScattered && !isFar && { scatter }),
    ...(zeros && !isFar && { zeros }),
  };
}

function learnDispersion(before: SeriesState, summary: DaySummary | null): SeriesState {
  const usual = summary ? summary.size * summary.count : 0;
  if (!summary || !(usual > 0)) return before;
  const days = before.days + 1;
  const today = summary.squares / usual;
  const value = days > MIN_DAYS ? Math.min(today, MAX_RISE * before.dispersion) : today;
  const weight = 1 / Math.min(days, DISPERSION_DAYS);
  return { ...before, days, dispersion: before.dispersion + weight * (value - before.dispersion) };
}

interface FleetDay {
  readonly after: Partial<DailyState>;
  /** Where they are beyond their limits. */
  readonly level?: Judged;
  readonly volume?: Judged;
}

function judgeFleet(
  before: DailyState,
  summaries: readonly DaySummary[],
  window: Window,
  isHistory: boolean,
): FleetDay {
  const isEnough = summaries.length >= window.seriesIds.length / 2;
  const today = isEnough && summaries.length > 0 ? sumOf(withoutFurthest(summaries)) : null;
  const recent = [...before.recent, today].slice(-SERIES_DAYS);
  if (!today || window.seriesIds.length < 2) return { after: { recent } };
  const level = fleetLevel(recent, before.level);
  const jump = volume(recent, before.volume);
  const isFar = level !== null && Math.abs(level.value) > level.limit;
  const isJump = jump !== null && Math.abs(jump.value) > jump.limit;
  return {
    after: {
      recent,
      level: level && (isHistory || !isFar) ? learn(before.level, level.value) : before.level,
      volume: jump && (isHistory || !isJump) ? learn(before.volume, jump.value) : before.volume,
    },
    ...(isFar && { level }),
    ...(isJump && { volume: jump }),
  };
}

/** A tenth of the series, those furthest off, say nothing about the fleet: they have findings. */
function withoutFurthest(summaries: readonly DaySummary[]): DaySummary[] {
  const distance = ({ observed, expected }: DaySummary) => Math.abs(observed - expected);
  const sorted = [...summaries].sort((a, b) => distance(a) - distance(b));
  return sorted.length > 2 ? sorted.slice(0, -Math.ceil(FURTHEST_SHARE * sorted.length)) : sorted;
}

function sumFinding(
  name: 'level' | 'volume',
  seriesIds: readonly string[],
  window: Window,
  since: number,
  { value, limit, sums }: Judged,
): Finding {
  const { observed, expected, count } = sums;
  const all = window.seriesIds.length;
  const left = seriesIds.length === all && all > 2 ? Math.ceil(FURTHEST_SHARE * all) : 0;
  const what = seriesText(seriesIds, all) + (left > 0 ? ` but the ${left} furthest off` : '');
  const times = figure(observed / expected);
  return {
    name,
    since,
    seriesIds,
    evidence: {
      statistic: 'logarithm of the observed over the expected sum',
      value,
      limit,
      expected,
      observed,
      intervals: count,
    },
    message:
      name === 'volume'
        ? `The total of ${what} jumped to ${figure(observed)} in a day, ${times} times the ` +
          `${figure(expected)} that earlier weeks suggest.`
        : `The sum of ${what} since ${timeText(since)} is ${figure(observed)}, ${times} times ` +
          `the ${figure(expected)} that the same hours of earlier weeks suggest.`,
  };
}

function judgeShape(
  window: Window,
  before: DailyState,
  series: Readonly<Record<string, SeriesState>>,
  day: LocalDay,
  isHistory: boolean,
) {
  const findings: Finding[] = [];
  // A grid of days has no shape of a day.
  if (window.day < 4) return { findings, after: {} };
  const dispersions = window.seriesIds.map((id) => series[id]?.dispersion ?? 0);
  const match = shapesOf(window, day, dispersions);
  const isQuiet = window.isQuiet[day.first] === 1;
  const shift = isQuiet ? null : shiftOf(match, before.shift);
  const isShifted = shift !== null && Math.abs(shift.share) > shift.limit;
  const shapes = [...before.shapes, ...shapeOf(window, day, match.sunday)].slice(-SHAPES_KEPT);
  if (isShifted) {
    const hours = (shift.intervals * window.intervalMs) / 3_600_000;
    findings.push({
      name: 'shifted',
      since: timeAt(window, day.first),
      seriesIds: window.seriesIds,
      evidence: {
        statistic: 'share of the way to the shifted shape',
        value: shift.share,
        limit: shift.limit,
        intervals: shift.intervals,
      },
      message:
        `Values come ${figure(hours)} h too ${shift.share > 0 ? 'late' : 'early'}: the day ` +
        `has gone ${percent(Math.abs(shift.share))} of the way to that shape.`,
    });
  }
  const moved = shapes.length > before.shapes.length || shapes.at(-1) !== before.shapes.at(-1);
  const holiday = moved ? movedHoliday(shapes) : null;
  if (holiday) {
    const [earlier, later] = [holiday.calendar, holiday.kept].sort((a, b) => a.day - b.day);
    findings.push({
      name: 'holiday',
      since: (earlier as Shape).start,
      seriesIds: window.seriesIds,
      evidence: {
        statistic: 'share of the way to the shape of a Sunday',
        value: holiday.kept.likeSunday,
        limit: holiday.limit,
        observed: holiday.kept.likeSunday,
        expected: holiday.calendar.likeSunday,
      },
      message:
        `The holiday of ${dayText(holiday.calendar)} looks like a plain day, and ` +
        `${dayText(holiday.kept)}, ${(later as Shape).day - (earlier as Shape).day} days away, ` +
        `like a holiday.`,
    });
  }
  const isLearned = !isQuiet && (isHistory || !isShifted);
  const track = isLearned ? { shift: learn(before.shift, shift?.share ?? 0) } : {};
  return { findings, after: { shapes, ...track } };
}

const dayText = ({ day }: Shape): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

/** Of a working day; on weekends a holiday cannot be recognised. */
function shapeOf(window: Window, { day, first }: LocalDay, { share, z }: Match): Shape[] {
  if (z === 0 || (window.calendar.weekday[first] as number) > 4) return [];
  const isHoliday = window.calendar.holiday[first] === 1;
  return [{ day, start: timeAt(window, first), isHoliday, likeSunday: share, z }];
}
