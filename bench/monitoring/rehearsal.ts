/**
 * Purpose: the simulated city as a check sees it day by day: panels and scores, with an incident or
 * without, made without files and a store.
 * Invariants: the same seed, span and incident give the same bits; before the incident everything
 * is as without it.
 * Fails: never.
 */
import { createCityDemand, HOUR_MS } from '../../domains/taxi/city-demand.ts';
import { feedOf, type Incident, modelOf, worldOf } from '../../domains/taxi/incidents.ts';
import { pinballLoss } from '../../forecasting/evaluation/metrics.ts';
import { createPanel, type Panel } from '../../forecasting/panel/panel.ts';
import type { DailyScore } from '../../services/monitoring/drift/scores/daily-score.ts';

const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
const QUANTILES = [0.1, 0.5, 0.9];

export interface CityRun {
  readonly seed: number;
  readonly places: number;
  readonly incident: Incident | null;
  /** UTC epoch milliseconds, full hours. */
  readonly from: number;
  readonly until: number;
}

export interface Rehearsal {
  /** All that was sent up to `at`, the last `hours` of it. */
  panelAt(at: number, hours: number): Panel;
  /** Columns of the newest file at `at`. */
  columnsAt(at: number): string[];
  /** Scores of the UTC day that begins at `day`. */
  scoresOf(day: number): DailyScore[];
}

export function rehearse({ seed, places, incident, from, until }: CityRun): Rehearsal {
  const demand = createCityDemand(seed, places, worldOf(incident));
  const feed = feedOf(demand, incident);
  const model = modelOf(demand, incident);
  const ids = demand.places.map(({ seriesId }) => seriesId);
  const length = (feed.end(until) - from) / HOUR_MS;
  const all = new Float32Array(places * length);
  for (const [s, place] of demand.places.entries())
    for (let t = 0; t < length; t++) all[s * length + t] = feed.count(place, from + t * HOUR_MS);
  const valueAt = (s: number, at: number) => all[s * length + (at - from) / HOUR_MS] ?? Number.NaN;
  return {
    panelAt(at, hours) {
      const end = Math.min(length, Math.floor((feed.end(at) - from) / HOUR_MS));
      const first = Math.max(0, end - hours);
      const target = new Float32Array(places * (end - first));
      for (let s = 0; s < places; s++)
        target.set(all.subarray(s * length + first, s * length + end), s * (end - first));
      return createPanel({
        seriesIds: ids,
        start: from + first * HOUR_MS,
        frequencyMinutes: 60,
        length: end - first,
        columns: { target },
      });
    },
    columnsAt: (at) =>
      feed.hasNewColumns(at - HOUR_MS)
        ? ['passenger_count: VARCHAR', 'service_class: DOUBLE']
        : ['passenger_count: DOUBLE', 'trip_type: DOUBLE'],
    scoresOf: (day) =>
      demand.places.map(({ seriesId }, s) => {
        let [pinball, baselinePinball, inside] = [0, 0, 0];
        for (let at = day; at < day + DAY_MS; at += HOUR_MS) {
          const actual = valueAt(s, at);
          const forecast = QUANTILES.map((quantile) => model(seriesId, at, quantile));
          for (const [q, quantile] of QUANTILES.entries()) {
            pinball += pinballLoss(quantile, actual - (forecast[q] as number)) / 3;
            baselinePinball += pinballLoss(quantile, actual - valueAt(s, at - WEEK_MS)) / 3;
          }
          if (actual >= (forecast[0] as number) && actual <= (forecast[2] as number)) inside++;
        }
        return {
          at: day,
          seriesId,
          pairs: 24,
          pinball,
          baselinePinball,
          covered: { 80: inside },
        };
      }),
  };
}
