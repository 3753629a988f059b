/**
 * Purpose: trips as events of a stream: each a JSON object with the fields of a trip file under
 * their published names.
 * Invariants: an event has the same meaning as the row of a file with the same fields: the same
 * rules read, reject and compare both.
 * Fails: never; an event without a local pick-up time has no event time.
 */
import { Temporal } from 'temporal-polyfill';
import type { RawRows, StreamFormat } from '../domain.ts';
import { TIME_ZONE } from './names.ts';
import { type TripSpan, tripRows } from './trip-files.ts';

const PICKUP = ['lpep_pickup_datetime', 'tpep_pickup_datetime', 'pickup_datetime'];
const DROPOFF = ['lpep_dropoff_datetime', 'tpep_dropoff_datetime', 'dropoff_datetime'];
const PLAIN = [
  ...['VendorID', 'PULocationID', 'DOLocationID', 'passenger_count', 'trip_distance'],
  ...['fare_amount', 'total_amount', 'payment_type'],
];

const LOCAL = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}):([0-5]\d):([0-5]\d)(?:\.\d+)?$/;
/** Hours whose start in UTC is remembered: more than a year. */
const MAX_HOURS = 10_000;

export function tripEvents(): StreamFormat {
  const hours = new Map<string, number>();

  function startOf(day: string, hour: string): number | null {
    const text = `${day}T${hour}:00`;
    const known = hours.get(text);
    if (known !== undefined) return known;
    try {
      const start = Temporal.PlainDateTime.from(text, { overflow: 'reject' });
      const instant = start.toZonedDateTime(TIME_ZONE).epochMilliseconds;
      if (hours.size === MAX_HOURS) hours.clear();
      hours.set(text, instant);
      return instant;
    } catch {
      return null;
    }
  }

  return {
    eventTime(event) {
      const text = PICKUP.map((name) => event[name]).find((value) => typeof value === 'string');
      const [, day, hour, minute, second] = LOCAL.exec((text as string | undefined) ?? '') ?? [];
      if (day === undefined) return null;
      const start = startOf(day, hour as string);
      return start === null ? null : start + 60_000 * Number(minute) + 1000 * Number(second);
    },
    rows: rowsOf,
  };
}

function rowsOf(events: string, span: TripSpan): RawRows {
  const fields = [...PICKUP, ...DROPOFF, ...PLAIN];
  const types = JSON.stringify(Object.fromEntries(fields.map((name) => [name, 'VARCHAR'])));
  const first = (names: readonly string[]) =>
    `coalesce(${names.map((name) => `e.${name}`).join(', ')})`;
  const selected = [
    `${first(PICKUP)} AS pickup_datetime`,
    `${first(DROPOFF)} AS dropoff_datetime`,
    ...PLAIN.map((name) => `e.${name}`),
  ];
  const relation =
    `(SELECT ${selected.join(', ')} ` +
    `FROM (SELECT json_transform(event, '${types}') AS e FROM ${events}))`;
  const columns = ['pickup_datetime', 'dropoff_datetime', ...PLAIN].map((name) => ({
    ...{ name, type: 'VARCHAR' },
  }));
  return { ...tripRows({ path: 'stream', relation, columns, span }), mayBeUnusable: true };
}
