/**
 * Purpose: `headway stream replay`: publish a raw part of a source to a topic.
 * Invariants: as services/stream/publish.ts. A topic that is absent is created, and keeps its
 * events: their times of publication may be years ago.
 * Fails: as raw-part.ts, the source and the brokers do.
 */
import { openKafkaPublisher } from '../../../platform/streams/kafka-log.ts';
import { sleep } from '../../../platform/timers.ts';
import { streamFormatOf } from '../../../services/feature/sources/stream-source.ts';
import { publishPart } from '../../../services/stream/publish.ts';
import type { CommandContext } from '../../context.ts';
import { partOf } from '../../raw-part.ts';
import { stopOf } from '../../stop.ts';
import { brokersOf } from './brokers.ts';

export interface ReplayFlags {
  readonly topic: string;
  readonly part?: string;
  readonly partitions?: number;
  readonly speed?: number;
  readonly delay?: number;
  readonly duplicates?: number;
}

const DEFAULT_PARTITIONS = 3;

export async function replayCommand(context: CommandContext, flags: ReplayFlags): Promise<void> {
  const { domain, settings, clock } = context;
  const format = await streamFormatOf(domain);
  const part = await partOf(context, flags.part);
  const publisher = await openKafkaPublisher(brokersOf(context), flags.topic);
  const stop = stopOf(context);
  const started = clock.elapsedMs();
  try {
    await publisher.prepare(flags.partitions ?? DEFAULT_PARTITIONS);
    const { events, skipped } = await publishPart(part, {
      ...{ publisher, format, clock, sleep, signal: stop.signal, seed: settings.seed },
      ...{ delayMs: (flags.delay ?? 0) * 60_000, duplicates: flags.duplicates ?? 0 },
      speed: flags.speed ?? Number.POSITIVE_INFINITY,
    });
    const seconds = (clock.elapsedMs() - started) / 1000;
    context.print(
      `${events} events of ${part.name} published to ${flags.topic} in ${seconds.toFixed(1)} s; ` +
        `${skipped} rows are outside its span and were not published.`,
    );
    context.printJson({ part: part.name, events, skipped, seconds });
  } finally {
    stop.forget();
    await publisher.close();
  }
}
