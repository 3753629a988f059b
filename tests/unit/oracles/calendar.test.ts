/**
 * Purpose: the calendar against days known by hand and against the platform's own time-zone data.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import {
  type Calendar,
  type CalendarPlace,
  createCalendar,
  localLag,
  publicHolidays,
} from '../../../forecasting/features/calendar.ts';
import { runs } from '../../fixtures/property-runs.ts';

const HOUR = 3_600_000;
const newYork: CalendarPlace = {
  timeZone: 'America/New_York',
  holidays: { country: 'US', state: 'NY' },
};
const plain = (timeZone: string): CalendarPlace => ({ timeZone, holidays: null });
const clockOf = ({ minuteOfDay }: Calendar) =>
  Array.from(
    minuteOfDay,
    (minute) => `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, '0')}`,
  );

describe('createCalendar: daylight saving', () => {
  test('New York skips an hour on 2023-03-12', () => {
    const calendar = createCalendar(Date.UTC(2023, 2, 12, 4), 60, 5, newYork);
    expect(clockOf(calendar)).toEqual(['23:00', '0:00', '1:00', '3:00', '4:00']);
    expect([...calendar.utcOffset]).toEqual([-5, -5, -5, -4, -4]);
    expect([...calendar.weekday]).toEqual([5, 6, 6, 6, 6]);
  });

  test('New York repeats an hour on 2023-11-05', () => {
    const calendar = createCalendar(Date.UTC(2023, 10, 5, 3), 60, 6, newYork);
    expect(clockOf(calendar)).toEqual(['23:00', '0:00', '1:00', '1:00', '2:00', '3:00']);
    expect([...calendar.utcOffset]).toEqual([-4, -4, -4, -5, -5, -5]);
    expect([...calendar.weekday]).toEqual([5, 6, 6, 6, 6, 6]);
  });

  test('Lord Howe Island shifts by 30 minutes', () => {
    expect(
      clockOf(createCalendar(Date.UTC(2023, 3, 1, 13), 60, 4, plain('Australia/Lord_Howe'))),
    ).toEqual(['0:00', '1:00', '1:30', '2:30']);
    expect(
      clockOf(createCalendar(Date.UTC(2023, 8, 30, 14), 30, 5, plain('Australia/Lord_Howe'))),
    ).toEqual(['0:30', '1:00', '1:30', '2:30', '3:00']);
    expect([
      ...createCalendar(Date.UTC(2023, 8, 30, 14), 30, 5, plain('Australia/Lord_Howe')).utcOffset,
    ]).toEqual([21, 21, 21, 22, 22]);
  });

  test('Kolkata has an offset of half an hour all year', () => {
    const calendar = createCalendar(Date.UTC(2023, 0, 1, 18), 60, 2, plain('Asia/Kolkata'));
    expect(clockOf(calendar)).toEqual(['23:30', '0:30']);
    expect([...calendar.weekday]).toEqual([6, 0]);
  });
});

describe('createCalendar: holidays', () => {
  const marked = (calendar: Calendar, start: number, which: 'holiday' | 'holidayEve') =>
    [...calendar[which]].flatMap((mark, i) =>
      mark ? [new Date(start + i * HOUR).toISOString().slice(0, 13)] : [],
    );

  test('a holiday and its eve last from local midnight to local midnight', () => {
    const start = Date.UTC(2023, 6, 3);
    const calendar = createCalendar(start, 60, 72, newYork);
    const holiday = marked(calendar, start, 'holiday');
    const eve = marked(calendar, start, 'holidayEve');
    expect([holiday.length, holiday[0], holiday.at(-1)]).toEqual([
      24,
      '2023-07-04T04',
      '2023-07-05T03',
    ]);
    expect([eve.length, eve[0], eve.at(-1)]).toEqual([24, '2023-07-03T04', '2023-07-04T03']);
  });

  test('the eve of New Year is marked, also if the grid ends on it', () => {
    const calendar = createCalendar(Date.UTC(2023, 11, 31, 4), 60, 26, newYork);
    expect([...calendar.holidayEve]).toEqual([0, ...Array(24).fill(1), 0]);
    expect([...calendar.holiday]).toEqual([...Array(25).fill(0), 1]);
    expect(createCalendar(Date.UTC(2023, 11, 31, 12), 60, 1, newYork).holidayEve[0]).toBe(1);
  });

  test('marks Thanksgiving and the holiday of a state', () => {
    const noon = (month: number, day: number, place: CalendarPlace) =>
      createCalendar(Date.UTC(2023, month, day, 17), 60, 1, place).holiday[0];
    expect(noon(10, 23, newYork)).toBe(1);
    expect(noon(10, 24, newYork)).toBe(0);
    expect(noon(1, 12, newYork)).toBe(1);
    expect(noon(1, 12, { ...newYork, holidays: { country: 'US' } })).toBe(0);
    expect(noon(10, 23, plain('America/New_York'))).toBe(0);
  });

  test('marks every day of a holiday of several days', () => {
    const start = Date.UTC(2023, 3, 19, 21);
    const { holiday } = createCalendar(start, 1440, 5, {
      timeZone: 'Europe/Istanbul',
      holidays: { country: 'TR' },
    });
    // 20 April is its eve; the 23rd is another holiday too; the 24th is an ordinary Monday.
    expect([...holiday]).toEqual([0, 1, 1, 1, 0]);
  });

  test('marks the last day of a holiday in which the clocks go forward', () => {
    const days = publicHolidays({ country: 'BA' }, 2025).map((day) =>
      new Date(day * 24 * HOUR).toISOString().slice(0, 10),
    );
    expect(days).toEqual(expect.arrayContaining(['2025-03-30', '2025-03-31', '2025-04-01']));
    expect(days).not.toContain('2025-04-02');
  });

  test.each([
    [{ timeZone: 'Mars/Olympus', holidays: null }],
    [{ timeZone: 'UTC', holidays: { country: 'XX' } }],
    [{ timeZone: 'UTC', holidays: { country: 'US', state: 'ZZ' } }],
  ])('refuses an unknown place: %j', (place) => {
    expect(() => createCalendar(0, 60, 24, place)).toThrow(RangeError);
  });

  test('accepts an empty grid', () => {
    expect(createCalendar(0, 60, 0, newYork).weekday).toHaveLength(0);
  });
});

test('local hour, weekday and offset equal those of Intl in any zone', () => {
  const zones = [
    'America/New_York',
    'Europe/Berlin',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Africa/Casablanca',
    'UTC',
  ];
  const start = fc.integer({ min: Date.UTC(2010, 0) / HOUR, max: Date.UTC(2030, 0) / HOUR });
  fc.assert(
    fc.property(
      start,
      fc.constantFrom(...zones),
      fc.constantFrom(15, 30, 60),
      fc.integer({ min: 1, max: 400 }),
      (first, timeZone, frequency, skip) => {
        const format = new Intl.DateTimeFormat('en-US', {
          timeZone,
          hourCycle: 'h23',
          weekday: 'short',
          year: 'numeric',
          month: 'numeric',
          day: 'numeric',
          hour: 'numeric',
          minute: 'numeric',
        });
        const length = 24 * 120;
        const calendar = createCalendar(first * HOUR, frequency, length, plain(timeZone));
        for (let i = 0; i < length; i += skip) {
          const time = first * HOUR + i * frequency * 60_000;
          const part = Object.fromEntries(
            format.formatToParts(time).map(({ type, value }) => [type, value]),
          );
          const [year, month, day] = [Number(part.year), Number(part.month), Number(part.day)];
          const minute = Number(part.hour) * 60 + Number(part.minute);
          expect(calendar.minuteOfDay[i]).toBe(minute);
          expect(
            ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][calendar.weekday[i] as number],
          ).toBe(part.weekday);
          const ahead = (Date.UTC(year, month - 1, day) - time) / 60_000 + minute;
          const offset = calendar.utcOffset[i] as number;
          // An offset that is no whole number of intervals is rounded to one.
          if (ahead % frequency === 0) expect(offset).toBe(ahead / frequency);
          else expect(Math.abs(offset * frequency - ahead)).toBeLessThanOrEqual(frequency / 2);
        }
      },
    ),
    { numRuns: runs(60), seed: 5 },
  );
});

test('local week and day lags equal those of Temporal on half hours, quarters and days', () => {
  const grids: readonly (readonly [timeZone: string, frequency: number, phaseMinutes: number])[] = [
    ['Australia/Adelaide', 60, 30],
    ['America/St_Johns', 60, 30],
    ['Asia/Kathmandu', 60, 15],
    ['Asia/Kathmandu', 15, 0],
    ['Australia/Lord_Howe', 30, 0],
    ['Europe/Dublin', 60, 0],
    ['Pacific/Apia', 60, 0],
    ['UTC', 1440, 0],
    ['Asia/Kolkata', 1440, 18 * 60 + 30],
  ];
  const day = fc.integer({
    min: Date.UTC(2011, 10) / (24 * HOUR),
    max: Date.UTC(2030, 0) / (24 * HOUR),
  });
  fc.assert(
    fc.property(
      day,
      fc.constantFrom(...grids),
      fc.integer({ min: 5, max: 60 }),
      (first, [timeZone, frequency, phase], skip) => {
        const start = first * 24 * HOUR + phase * 60_000;
        const step = frequency * 60_000;
        const perDay = 1440 / frequency;
        const length = 60 * perDay;
        const calendar = createCalendar(start, frequency, length, plain(timeZone));
        for (let t = 7 * perDay; t < length; t += skip) {
          const local = Temporal.Instant.fromEpochMilliseconds(start + t * step).toZonedDateTimeISO(
            timeZone,
          );
          expect(calendar.minuteOfDay[t]).toBe(local.hour * 60 + local.minute);
          expect(calendar.weekday[t]).toBe(local.dayOfWeek - 1);
          for (const days of [1, 7]) {
            const wall = local.toPlainDateTime().subtract({ days });
            // Twice there, or never: either is right. A shift of whole days (Samoa) is one of the
            // clock like any other.
            const right = (['earlier', 'later'] as const).map(
              (disambiguation) =>
                (wall.toZonedDateTime(timeZone, { disambiguation }).epochMilliseconds - start) /
                step,
            );
            const lag = localLag(calendar, t, days * perDay);
            if (lag >= 0 && Math.abs(lag - (t - days * perDay)) <= perDay / 2)
              expect(right).toContain(lag);
          }
        }
      },
    ),
    { numRuns: runs(25), seed: 8 },
  );
});
