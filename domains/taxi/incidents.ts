/**
 * Purpose: the incidents that can be rehearsed in the simulated city: what happens to the world, to
 * the feed, or to the model, from an hour on.
 * Invariants: before `at` everything is as without the incident. A change of the world is the
 * truth, and the oracle knows it; a fault of the feed leaves the truth as it is; a fault of a model
 * changes its forecasts alone.
 * Fails: `parseIncident` returns null for a text that names no incident of the world or the feed.
 */
import type { CityDemand, Place, World } from './city-demand.ts';
import { localTime } from './local-month.ts';

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const WEEK_MS = 7 * DAY_HOURS * HOUR_MS;
const SKEW_MS = 2 * HOUR_MS;

/** Name → what happens. */
export const INCIDENTS = {
  'zone-closes': 'no trip begins in one zone any more',
  'demand-doubles': 'demand doubles everywhere, little by little within a week',
  'holiday-moves': 'holidays are kept on the next working day after that of the calendar',
  'feed-stops': 'no more data arrives',
  'feed-repeats': 'the last day is sent again every day',
  'feed-shifts': 'hours are labelled one hour late',
  'feed-zeros': 'every hour of every zone is sent as zero',
  'unit-changes': 'every value is sent 1,000 times as large',
  'schema-changes': 'a column has another name, and another one another type',
  'clock-skew': 'the clock that stamps the trips is two hours ahead',
  'sensor-sticks': 'one zone sends its last count again every hour',
  'bad-model': 'a model that forecasts the hours of the day before yesterday is promoted by hand',
  'accuracy-leaks': 'forecasts drift upwards by 1 % a day',
} as const;

export type IncidentName = keyof typeof INCIDENTS;

export interface Incident {
  readonly name: IncidentName;
  /** UTC epoch milliseconds, a full hour. */
  readonly at: number;
}

const OF_MODELS: readonly IncidentName[] = ['bad-model', 'accuracy-leaks'];

/** "feed-stops@2026-11-01T00": a name and the UTC hour from which on. */
export function parseIncident(text: string): Incident | null {
  const match = /^([a-z-]+)@(\d{4}-\d{2}-\d{2}T\d{2})$/.exec(text);
  const at = Date.parse(`${match?.[2]}:00:00Z`);
  const name = match?.[1] as IncidentName | undefined;
  const isKnown = name !== undefined && Object.hasOwn(INCIDENTS, name) && !OF_MODELS.includes(name);
  return isKnown && !Number.isNaN(at) ? { name, at } : null;
}

/** The one zone that closes or sticks: neither the busiest nor a sparse one. */
const placeOf = (places: readonly Place[]): Place => places[Math.floor(places.length / 4)] as Place;

export function worldOf(incident: Incident | null): World {
  const { name, at } = incident ?? { name: null, at: 0 };
  if (name === 'zone-closes')
    return {
      scale: (place, timestamp, places) => (timestamp >= at && place === placeOf(places) ? 0 : 1),
    };
  if (name === 'demand-doubles')
    return {
      scale: (_, timestamp) => 2 ** Math.min(1, Math.max(0, (timestamp - at) / WEEK_MS)),
    };
  if (name === 'holiday-moves') {
    const first = localTime(at).toPlainDate().toString();
    return {
      isKept(day, isInCalendar) {
        if (day.toString() < first) return isInCalendar(day);
        if (day.dayOfWeek > 5) return false;
        // The calendar's holidays since the working day before.
        const before = day.dayOfWeek === 1 ? 3 : 1;
        const days = Array.from({ length: before }, (_, i) => day.subtract({ days: i + 1 }));
        return days.some((one) => isInCalendar(one) && one.toString() >= first);
      },
    };
  }
  return {};
}

/** What is sent: trips by place and hour, and until when. */
export interface Feed {
  readonly places: readonly Place[];
  count(place: Place, timestamp: number): number;
  /** Hours before this are sent at `now`. */
  end(now: number): number;
  /** Whether a file of hours from `start` on has the new columns. */
  hasNewColumns(start: number): boolean;
}

export function feedOf(demand: CityDemand, incident: Incident | null): Feed {
  const { name, at } = incident ?? { name: null, at: Number.POSITIVE_INFINITY };
  const one = placeOf(demand.places);
  const truth = demand.count;
  const faulty: Partial<Record<IncidentName, Feed['count']>> = {
    'feed-repeats': (place, timestamp) => truth(place, lastDayBefore(at, timestamp)),
    'feed-shifts': (place, timestamp) => truth(place, timestamp - HOUR_MS),
    'feed-zeros': () => 0,
    'unit-changes': (place, timestamp) => 1000 * truth(place, timestamp),
    'clock-skew': (place, timestamp) => truth(place, timestamp - SKEW_MS),
    'sensor-sticks': (place, timestamp) =>
      place === one ? Math.max(1, truth(place, at - HOUR_MS)) : truth(place, timestamp),
  };
  const after = (name && faulty[name]) || truth;
  return {
    places: demand.places,
    count: (place, timestamp) =>
      timestamp < at ? truth(place, timestamp) : after(place, timestamp),
    end(now) {
      if (name === 'feed-stops') return Math.min(now, at);
      return name === 'clock-skew' && now >= at ? now + SKEW_MS : now;
    },
    hasNewColumns: (start) => name === 'schema-changes' && start >= at,
  };
}

/** The same hour of the day that ends at `at`. */
const lastDayBefore = (at: number, timestamp: number): number => {
  const days = Math.floor((timestamp - at) / (DAY_HOURS * HOUR_MS)) + 1;
  return timestamp - days * DAY_HOURS * HOUR_MS;
};

/** What a model forecasts that is the oracle, but for the incident. */
export function modelOf(
  demand: CityDemand,
  incident: Incident | null,
): (seriesId: string, timestamp: number, quantile: number) => number {
  const { name, at } = incident ?? { name: null, at: Number.POSITIVE_INFINITY };
  return (seriesId, timestamp, quantile) => {
    if (timestamp < at) return demand.quantile(seriesId, timestamp, quantile);
    if (name === 'bad-model')
      return demand.quantile(seriesId, timestamp - 2 * DAY_HOURS * HOUR_MS, quantile);
    const days = (timestamp - at) / (DAY_HOURS * HOUR_MS);
    const rise = name === 'accuracy-leaks' ? 1.01 ** days : 1;
    return rise * demand.quantile(seriesId, timestamp, quantile);
  };
}
