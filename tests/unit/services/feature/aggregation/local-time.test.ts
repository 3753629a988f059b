import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  clockStretches,
  overUntil,
} from '../../../../../services/feature/aggregation/local-time.ts';

const HOUR = 3_600_000;
const utcOf = (timeZone: string, local: number): number[] =>
  clockStretches(timeZone, local, local)
    .filter(({ start, end, offset }) => local - offset >= start && local - offset < end)
    .map(({ offset }) => local - offset);

describe('utcOf', () => {
  test('maps local times of New York to one, no or two UTC times', () => {
    const timeZone = 'America/New_York';
    expect(utcOf(timeZone, Date.parse('2023-07-01T12:00Z'))).toEqual([
      Date.parse('2023-07-01T16:00Z'),
    ]);
    expect(utcOf(timeZone, Date.parse('2023-03-12T02:00Z'))).toEqual([]);
    expect(utcOf(timeZone, Date.parse('2023-11-05T01:00Z'))).toEqual([
      Date.parse('2023-11-05T05:00Z'),
      Date.parse('2023-11-05T06:00Z'),
    ]);
    expect(utcOf('UTC', 5 * HOUR)).toEqual([5 * HOUR]);
  });

  test('agrees with the platform for any hour of many time zones', () => {
    const places = [
      'America/New_York',
      'Europe/Berlin',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
      'America/Sao_Paulo',
      'Pacific/Apia',
    ];
    const hour = fc.integer({ min: 0, max: 80 * 8766 });
    fc.assert(
      fc.property(fc.constantFrom(...places), hour, (timeZone, hours) => {
        const utc = hours * HOUR;
        const format = new Intl.DateTimeFormat('sv-SE', {
          timeZone,
          dateStyle: 'short',
          timeStyle: 'medium',
        });
        const local = Date.parse(`${format.format(utc).replace(' ', 'T')}Z`);
        expect(utcOf(timeZone, local)).toContain(utc);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('overUntil', () => {
  const DAY = 24 * HOUR;
  test.each([
    ['UTC', HOUR, '2026-11-22T09:59:59.999Z', '2026-11-22T09:00Z'],
    ['UTC', HOUR, '2026-11-22T10:00:00.000Z', '2026-11-22T10:00Z'],
    ['Asia/Kolkata', HOUR, '2026-11-22T09:40Z', '2026-11-22T09:30Z'],
    ['UTC', 7 * DAY, '2026-11-22T09:40Z', '2026-11-16T00:00Z'],
    // The clock shows one o'clock from 05:00 to 07:00 UTC.
    ['America/New_York', HOUR, '2026-11-01T05:10Z', '2026-11-01T05:00Z'],
    ['America/New_York', HOUR, '2026-11-01T06:10Z', '2026-11-01T05:00Z'],
    ['America/New_York', HOUR / 4, '2026-11-01T05:20Z', '2026-11-01T05:00Z'],
    ['America/New_York', HOUR, '2026-11-01T07:10Z', '2026-11-01T07:00Z'],
    ['America/New_York', HOUR, '2026-03-08T07:10Z', '2026-03-08T07:00Z'],
  ])('in %s with intervals of %s ms at %s: %s', (timeZone, frequencyMs, now, until) => {
    expect(overUntil(timeZone, frequencyMs, Date.parse(now))).toBe(Date.parse(until));
  });
});
