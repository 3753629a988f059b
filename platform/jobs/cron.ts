/**
 * Purpose: the times of a cron expression, in UTC.
 * Invariants: five fields as in crontab(5): where both day fields are restricted, a day matches
 * that fits either. @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually are the
 * usual short forms. Fields of seconds and the marks ? L W # are refused, because programs do not
 * agree on them. node-cron parses the fields; its own timer requires a day to fit both.
 * Fails: never; a text that is not an expression, or never happens, is null.
 */
import cron from 'node-cron';

export interface CronTimes {
  /** The first time after `after`, UTC epoch milliseconds. */
  next(after: number): number;
}

export const CRON_FORMS =
  'a cron expression of five fields (minute hour day month weekday), or @hourly, @daily, @weekly, ' +
  '@monthly, @yearly';

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;
/** From one 29 February to the next there are eight years at most. */
const MAX_DAYS = 366 * 8;

const SHORT_FORMS: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

export function cronTimes(expression: string): CronTimes | null {
  const text = expression.trim().toLowerCase();
  const fields = (SHORT_FORMS[text] ?? text).split(/\s+/);
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string];
  if (fields.length !== 5 || fields.some((field) => !/^[a-z0-9*/,-]+$/.test(field))) return null;
  const times = parsed(`${minute} ${hour} * * *`);
  // Apart, because a day that no month has is allowed where a weekday may match.
  const days = parsed(`0 0 ${day} * *`);
  const months = parsed(`0 0 * ${month} ${weekday}`);
  if (times === null || days === null || months === null) return null;
  const isOfMonth = (date: Date) => days.dayOfMonth.includes(date.getUTCDate());
  const isOfWeek = (date: Date) => months.dayOfWeek.includes(date.getUTCDay());
  const isEither = !day.startsWith('*') && !weekday.startsWith('*');
  const matches = (date: Date) =>
    months.month.includes(date.getUTCMonth() + 1) &&
    (isEither ? isOfMonth(date) || isOfWeek(date) : isOfMonth(date) && isOfWeek(date));
  const ofDay = times.hour
    .flatMap((h) => times.minute.map((m) => (h * 60 + m) * MINUTE_MS))
    .sort((a, b) => a - b);

  const next = (after: number): number => {
    const first = Math.floor(after / MINUTE_MS + 1) * MINUTE_MS;
    const today = Math.floor(first / DAY_MS) * DAY_MS;
    for (let n = 0; n <= MAX_DAYS; n++) {
      const start = today + n * DAY_MS;
      const time = ofDay.find((offset) => start + offset >= first);
      if (time !== undefined && matches(new Date(start))) return start + time;
    }
    return Number.POSITIVE_INFINITY;
  };
  return next(0) === Number.POSITIVE_INFINITY ? null : { next };
}

function parsed(expression: string) {
  const { valid, fields } = cron.validateDetailed(expression);
  // The marks L and W come back as text.
  const days = [...(fields?.dayOfMonth ?? []), ...(fields?.dayOfWeek ?? [])];
  return valid && fields && days.every((one) => typeof one === 'number') ? fields : null;
}
