/**
 * Purpose: frequency, seasons, time zone and the meaning of an absent value, from the facts of the
 * rows.
 * Invariants: pure; what somebody said is taken as it is.
 * Fails: SOURCE_INVALID for a frequency that has no regular grid.
 */
import { Temporal } from 'temporal-polyfill';
import { HeadwayError } from '../../../platform/errors.ts';
import { isMeasured, type Table } from '../table-declaration.ts';
import type { Doubt, Hints } from './columns-guess.ts';
import type { ChangeCounts, ClockChanges, RowFacts } from './grid-guess.ts';

export interface CalendarGuess {
  readonly frequencyMinutes: number;
  /** Days without business, 1 Monday to 7 Sunday. */
  readonly closedWeekdays: readonly number[];
  readonly timeZone: string;
  /** By whose clock its days end; undefined where they are hours, or it is not known. */
  readonly dayTimeZone: string | undefined;
  readonly seasonLengths: readonly number[];
  readonly horizon: number;
  readonly missing: 'zero' | 'unknown';
  readonly nonNegative: boolean;
  readonly isWhole: boolean;
}

const HOUR = 60;
const DAY = 1440;
const WEEK = 10_080;
/** Events of a series in an hour from which on hours are forecast, and not days. */
const MIN_HOURLY = 0.1;
/** Of rows of a week on a weekend: below it a business is closed. */
const MAX_CLOSED = 0.005;

export function calendarOf(
  facts: RowFacts,
  table: Table,
  hints: Hints,
  defaultTimeZone: string,
): CalendarGuess & {
  readonly clock: string | undefined;
  readonly timeOf: 'start' | 'end';
  readonly doubts: readonly Doubt[];
} {
  // Amounts that are added up are as events: there may be none.
  const isCounted = !isMeasured(table) || table.aggregate === 'sum';
  const frequencyMinutes = hints.frequencyMinutes ?? frequencyOf(facts, table, isCounted);
  const isDaily = frequencyMinutes >= DAY;
  // Intervals that are numbered skip none: the last of the day is absent in spring.
  const mayShowChange = !facts.hasInstants && table.timeOf !== 'end';
  const zone = zoneOf(facts, hints, defaultTimeZone, { isDaily, mayShowChange });
  // An event happens when it is said to: only values have labels.
  const timeOf = isMeasured(table) ? zone.timeOf : 'start';
  const doubts = zone.doubt === null ? [] : [zone.doubt];
  const isPositive = (facts.min ?? 0) >= 0;
  const missing = hints.missing ?? missingOf(facts, isCounted);
  const isClosed =
    frequencyMinutes === DAY && !isCounted && facts.weekend <= MAX_CLOSED * facts.usable;
  if (!isCounted && hints.missing === undefined && missing === 'zero')
    doubts.push({
      flag: '--missing',
      chosen: 'zero',
      why: 'counts without a zero: an absent row may mean zero or unknown',
    });
  return {
    frequencyMinutes,
    closedWeekdays: isClosed && facts.spanHours > 24 * 14 ? [6, 7] : [],
    timeZone: zone.timeZone,
    dayTimeZone:
      isDaily && zone.timeZone === 'UTC' ? dayZoneOf(facts, hints, defaultTimeZone) : undefined,
    clock: zone.clock,
    timeOf: timeOf ?? 'start',
    seasonLengths: seasonsFor(frequencyMinutes, isClosed),
    horizon: horizonFor(frequencyMinutes),
    missing,
    nonNegative: isPositive,
    isWhole: !isMeasured(table) || (facts.isWhole && isPositive && isKeptWhole(table, isDaily)),
    doubts,
  };
}

/** Whether whole values make whole intervals: the repeated hour shares a sum in halves. */
const isKeptWhole = ({ aggregate }: Table, isDaily: boolean): boolean =>
  aggregate === undefined || (aggregate === 'sum' && isDaily);

