/**
 * Purpose: a domain and a panel of hours by calendar days.
 * Invariants: a day is a local one, of 23 to 25 hours; unknown hours are left out of its mean;
 * a day without a known hour is unknown; the timestamp of a day names its date in UTC.
 * Fails: a RangeError where the panel holds no whole day.
 */
import type { Domain } from '../../domains/domain.ts';
import { createCalendar } from '../../forecasting/features/calendar.ts';
import { createPanel, type Panel, targetOf, timestampAt } from '../../forecasting/panel/panel.ts';
import { featureSpecOf } from '../../services/training/training-config.ts';

/** The same demand by calendar days. */
export const byDay = (domain: Domain, horizon: number): Domain => ({
  ...domain,
  ...{ frequencyMinutes: 1440, timeZone: 'UTC', seasonLengths: [7], horizon },
  ...{ integerValued: false, pastExogenous: [], futureExogenous: [] },
});

/** Means of local days, from the first whole one to the last. */
export function daysOf(domain: Domain, hours: Panel): Panel {
  const { place } = featureSpecOf(domain);
  const { seriesIds, frequencyMinutes } = hours;
  const calendar = createCalendar(hours.start, frequencyMinutes, hours.length, place);
  const midnights = [...calendar.minuteOfDay.keys()].filter((t) => calendar.minuteOfDay[t] === 0);
  const length = midnights.length - 1;
  if (length < 1) throw new RangeError('the panel holds no whole day');
  const target = new Float32Array(seriesIds.length * length);
  for (let s = 0; s < seriesIds.length; s++) {
    for (let day = 0; day < length; day++) {
      const known = targetOf(hours, s)
        .subarray(midnights[day], midnights[day + 1])
        .filter((y) => !Number.isNaN(y));
      target[s * length + day] = known.reduce((sum, y) => sum + y, 0) / known.length;
    }
  }
  const first = midnights[0] as number;
  const offset = (calendar.utcOffset[first] as number) * frequencyMinutes * 60_000;
  const start = timestampAt(hours, first) + offset;
  return createPanel({ seriesIds, start, frequencyMinutes: 1440, length, columns: { target } });
}
