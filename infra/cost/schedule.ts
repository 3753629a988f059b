/**
 * Purpose: how often a month an expression of EventBridge Scheduler starts what it starts.
 * Invariants: a month is 730 hours, as on AWS's price pages; what is not understood is refused, so
 * that no run is priced at nothing.
 * Fails: a plain Error that names the expression.
 */

export const HOURS_PER_MONTH = 730;
const DAYS_PER_MONTH = HOURS_PER_MONTH / 24;
const HOURS_PER_UNIT: Readonly<Record<string, number>> = { minute: 1 / 60, hour: 1, day: 24 };

export function runsPerMonth(expression: string): number {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate !== null)
    return HOURS_PER_MONTH / (Number(rate[1]) * HOURS_PER_UNIT[rate[2] as string]!);
  const cron = /^cron\((.+)\)$/.exec(expression)?.[1]?.split(' ');
  const [minute, hour, day, month, weekday, year] = cron ?? [];
  if (cron?.length !== 6 || month !== '*' || year !== '*') throw unknown(expression);
  const times = (field: string | undefined, count: number) => timesIn(field, count, expression);
  const days =
    weekday === '?' || weekday === '*'
      ? times(day, 31) === 31
        ? DAYS_PER_MONTH
        : times(day, 31)
      : (times(weekday, 7) * DAYS_PER_MONTH) / 7;
  return times(minute, 60) * times(hour, 24) * days;
}

/** How many of `count` values a field of cron names. */
function timesIn(field: string | undefined, count: number, expression: string): number {
  if (field === '*' || field === '?') return count;
  const step = /^(?:\*|\d+)\/(\d+)$/.exec(field ?? '');
  if (step !== null) return Math.ceil(count / Number(step[1]));
  if (field !== undefined && /^(\d+|[A-Z]{3})(,(\d+|[A-Z]{3}))*$/.test(field))
    return field.split(',').length;
  const range = /^(\d+)-(\d+)$/.exec(field ?? '');
  if (range !== null) return Number(range[2]) - Number(range[1]) + 1;
  throw unknown(expression);
}

const unknown = (expression: string): Error =>
  new Error(`infra/cost cannot count the runs of the schedule ${expression}`);
