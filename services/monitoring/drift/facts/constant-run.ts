/**
 * Purpose: series that show one value for longer than chance explains: zero (`closed`), another
 * (`stuck`), or zero in the whole fleet (`zeros`).
 * Invariants: a run is judged by how often each of its hours had that value in earlier weeks, so
 * that nights and rare series do not count; unknown values neither end nor lengthen a run.
 * Fails: never.
 */
import { type Finding, figure, seriesText, timeText } from '../verdict.ts';
import { timeAt, valueAt, type Window } from '../window.ts';
import { runLimit, surprise } from './chance.ts';

/** How far back a run is followed. */
const WEEKS = 9;
/** Share of the series with a run of zeros from which on it is the fleet. */
const FLEET_SHARE = 0.5;
const MIN_INTERVALS = 3;
/** Zeros are news when they are this much more improbable than those of the weeks before. */
const TIMES_EARLIER = 1.5;
const EARLIER_WEEKS = 10;

interface Run {
  readonly id: string;
  readonly value: number;
  readonly since: number;
  readonly intervals: number;
  readonly nats: number;
}

export function constantRuns(window: Window): Finding[] {
  const limit = runLimit(window);
  const fleet = fleetZeros(window, limit);
  if (fleet) return [fleet];
  const runs = window.seriesIds.flatMap((_, s) => newestRun(window, s, limit) ?? []);
  return (['closed', 'stuck'] as const).flatMap((name) => {
    const found = runs.filter(({ value }) => (value === 0) === (name === 'closed'));
    if (found.length === 0) return [];
    const longest = found.reduce((a, b) => (b.nats > a.nats ? b : a));
    const ids = found.map(({ id }) => id);
    const since = Math.min(...found.map((run) => run.since));
    return [
      {
        name,
        since,
        seriesIds: ids,
        evidence: {
          statistic: 'improbability of the run, nats',
          value: longest.nats,
          limit,
          observed: longest.value,
          intervals: longest.intervals,
        },
        message:
          `${seriesText(ids, window.seriesIds.length)} shows ${figure(longest.value)} ` +
          `${found.length > 1 ? '(or another constant) ' : ''}in each interval since ` +
          `${timeText(since)}, ${longest.intervals} in a row.`,
      },
    ];
  });
}

/** The run of equal values that ends with the newest known one, if chance does not explain it. */
function newestRun(window: Window, s: number, limit: number): Run | null {
  const first = Math.max(0, window.end - WEEKS * window.week);
  let t = window.end - 1;
  while (t >= first && Number.isNaN(valueAt(window, s, t))) t--;
  // A series without values for a week has no newest run.
  if (t < first || t < window.end - window.week) return null;
  const value = valueAt(window, s, t);
  let [nats, intervals, since] = [0, 0, t];
  for (; t >= first; t--) {
    const here = valueAt(window, s, t);
    if (Number.isNaN(here)) continue;
    if (here !== value) break;
    // The first of the run is where it comes from, not evidence that it stays.
    if (value === 0 || intervals > 0) nats += surprise(window, s, t, value);
    intervals++;
    since = t;
  }
  if (nats < limit || intervals < MIN_INTERVALS) return null;
  if (value === 0 && nats < TIMES_EARLIER * mostImprobableZeros(window, s, t, limit)) return null;
  return {
    id: window.seriesIds[s] as string,
    value,
    since: timeAt(window, since),
    intervals,
    nats,
  };
}

/**
 * Nats of the most improbable run of zeros that ended before `last`: events that come in bursts
 * (a stadium) leave long runs between them. None where that run was an outage by its length.
 */
function mostImprobableZeros(window: Window, s: number, last: number, limit: number): number {
  let [most, nats] = [0, 0];
  for (let t = last; t >= Math.max(0, window.end - EARLIER_WEEKS * window.week); t--) {
    const value = valueAt(window, s, t);
    if (Number.isNaN(value)) continue;
    nats = value === 0 ? nats + surprise(window, s, t, 0) : 0;
    if (nats > most && nats < TIMES_EARLIER * limit) most = nats;
  }
  return most;
}

/** Zeros in every known series at once. */
function fleetZeros(window: Window, limit: number): Finding | null {
  const { seriesIds, end } = window;
  if (seriesIds.length < 2) return null;
  let [nats, since, intervals] = [0, -1, 0];
  for (let t = end - 1; t >= Math.max(0, end - window.week); t--) {
    let [known, zero] = [0, 0];
    for (let s = 0; s < seriesIds.length; s++) {
      const value = valueAt(window, s, t);
      if (Number.isNaN(value)) continue;
      known++;
      if (value === 0) zero++;
    }
    if (known === 0) continue;
    if (zero < known || known < FLEET_SHARE * seriesIds.length) break;
    for (let s = 0; s < seriesIds.length; s++)
      if (valueAt(window, s, t) === 0) nats += surprise(window, s, t, 0);
    intervals++;
    since = t;
  }
  if (nats < limit || intervals < MIN_INTERVALS) return null;
  return {
    name: 'zeros',
    since: timeAt(window, since),
    seriesIds,
    evidence: { statistic: 'improbability of the run, nats', value: nats, limit, intervals },
    message:
      `All ${seriesIds.length} series are zero in each of ${intervals} intervals since ` +
      `${timeText(timeAt(window, since))}.`,
  };
}
