/**
 * Purpose: the truth of the simulated city: the mean demand of every place in every hour, and its
 * distribution.
 * Invariants: everything follows from (seed, place, UTC hour) alone, so the truth does not depend
 * on when or in which files the trips are written.
 * Fails: a RangeError for a place the city does not have.
 */
import Holidays from 'date-holidays';
import type { Temporal } from 'temporal-polyfill';
import { type Random, seededRandom, seedFrom } from '../../platform/random.ts';
import { countQuantile } from './count-distribution.ts';
import { localTime } from './local-month.ts';
import { LAST_PLACE } from './trip-files.ts';

export const HOUR_MS = 3_600_000;
const YEAR_HOURS = 8766;
/**
 * Growth is relative to this hour (2026-01-01 UTC), so that it does not depend on when the
 * simulation starts.
 */
const ORIGIN_HOUR = 490_896;
const BUSIEST = 42;
const SPARSEST = 0.05;

const KINDS = ['commuter', 'nightlife', 'residential', 'airport', 'shopping'] as const;
type Kind = (typeof KINDS)[number];

export interface Place {
  /** The place number, 1…263, as text. */
  readonly seriesId: string;
  readonly kind: Kind;
  /** Trips per hour, averaged over a plain week at the origin. */
  readonly base: number;
  /** Negative-binomial size; Infinity is Poisson. */
  readonly size: number;
  readonly growthPerYear: number;
  /** How strongly the weather is felt here. */
  readonly sensitivity: number;
  readonly seed: number;
}

export interface CityDemand {
  readonly places: readonly Place[];
  mean(seriesId: string, timestamp: number): number;
  quantile(seriesId: string, timestamp: number, quantile: number): number;
  /** How many trips there are in the hour: a draw from the distribution, the same at every call. */
  count(place: Place, timestamp: number): number;
}

interface HourState {
  readonly hourOfWeek: number;
  readonly isHoliday: boolean;
  readonly yearSeason: number;
  readonly shock: number;
}

/** What a rehearsed incident (incidents.ts) changes in the world itself. */
export interface World {
  /** Factor on the mean demand. */
  scale?(place: Place, timestamp: number, places: readonly Place[]): number;
  /** Whether people keep a holiday on the local day, given whether the calendar has one on a day. */
  isKept?(day: Temporal.PlainDate, isInCalendar: (day: Temporal.PlainDate) => boolean): boolean;
}

export function createCityDemand(seed: number, placeCount: number, world: World = {}): CityDemand {
  const places = createPlaces(seed, placeCount);
  const byId = new Map(places.map((place) => [place.seriesId, place]));
  const holidays = holidayCalendar();
  const isInCalendar = ({ year, month, day }: Temporal.PlainDate): boolean =>
    holidays(year).has(`${month}-${day}`);
  const states = new Map<number, HourState>();

  const stateOf = (hour: number): HourState => {
    let state = states.get(hour);
    if (!state) {
      const local = localTime(hour * HOUR_MS);
      const today = local.toPlainDate();
      const isHoliday = world.isKept?.(today, isInCalendar) ?? isInCalendar(today);
      // A holiday is lived like a Sunday.
      const weekday = isHoliday ? 6 : local.dayOfWeek - 1;
      state = {
        hourOfWeek: weekday * 24 + local.hour,
        isHoliday,
        yearSeason: 0.06 * Math.sin((2 * Math.PI * (local.dayOfYear - 80)) / 365),
        shock: shockAt(seed, hour),
      };
      states.set(hour, state);
    }
    return state;
  };
  const meanOf = (place: Place, timestamp: number): number => {
    const hour = Math.floor(timestamp / HOUR_MS);
    const state = stateOf(hour);
    const years = (hour - ORIGIN_HOUR) / YEAR_HOURS;
    const holiday = state.isHoliday ? HOLIDAY_FACTOR[place.kind] : 1;
    const trend = Math.exp(
      place.growthPerYear * years + state.yearSeason + place.sensitivity * state.shock,
    );
    const scale = world.scale?.(place, timestamp, places) ?? 1;
    return place.base * PROFILES[place.kind][state.hourOfWeek] * holiday * trend * scale;
  };
  const find = (seriesId: string): Place => {
    const place = byId.get(seriesId);
    if (!place) throw new RangeError(`the city has no place ${seriesId}`);
    return place;
  };
  return {
    places,
    mean: (seriesId, timestamp) => meanOf(find(seriesId), timestamp),
    quantile(seriesId, timestamp, quantile) {
      const place = find(seriesId);
      return countQuantile(meanOf(place, timestamp), place.size, quantile);
    },
    count(place, timestamp) {
      const draw = seededRandom(
        place.seed ^ Math.imul(Math.floor(timestamp / HOUR_MS), 0x9e3779b1),
      )();
      return countQuantile(meanOf(place, timestamp), place.size, draw);
    },
  };
}

