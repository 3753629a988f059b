/** Purpose: holidays and clock changes are named for reports, and leave references alone. */
import { expect, test } from '@jest/globals';
import { knownEvents } from '../../../../../services/monitoring/drift/known-events.ts';
import {
  createReferences,
  openWindow,
  readReferences,
} from '../../../../../services/monitoring/drift/window.ts';
import { DAY, fleet, HOUR, NEW_YORK } from '../../../../fixtures/drift-fixture.ts';

test('knownEvents lists autumn 2023 in New York', () => {
  const events = knownEvents(NEW_YORK, Date.UTC(2023, 9, 15), Date.UTC(2024, 0, 1));
  expect(events.map(({ title, start }) => `${new Date(start).toISOString()} ${title}`)).toEqual([
    '2023-11-05T04:00:00.000Z clocks go back by 1 h',
    expect.stringContaining('2023-11-07T05:00:00.000Z Election Day'),
    expect.stringContaining('2023-11-11T05:00:00.000Z Veterans Day'),
    '2023-11-23T05:00:00.000Z Thanksgiving Day',
    '2023-12-25T05:00:00.000Z Christmas Day',
  ]);
  const [change] = events;
  expect(change?.name).toBe('clock change');
  expect((change!.end - change!.start) / HOUR).toBe(25);
});

test('compares an hour with the same local hour across a clock change', () => {
  const from = Date.UTC(2023, 8, 1, 4);
  // The value is the local hour.
  const panel = fleet({
    seed: 1,
    series: 1,
    from,
    days: 90,
    change: (_, __, at) =>
      Number(
        new Intl.DateTimeFormat('en-US', {
          hour: 'numeric',
          hourCycle: 'h23',
          timeZone: 'America/New_York',
        }).format(at),
      ),
  });
  const window = openWindow(panel, from + 90 * DAY, { place: NEW_YORK, day: 24, week: 168 });
  for (let t = window.end - 20 * 24; t < window.end; t++) {
    const { values, count } = readReferences(window, 0, t, createReferences());
    expect(count).toBeGreaterThan(4);
    const own = panel.columns.target[t] as number;
    expect([...values.subarray(0, count)]).toEqual(Array.from({ length: count }, () => own));
  }
});

test('marks days next to a holiday and between two as quiet, but no plain week', () => {
  const from = Date.UTC(2023, 11, 1, 5);
  const panel = fleet({ seed: 1, series: 1, from, days: 40 });
  const window = openWindow(panel, from + 40 * DAY, { place: NEW_YORK, day: 24, week: 168 });
  const quiet = Array.from({ length: 40 }, (_, day) => window.isQuiet[day * 24 + 12] as number);
  const days = quiet.flatMap((is, day) => (is === 1 ? [day + 1] : []));
  // 24 December to 2 January.
  expect(days).toEqual([24, 25, 26, 27, 28, 29, 30, 31, 32, 33]);
});
