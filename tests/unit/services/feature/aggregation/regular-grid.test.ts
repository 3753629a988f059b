/**
 * Purpose: which frequencies there are, what refuses the others, and what a closed weekday needs.
 */
import { expect, test } from '@jest/globals';
import {
  gridOrigin,
  reasonsOf,
  requireRegularGrid,
} from '../../../../../services/feature/aggregation/interval-rules.ts';
import { gridPhase } from '../../../../../services/feature/aggregation/local-time.ts';
import { sql } from '../../../../fixtures/feature-fixture.ts';
import { toyDomain } from '../../../../fixtures/toy-store.ts';

const DAY_MS = 86_400_000;
const daily = { ...toyDomain, frequencyMinutes: 1440, seasonLengths: [7] };

test.each([5, 15, 30, 60, 1440, 10_080])('accepts a grid of %i minutes', (frequencyMinutes) => {
  expect(() => requireRegularGrid({ ...toyDomain, frequencyMinutes })).not.toThrow();
});

test.each([
  [7, /do not divide a day/, /60 minutes/],
  [2880, /do not divide a day/, /week \(10080\)/],
  [43_200, /months are of unequal length/, /add their medians up/],
])('refuses a grid of %i minutes with a fix', (frequencyMinutes, message, fix) => {
  expect(() => requireRegularGrid({ ...toyDomain, frequencyMinutes })).toThrow(
    expect.objectContaining({
      code: 'SETTINGS_INVALID',
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    }),
  );
});

test('refuses an unknown time zone by name', () => {
  expect(() => requireRegularGrid({ ...toyDomain, timeZone: 'Mars/Base' })).toThrow(
    expect.objectContaining({
      code: 'SETTINGS_INVALID',
      message: '"Mars/Base" is not a time zone',
    }),
  );
});

test.each([
  [{ dayTimeZone: 'Mars/Base', frequencyMinutes: 1440 }, /dayTimeZone "Mars\/Base" is not/],
  [{ dayTimeZone: 'America/Chicago', frequencyMinutes: 60 }, /is for days and weeks/],
  [
    { dayTimeZone: 'America/Chicago', frequencyMinutes: 1440, timeZone: 'Asia/Tokyo' },
    /is for days and weeks/,
  ],
])('refuses the clock of days %j', (more, message) => {
  const domain = { ...toyDomain, timeZone: 'UTC', ...more };
  expect(() => requireRegularGrid(domain)).toThrow(
    expect.objectContaining({
      code: 'SETTINGS_INVALID',
      message: expect.stringMatching(message),
    }),
  );
});

test('weeks start on Monday in the time zone', () => {
  const monday = Date.UTC(2024, 0, 1);
  expect(monday % (7 * DAY_MS)).toBe(gridPhase('UTC', 7 * DAY_MS));
  const kolkata = monday - 5.5 * 3_600_000;
  expect(kolkata % (7 * DAY_MS)).toBe(gridPhase('Asia/Kolkata', 7 * DAY_MS));
  expect(gridPhase('America/New_York', 7 * DAY_MS)).toBeNull();
  const { local, utc } = gridOrigin({ ...toyDomain, frequencyMinutes: 10_080 });
  expect([(monday + local) % (7 * DAY_MS), (monday + utc) % (7 * DAY_MS)]).toEqual([0, 0]);
});

test.each([
  [{ ...daily, closedWeekdays: [0] }, /must be some of 1/],
  [{ ...daily, closedWeekdays: [1, 2, 3, 4, 5, 6, 7] }, /must be some of 1/],
  [{ ...daily, closedWeekdays: [7], missing: 'zero' as const }, /unknown/],
  [{ ...toyDomain, closedWeekdays: [7] }, /days of the calendar/],
])('refuses invalid closed weekdays (%#)', (domain, message) => {
  expect(() => requireRegularGrid(domain)).toThrow(message);
});

test('rejects rows on a closed weekday, with a local time or an instant', async () => {
  const domain = { ...daily, closedWeekdays: [6, 7] };
  expect(() => requireRegularGrid(domain)).not.toThrow();
  const rows = {
    ...{ relation: 'rows', seriesId: "'a'", value: null, duplicateKey: [], rejections: [] },
    ...{ localTime: 'local', instant: 'instant' },
  };
  const closed = reasonsOf(domain, rows).find(({ reason }) => reason === 'closed_day');
  // From a Friday to the Monday after it.
  const found = await sql(`SELECT ${closed?.when} FROM (VALUES
    (TIMESTAMP '2024-03-01 23:00', NULL), (TIMESTAMP '2024-03-02 00:00', NULL),
    (NULL, TIMESTAMP '2024-03-03 12:00'), (TIMESTAMP '2024-03-04 00:00', NULL)
    ) AS rows(local, instant)`);
  expect(found.flat()).toEqual([false, true, true, false]);
});
