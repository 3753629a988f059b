/**
 * Purpose: what a record of a topic is: an event with its hour, or a dead letter with the reason.
 * Invariants: the same record has the same verdict on every machine, for no clock is asked: the
 * event's time is compared with the record's own time of publication.
 * Fails: never.
 */
import type { StreamFormat } from '../../domains/domain.ts';
import type { EventRecord } from '../../platform/streams/event-log.ts';

export const HOUR_MS = 3_600_000;
/** Clocks of devices are off by minutes. */
const FUTURE_MS = 10 * 60_000;

export type DeadReason =
  /** It has no value. */
  | 'empty'
  /** Bytes that are not UTF-8 are not JSON either (RFC 8259). */
  | 'not_json'
  /** It is JSON, and no object. */
  | 'not_an_object'
  /** The domain finds no time in it. */
  | 'no_event_time'
  /** It was published later than `maxLateMs` after what it is about. */
  | 'too_late'
  /** It was published before what it is about. */
  | 'in_the_future';

export type Judged =
  | { readonly eventTime: number; readonly hour: number; readonly event: string }
  | { readonly reason: DeadReason };

// Replaced characters would be stored in place of the bytes, which nobody could recover.
const decoder = new TextDecoder('utf-8', { fatal: true });

export function judgeRecord(
  { value, published }: EventRecord,
  format: Pick<StreamFormat, 'eventTime'>,
  maxLateMs: number,
): Judged {
  if (value === null || value.length === 0) return { reason: 'empty' };
  let event: string;
  let parsed: unknown;
  try {
    event = decoder.decode(value);
    parsed = JSON.parse(event);
  } catch {
    return { reason: 'not_json' };
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return { reason: 'not_an_object' };
  const stated = format.eventTime(parsed as Record<string, unknown>);
  // A domain that parses dates may return NaN, which no entry could hold: nothing would land again.
  if (stated === null || !Number.isFinite(stated)) return { reason: 'no_event_time' };
  const eventTime = Math.floor(stated);
  if (eventTime < published - maxLateMs) return { reason: 'too_late' };
  if (eventTime > published + FUTURE_MS) return { reason: 'in_the_future' };
  return { eventTime, hour: Math.floor(eventTime / HOUR_MS) * HOUR_MS, event };
}
