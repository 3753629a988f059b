/**
 * Purpose: publish the rows of a raw part as events of a topic: what a producer would have sent.
 * Invariants: every row with a time inside the part's span is published once, with its own fields;
 * its time of publication is its event time plus a delay below `delayMs` that only its content and
 * the seed decide. Some are published twice, if that is asked for. The same part gives the same
 * events in the same order. The signal ends it between two batches.
 * Fails: as the source, the SQL engine and the event log do.
 */
import type { RawPart, StreamFormat } from '../../domains/domain.ts';
import type { Clock } from '../../platform/clock.ts';
import { rowArraysOf, withDuckDB } from '../../platform/duckdb/duckdb.ts';
import type { EventPublisher, EventToPublish } from '../../platform/streams/event-log.ts';
import type { Sleep } from '../../platform/timers.ts';

/** Below the megabyte that brokers take in one request for one partition. */
const MAX_BATCH_BYTES = 512 << 10;
const MAX_BATCH = 2000;
const SECOND_MS = 1000;

export interface PublishOptions {
  readonly publisher: Pick<EventPublisher, 'publish'>;
  readonly format: Pick<StreamFormat, 'eventTime'>;
  /** An event is published so much after its time at most. */
  readonly delayMs: number;
  /** Share of the events that are published twice, 0 to 1. */
  readonly duplicates: number;
  readonly seed: number;
  /** Seconds of events in a second; infinite: as fast as the brokers take them. */
  readonly speed: number;
  readonly clock: Pick<Clock, 'elapsedMs'>;
  readonly sleep: Sleep;
  readonly signal: AbortSignal;
}

export interface Published {
  readonly events: number;
  /** Rows without a time inside the part's span. */
  readonly skipped: number;
}

export async function publishPart(part: RawPart, options: PublishOptions): Promise<Published> {
  const { publisher, format, speed, clock, sleep, signal } = options;
  const rows = await part.open();
  const started = clock.elapsedMs();
  let [events, skipped, waiting] = [0, 0, [] as EventToPublish[]];
  let [begin, bytes] = [null as number | null, 0];
  const flush = async () => {
    const last = waiting.at(-1)?.published ?? 0;
    begin ??= waiting[0]?.published ?? 0;
    const dueMs = (last - begin) / speed - (clock.elapsedMs() - started);
    // Rejected where the signal ends the pause.
    if (dueMs > 0) await sleep(dueMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    await publisher.publish(waiting);
    events += waiting.length;
    waiting = [];
    bytes = 0;
  };
  await withDuckDB({ threads: 2 }, async (connection) => {
    for await (const [value, key, delay] of rowArraysOf(connection, eventsSql(rows, options))) {
      if (signal.aborted) return;
      const time = format.eventTime(JSON.parse(String(value)) as Record<string, unknown>);
      if (time === null || (part.span && (time < part.span.start || time >= part.span.end))) {
        skipped++;
        continue;
      }
      const published = time + Number(delay);
      waiting.push({ key: String(key), value: String(value), published });
      bytes += Buffer.byteLength(String(value));
      const isDue = published - (waiting[0]?.published ?? 0) > SECOND_MS * speed;
      if (waiting.length >= MAX_BATCH || bytes >= MAX_BATCH_BYTES || isDue) await flush();
    }
  });
  if (waiting.length > 0 && !signal.aborted) await flush();
  return { events, skipped };
}

/** Value, key and delay of every event, in the order of their publication by local time. */
function eventsSql(
  { relation, seriesId, localTime }: Awaited<ReturnType<RawPart['open']>>,
  { delayMs, duplicates, seed }: PublishOptions,
): string {
  const least = Math.max(1, delayMs);
  const delay = (copy: number) => `(hash(value, ${seed}, ${copy}) % ${least})::BIGINT`;
  return `
    WITH rows AS (
      SELECT to_json(t)::VARCHAR AS value, CAST(${seriesId} AS VARCHAR) AS key,
        epoch_ms(CAST(${localTime} AS TIMESTAMP)) AS local
      FROM (SELECT * FROM ${relation}) AS t
    ), events AS (
      SELECT value, key, local, ${delay(1)} AS delay FROM rows
      UNION ALL
      SELECT value, key, local, ${delay(2)} AS delay FROM rows
      WHERE hash(value, ${seed}) % 10000 < ${Math.round(duplicates * 10_000)}
    )
    SELECT value, key, delay FROM events ORDER BY local + delay, value`;
}
