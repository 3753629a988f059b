/**
 * Purpose: the times that the page is about, and the total of a group at each: what happened up to
 * the cutoff, the mean forecast after it.
 * Invariants: every total of a page has the same times, those of the total of all series; a value
 * that is not known is NaN.
 * Fails: as the client.
 */
import { dataOf, type HeadwayClient } from '../../clients/typescript/headway-client.ts';
import { indexOfHighest, intervalMs, seasonOf } from './forecast.ts';
import type { GroupForecast, ServedModel, Timeline } from './page-context.ts';

/** The group of all series. */
export const ALL = 'all';

type Domain = ServedModel['domain'];

const DAY_MS = 86_400_000;
const SHOWN_DAYS = 14;
/** Of long intervals two weeks are few: so many seasons, and no more than these intervals. */
const [SEASONS, MAX_SEASONS] = [4, 56];
/** What the service sends along at most. */
const MAX_HISTORY = 2000;

/** How many intervals before the cutoff are shown. */
function shownPast(domain: Domain): number {
  const interval = intervalMs(domain.frequency);
  const seasons = Math.min(MAX_SEASONS, SEASONS * seasonOf(domain));
  return Math.max(Math.round((SHOWN_DAYS * DAY_MS) / interval), seasons);
}

export async function loadTimeline(
  { GET }: HeadwayClient,
  id: string,
  domain: Domain,
): Promise<Timeline> {
  const history = Math.min(MAX_HISTORY, shownPast(domain) + seasonOf(domain));
  const params = { path: { id }, query: { history } };
  const forecast = (await dataOf(GET('/v1/groups/{id}/forecast', { params }))) as GroupForecast;
  return timelineOf(forecast, domain);
}

export function timelineOf(forecast: GroupForecast, domain: Domain): Timeline {
  const { mean, history = { timestamps: [], values: [] } } = forecast;
  const known = history.timestamps.map((time) => Date.parse(time));
  const ahead = forecast.timestamps.map((time) => Date.parse(time));
  const every = [...known, ...ahead];
  const all = [...history.values.map((value) => value ?? Number.NaN), ...mean];
  const past = Math.min(known.length, shownPast(domain));
  const from = known.length - past;
  const interval = intervalMs(forecast.frequency);
  const places = placesBefore(every, seasonOf(domain) * interval);
  return {
    ...{ times: every.slice(from), past, values: all.slice(from), forecast },
    ...{ cutoff: Date.parse(forecast.cutoff), intervalMs: interval },
    before: places.slice(from).map((place) => all[place] ?? Number.NaN),
    peak: past + indexOfHighest(mean),
  };
}

/** The index of the time `ms` before each of the times; -1 where there is none. */
export function placesBefore(times: readonly number[], ms: number): number[] {
  const places = new Map(times.map((time, i) => [time, i]));
  return times.map((time) => places.get(time - ms) ?? -1);
}

/** The time that is shown: that of the address, else the next peak. */
export const shownTime = (at: number | null, timeline: Timeline | null): number | null =>
  at ?? timeline?.times[timeline.peak] ?? null;
