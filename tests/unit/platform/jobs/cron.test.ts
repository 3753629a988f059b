/** Purpose: the times of cron expressions are those of crontab(5), and unclear forms are refused. */
import { expect, test } from '@jest/globals';
import { cronTimes } from '../../../../platform/jobs/cron.ts';

const FROM = Date.UTC(2026, 10, 28, 21, 57, 30); // a Saturday

/** The next times after FROM. */
function timesOf(expression: string, count = 3): string[] {
  const found: string[] = [];
  for (let at = FROM; found.length < count; ) {
    at = cronTimes(expression)!.next(at);
    found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
}

test.each([
  ['5 * * * *', ['2026-11-28T22:05', '2026-11-28T23:05', '2026-11-29T00:05']],
  ['58 21 * * *', ['2026-11-28T21:58', '2026-11-29T21:58', '2026-11-30T21:58']],
  ['0,30 */12 * * *', ['2026-11-29T00:00', '2026-11-29T00:30', '2026-11-29T12:00']],
  // Both day fields: either.
  ['0 0 13 * 5', ['2026-12-04T00:00', '2026-12-11T00:00', '2026-12-13T00:00']],
  ['0 0 30 2 1', ['2027-02-01T00:00', '2027-02-08T00:00', '2027-02-15T00:00']],
  // A star in one of them: both.
  ['0 0 */2 * 1', ['2026-12-07T00:00', '2026-12-21T00:00', '2027-01-11T00:00']],
  ['0 0 * * 7', ['2026-11-29T00:00', '2026-12-06T00:00', '2026-12-13T00:00']],
  ['0 3 * JAN Mon-Tue', ['2027-01-04T03:00', '2027-01-05T03:00', '2027-01-11T03:00']],
  ['0 0 29 2 *', ['2028-02-29T00:00', '2032-02-29T00:00', '2036-02-29T00:00']],
  ['@hourly', ['2026-11-28T22:00', '2026-11-28T23:00', '2026-11-29T00:00']],
  ['@Weekly', ['2026-11-29T00:00', '2026-12-06T00:00', '2026-12-13T00:00']],
  ['  @yearly ', ['2027-01-01T00:00', '2028-01-01T00:00', '2029-01-01T00:00']],
])('lists the next times of %s', (expression, expected) => {
  expect(timesOf(expression)).toEqual(expected);
});

test.each([
  '',
  'hourly',
  '@reboot',
  '@every 5m',
  '* * * *',
  '0 5 * * * *', // with seconds: not every program means the first field by it
  '60 * * * *',
  '5-70 * * * *',
  '1,,2 * * * *',
  '0 0 30 2 *', // never
  '0 0 L * *',
  '0 0 15W * *',
  '0 0 * * 5#2',
  '0 0 ? * 1',
])('refuses %p', (expression) => {
  expect(cronTimes(expression)).toBeNull();
});