function createPlaces(seed: number, placeCount: number): Place[] {
  const random = seededRandom(seedFrom(seed, 'places'));
  const numbers = Array.from({ length: LAST_PLACE }, (_, index) => index + 1);
  return Array.from({ length: placeCount }, (_, index) => {
    const [number] = numbers.splice(Math.floor(random() * numbers.length), 1);
    const rank = placeCount === 1 ? 0 : index / (placeCount - 1);
    const base = BUSIEST * (SPARSEST / BUSIEST) ** (rank ** 0.65);
    return {
      seriesId: String(number),
      kind: KINDS[Math.floor(random() * KINDS.length)],
      base,
      size: random() < 0.25 ? Number.POSITIVE_INFINITY : 6 + 30 * random(),
      growthPerYear: -0.05 + 0.2 * random(),
      sensitivity: 0.5 + random(),
      seed: seedFrom(seed, 'place', number),
    };
  });
}

/**
 * Weather-like shocks on the log scale, city-wide: a slow wander (the last 18 hours' draws, fading
 * like an autoregression) and episodes of some hours: rain sends people to the taxis, a storm keeps
 * them at home. Both move demand by 5 to 40 %, as weather does in a real city; nobody can forecast
 * them, so they are what a perfect model would still miss against the oracle.
 */
function shockAt(seed: number, hour: number): number {
  let shock = 0;
  for (let back = 0; back < 18; back++) {
    const random = seededRandom(seedFrom(seed, 'wander', hour - back));
    shock += 0.03 * 0.85 ** back * (random() + random() + random() - 1.5) * 2;
  }
  const block = Math.floor(hour / EPISODE_BLOCK);
  for (let back = 0; back < 3; back++)
    shock += episodeAt(seededRandom(seedFrom(seed, 'episode', block - back)), block - back, hour);
  return shock;
}

const EPISODE_BLOCK = 30;

function episodeAt(random: Random, block: number, hour: number): number {
  if (random() > 0.2) return 0;
  const since = hour - (block * EPISODE_BLOCK + Math.floor(random() * EPISODE_BLOCK));
  const duration = 3 + random() * 9;
  const strength = random() < 0.65 ? 0.05 + 0.2 * random() : -0.1 - 0.3 * random();
  // Rises within two hours, fades afterwards; ended after three durations, before it could leave
  // the blocks looked at.
  if (since < 0 || since > 3 * duration) return 0;
  return strength * Math.min(1, (since + 1) / 2) * Math.exp(-since / duration);
}

const HOLIDAY_FACTOR: Record<Kind, number> = {
  commuter: 0.6,
  nightlife: 1.15,
  residential: 0.85,
  airport: 1.1,
  shopping: 0.7,
};

/** A bump around an hour of the day, wrapping at midnight. */
const bump = (hour: number, centre: number, width: number): number => {
  const distance = Math.min(Math.abs(hour - centre), 24 - Math.abs(hour - centre));
  return Math.exp(-0.5 * (distance / width) ** 2);
};

const SHAPES: Record<Kind, (hour: number, weekday: number) => number> = {
  commuter: (hour, weekday) =>
    weekday < 5
      ? 0.12 + 1.6 * bump(hour, 8.5, 1.4) + 0.5 * bump(hour, 13, 2.5) + 1.9 * bump(hour, 18, 1.8)
      : 0.15 + 0.5 * bump(hour, 14, 4),
  nightlife: (hour, weekday) =>
    0.15 +
    0.7 * bump(hour, 20, 2.5) +
    (weekday >= 4 ? 2.2 * bump(hour, 0.5, 2.2) : 0.5 * bump(hour, 23, 2)),
  residential: (hour, weekday) =>
    0.1 +
    (weekday < 5 ? 1.5 * bump(hour, 7.5, 1.6) : 0.9 * bump(hour, 11, 3)) +
    0.6 * bump(hour, 17, 3) +
    0.4 * bump(hour, 21, 2),
  airport: (hour, weekday) =>
    0.05 +
    bump(hour, 9, 3) +
    1.4 * bump(hour, 17, 4) +
    (weekday === 6 || weekday === 3 ? 0.6 : 0) * bump(hour, 20, 3),
  shopping: (hour, weekday) =>
    0.08 + (weekday >= 5 ? 1.9 : 1.2) * bump(hour, 15, 3.2) + 0.3 * bump(hour, 19, 2),
};

/** Hour of the local week → factor, averaging 1. */
const PROFILES = Object.fromEntries(
  KINDS.map((kind) => {
    const raw = Array.from({ length: 168 }, (_, index) =>
      SHAPES[kind](index % 24, Math.floor(index / 24)),
    );
    const average = raw.reduce((sum, value) => sum + value, 0) / raw.length;
    return [kind, raw.map((value) => value / average)];
  }),
) as unknown as Record<Kind, readonly number[]>;

/** Year → the "month-day" of its public holidays in New York. */
function holidayCalendar(): (year: number) => Set<string> {
  const calendar = new Holidays('US', 'NY');
  const years = new Map<number, Set<string>>();
  return (year) => {
    let days = years.get(year);
    if (!days) {
      const all = calendar.getHolidays(year).filter((holiday) => holiday.type === 'public');
      days = new Set(
        all.map(({ date }) => `${Number(date.slice(5, 7))}-${Number(date.slice(8, 10))}`),
      );
      years.set(year, days);
    }
    return days;
  };
}