function frequencyOf(facts: RowFacts, { aggregate }: Table, isCounted: boolean): number {
  const { stepMinutes, usable, series, spanHours, isMidnightOnly } = facts;
  if (aggregate === 'sum' && isMidnightOnly) return dayOrWeek(stepMinutes);
  if (isCounted) {
    const perHour = usable / Math.max(1, series) / Math.max(1, spanHours);
    return isMidnightOnly || perHour < MIN_HOURLY ? DAY : HOUR;
  }
  if (aggregate === 'mean' && !isMidnightOnly && stepMinutes < HOUR) return HOUR;
  if (stepMinutes === 0) return DAY;
  // Days and weeks of a local clock may be an hour shorter or longer.
  const near = [DAY, WEEK].find((minutes) => isAbout(stepMinutes, minutes));
  if (near !== undefined) return near;
  refuseMonths(stepMinutes);
  if (DAY % stepMinutes === 0 && stepMinutes >= 1) return stepMinutes;
  throw noGrid(
    `values come every ${Number(stepMinutes.toFixed(2))} minutes`,
    'Say the length of an interval with --frequency MINUTES (a divisor of a day, 1440 or 10080), ' +
      'and what its values make with --aggregate sum or mean; or count rows with --value count.',
  );
}

/** Amounts of dates: of a week where the dates are a week apart. */
function dayOrWeek(stepMinutes: number): number {
  refuseMonths(stepMinutes);
  return isAbout(stepMinutes, WEEK) ? WEEK : DAY;
}

const isAbout = (stepMinutes: number, minutes: number): boolean =>
  Math.abs(stepMinutes - minutes) <= HOUR;

function refuseMonths(stepMinutes: number): void {
  if (stepMinutes >= 27.9 * DAY && stepMinutes <= 31.1 * DAY)
    throw noGrid(
      'values come by the month',
      'Give weekly or daily values: months differ in length.',
    );
}

const noGrid = (what: string, fix: string): HeadwayError =>
  new HeadwayError('SOURCE_INVALID', `${what}: no regular grid fits`, { where: 'the times', fix });

interface ZoneGuess {
  readonly timeZone: string;
  readonly clock: string | undefined;
  readonly timeOf?: 'start' | 'end' | undefined;
  readonly doubt: Doubt | null;
}

function zoneOf(
  { changes, hasInstants, isMidnightOnly }: RowFacts,
  hints: Hints,
  defaultTimeZone: string,
  { isDaily, mayShowChange }: { readonly isDaily: boolean; readonly mayShowChange: boolean },
): ZoneGuess {
  const { timeZone, clock } = hints;
  const doubt = (chosen: string, why: string): Doubt => ({ flag: '--time-zone', chosen, why });
  if (isDaily) {
    const isOpen = hasInstants && !isMidnightOnly && timeZone === undefined;
    const why =
      'the rows state instants that are not at 00:00 UTC: in which time zone is their day?';
    // Days are those of the calendar, whose clock is never changed.
    const zone = clock === undefined ? 'UTC' : (timeZone ?? 'UTC');
    return { timeZone: zone, clock, doubt: isOpen ? doubt('UTC', why) : null };
  }
  const seen = mayShowChange ? seenChange(changes, clock ?? timeZone) : null;
  const times = { clock: clock ?? seen?.clock, timeOf: seen?.timeOf };
  if (timeZone !== undefined) {
    const isFixed = clock === undefined && seen?.clock !== undefined;
    const fixed = { flag: '--clock', chosen: 'UTC', why: seen?.why ?? '' };
    return { timeZone, ...times, doubt: isFixed ? fixed : null };
  }
  if (hasInstants || clock !== undefined) {
    const why = 'the rows state instants, but not the local time zone';
    return { timeZone: defaultTimeZone, ...times, doubt: doubt(defaultTimeZone, why) };
  }
  if (seen === null) {
    const why = 'the data do not show a change of clocks';
    return { timeZone: defaultTimeZone, ...times, doubt: doubt(defaultTimeZone, why) };
  }
  const zone = seen.timeZone ?? defaultTimeZone;
  const chosen = seen.clock === undefined ? zone : `${zone}, times in ${seen.clock}`;
  return { timeZone: zone, ...times, doubt: doubt(chosen, seen.why) };
}

