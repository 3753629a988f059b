/**
 * Purpose: `headway stream land`: land a topic, again and again until it is stopped.
 * Invariants: a signal ends it between two landings; one that kills it loses no event. Offsets in
 * the cluster are set after the entry, and are never read. With --forecast the job `features` runs
 * as soon as an hour has closed, next to the landing.
 * Fails: as services/stream/land.ts; USAGE for --forecast where the source is another. With --once
 * brokers that do not respond are an error; without it they are a warning, and it tries again.
 */
import { join } from 'node:path';
import { describeError, isHeadwayError } from '../../../platform/errors.ts';
import { createHttpClient } from '../../../platform/http/client.ts';
import type { EventLog } from '../../../platform/streams/event-log.ts';
import { openKafkaLog } from '../../../platform/streams/kafka-log.ts';
import { parseRegistryAddress, registryLog } from '../../../platform/streams/schema-registry.ts';
import { sleep } from '../../../platform/timers.ts';
import { HOUR_MS } from '../../../services/feature/sources/stream-hours.ts';
import { streamFormatOf } from '../../../services/feature/sources/stream-source.ts';
import { type Landing, type LandOptions, land, nextStep } from '../../../services/stream/land.ts';
import type { Accepted, StreamEntry } from '../../../storage/streams/stream-log.ts';
import type { CommandContext } from '../../context.ts';
import { stopOf } from '../../stop.ts';
import { brokersOf } from './brokers.ts';
import { closedHoursOf } from './closed-hours.ts';

export interface LandFlags {
  readonly topic: string;
  readonly once?: boolean;
  readonly every?: number;
  readonly maxLate?: number;
  readonly maxRecords?: number;
  readonly mirrorGroup?: string;
  readonly accept?: Accepted;
  readonly registry?: string;
  readonly forecast?: boolean;
}

const DEFAULTS = { every: 10, maxLate: 744, maxRecords: 200_000 };

export async function landCommand(context: CommandContext, flags: LandFlags): Promise<void> {
  const { domain, settings, clock, logger } = context;
  const { every, maxLate, maxRecords } = { ...DEFAULTS, ...flags };
  const events = await openKafkaLog(brokersOf(context), flags.topic);
  const decoded = withRegistry(context, events, flags.registry);
  const stop = stopOf(context);
  const started = clock.elapsedMs();
  const total = { entries: 0, used: 0, rejected: 0 };
  const log = await context.stream(flags.topic);
  const closed = flags.forecast === true ? closedHoursOf(context, flags.topic, stop.signal) : null;
  const options: LandOptions = {
    ...{ topic: flags.topic, events: decoded, maxRecords, maxLateMs: maxLate * HOUR_MS },
    ...{ log, format: await streamFormatOf(domain) },
    ...{ accept: flags.accept ?? null, clock },
    workFolder: join(settings.work, 'streams', domain.name),
  };
  try {
    const head = await log.head();
    if (head !== null) closed?.notice(head);
    while (!stop.signal.aborted) {
      closed?.retry();
      const landing = await landed(context, options, flags.once === true);
      if (landing?.outcome === 'landed') {
        report(context, landing.entry, total);
        if (flags.mirrorGroup !== undefined)
          await mirror(context, events, flags.mirrorGroup, landing.entry);
        closed?.notice(landing.entry);
      }
      const next = nextStep(landing, flags.once === true);
      if (next === 'end') break;
      if (next === 'wait') await sleep(every * 1000, stop.signal).catch(() => undefined);
    }
    await closed?.settled();
  } finally {
    stop.forget();
    await events.close().catch((error) => logger.debug({ error: describeError(error) }, 'close'));
  }
  const seconds = (clock.elapsedMs() - started) / 1000;
  context.print(
    `${total.used + total.rejected} records landed in ${total.entries} entries, ` +
      `${total.rejected} of them dead letters, in ${seconds.toFixed(1)} s.`,
  );
  context.printJson({ ...total, seconds });
}

function withRegistry({ environment, logger }: CommandContext, events: EventLog, url?: string) {
  if (url === undefined) return events;
  return registryLog(events, parseRegistryAddress(url, environment), createHttpClient({ logger }));
}

/** Null where the brokers do not respond and it tries again later. */
async function landed(
  { logger }: CommandContext,
  options: LandOptions,
  isOnce: boolean,
): Promise<Landing | null> {
  try {
    return await land(options);
  } catch (error) {
    if (isOnce || !isHeadwayError(error, 'STREAM_UNAVAILABLE')) throw error;
    logger.warn({ error: describeError(error) }, 'nothing could be landed; trying again');
    return null;
  }
}

function report(
  { logger }: CommandContext,
  { number, partitions, reasons, accepted }: StreamEntry,
  total: { entries: number; used: number; rejected: number },
): void {
  const sum = (name: 'used' | 'rejected' | 'markers' | 'gaps' | 'lost') =>
    partitions.reduce((all, range) => all + range[name], 0);
  const counts = { used: sum('used'), rejected: sum('rejected'), lost: sum('lost') };
  total.entries++;
  total.used += counts.used;
  total.rejected += counts.rejected;
  const line = { entry: number, ...counts, markers: sum('markers'), gaps: sum('gaps'), reasons };
  if (counts.lost > 0 || counts.rejected > 0 || accepted !== null)
    logger.warn({ ...line, accepted }, 'landed, but some records are not events');
  else logger.info(line, 'landed');
}

/** For people who watch lag. If it fails, landing continues. */
async function mirror(
  { logger }: CommandContext,
  events: EventLog,
  group: string,
  { partitions }: StreamEntry,
): Promise<void> {
  const next = partitions.map((range) => range.next);
  await events.mirror(group, next).catch((error: unknown) => {
    logger.warn({ group, error: describeError(error) }, 'the offsets of the group were not set');
  });
}