/** Dates alone do not say whose they are; times of events are most likely of where people are. */
function dayZoneOf(facts: RowFacts, { timeZone }: Hints, here: string): string | undefined {
  const zone = timeZone ?? (facts.isMidnightOnly || facts.hasInstants ? 'UTC' : here);
  return zone === 'UTC' ? undefined : zone;
}

interface SeenChange {
  readonly timeZone?: string;
  readonly clock?: string;
  readonly timeOf?: 'start' | 'end';
  readonly why: string;
}

interface ClockRule {
  readonly place: string;
  readonly timeZone: string;
  readonly days: keyof ClockChanges;
  /** One of the days, and the hour that clocks skip on it. */
  readonly day: string;
  readonly hour: 1 | 2;
}

const BERLIN = { place: 'Central Europe', timeZone: 'Europe/Berlin', hour: 2 } as const;
const LONDON = { place: 'Western Europe', timeZone: 'Europe/London', hour: 1 } as const;
const NEW_YORK = { place: 'North America', timeZone: 'America/New_York', hour: 2 } as const;
const SYDNEY = { place: 'Australia', timeZone: 'Australia/Sydney', hour: 2 } as const;
const NORTH: readonly ClockRule[] = [
  { ...BERLIN, days: 'europe', day: '2024-03-31' },
  { ...LONDON, days: 'europe', day: '2024-03-31' },
  { ...NEW_YORK, days: 'america', day: '2024-03-10' },
];
const RULES: readonly ClockRule[] = [...NORTH, { ...SYDNEY, days: 'australia', day: '2024-10-06' }];

/** Rows of few events may be absent in an hour by chance. */
const MAX_CHANCE = 0.1;

const isNoChance = ({ skipped, present, empty }: ChangeCounts): boolean =>
  skipped > 0 && present === 0 && empty ** skipped <= MAX_CHANCE;

/**
 * What the hours of a change of clocks show.
 * @param known the zone of the clock, where somebody said it: then only its own changes count
 */
function seenChange(changes: ClockChanges, known: string | undefined): SeenChange | null {
  const possible = RULES.filter((rule) => known === undefined || skips(known, rule));
  for (const { place, timeZone, days, hour } of possible) {
    const isSkipped = (one: 1 | 2 | 3) => isNoChance(changes[days][one]);
    const next = hour === 1 ? 2 : 3;
    // Where both are missing, the day is.
    if (isSkipped(hour) === isSkipped(next)) continue;
    const timeOf = isSkipped(next) ? 'end' : 'start';
    const label = timeOf === 'end' ? ', where a time is the end of its hour' : '';
    const month = days === 'australia' ? 'October' : 'March';
    const why = `the hour is missing that clocks skip in ${place} in ${month}${label}`;
    return { timeZone, timeOf, why };
  }
  const isOpen = ({ days, hour }: ClockRule) => changes[days][hour].present === 0;
  if (possible.length === 0 || [...NORTH, ...(known === undefined ? [] : possible)].some(isOpen))
    return null;
  const why = 'the clock of the data is never changed: UTC, or standard time all year';
  return { clock: 'UTC', why };
}

/** Whether clocks of the zone skip the hour of the rule. */
function skips(timeZone: string, { day, hour }: ClockRule): boolean {
  try {
    const time = Temporal.PlainDateTime.from(`${day}T0${hour}:30`);
    return time.toZonedDateTime(timeZone).hour !== hour;
  } catch {
    return false; // no zone: who reads with it says so
  }
}

function missingOf({ zeros, isWhole, min }: RowFacts, isCounted: boolean): 'zero' | 'unknown' {
  if (isCounted) return 'zero';
  return isWhole && (min ?? 0) > 0 && zeros === 0 ? 'zero' : 'unknown';
}

function seasonsFor(minutes: number, isClosed: boolean): number[] {
  if (minutes === WEEK) return [52];
  if (minutes === DAY) return isClosed ? [5] : [7];
  if (minutes > DAY / 2) return [7];
  return [DAY / minutes, WEEK / minutes];
}

function horizonFor(minutes: number): number {
  if (minutes === WEEK) return 8;
  return minutes === DAY ? 14 : Math.max(1, DAY / minutes);
}
