/**
 * Purpose: from the last event of an hour to its forecast over HTTP, on a real broker: what `stream
 * land --forecast` and a running service make of an hour that closes.
 * Invariants: the events are those of a simulated city; the lateness is zero, so that an hour
 * closes with the first event after it. How long it took is printed, and not judged.
 */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import type { RawPart } from '../../domains/domain.ts';
import { taxi } from '../../domains/taxi/definition.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentProgress } from '../../platform/progress.ts';
import { parseKafkaAddress } from '../../platform/streams/kafka-address.ts';
import { openKafkaPublisher } from '../../platform/streams/kafka-log.ts';
import { silentLogger } from '../../platform/telemetry/logger.ts';
import { sleep } from '../../platform/timers.ts';
import { publishPart } from '../../services/stream/publish.ts';
import { endAll, headway, startHeadway } from '../fixtures/cli/headway-process.ts';
import { skipped } from '../fixtures/skipped.ts';
import { temporaryFolder } from '../fixtures/storage/features.ts';
import { startBroker } from './broker.ts';
import { openTopic } from './kafka-topic.ts';

const HOUR = 3_600_000;
const [DAYS, HOURS] = [8, 3];

const broker = await startBroker();

if ('unavailable' in broker) {
  skipped(broker.unavailable);
} else {
  afterAll(async () => {
    await endAll();
    await broker.stop();
  });

  test('a closed hour is served without further action', async () => {
    const { folder, remove } = await temporaryFolder();
    const place = await openTopic(broker.address, 3);
    const part = await newestPart(folder);
    const end = (part.span as { end: number }).end;
    // The hour before an hour is served is closed by an event of that hour.
    const first = end - (HOURS + 1) * HOUR;
    const publish = publisherOf(broker.address, place.topic, part);
    await publish(first - DAYS * 24 * HOUR, first);
    const env = {
      HEADWAY_STORE: `file:${join(folder, 'store')}`,
      HEADWAY_WORK: join(folder, 'work'),
      HEADWAY_BROKERS: broker.address,
      HEADWAY_SOURCE: `stream:${place.topic}:lateness=0`,
      HEADWAY_REFRESH_SECONDS: '1',
      PORT: '0',
    };
    const land = ['stream', 'land', '--topic', place.topic];
    expect((await headway([...land, '--once'], env)).code).toBe(0);
    expect((await headway(['features', 'run'], env)).code).toBe(0);
    const service = startHeadway(['serve'], env);
    const [, url = ''] = await service.until(/(http:\/\/127\.0\.0\.1:\d+)/);
    const lander = startHeadway([...land, '--forecast', '--every', '2'], env);
    await cutoffReached(url, first - 2 * HOUR);

    const seconds: number[] = [];
    for (let hour = first; hour < first + HOURS * HOUR; hour += HOUR) {
      await publish(hour, hour + HOUR);
      const last = systemClock.elapsedMs();
      await cutoffReached(url, hour - HOUR);
      seconds.push((systemClock.elapsedMs() - last) / 1000);
    }
    process.stderr.write(`served after ${seconds.map((s) => s.toFixed(1)).join(', ')} s\n`);
    const forecast = await fetch(`${url}/v1/groups/all/forecast`).then((reply) => reply.json());
    expect(forecast).toMatchObject({ cutoff: new Date(first + (HOURS - 2) * HOUR).toISOString() });
    lander.kill('SIGTERM');
    expect((await lander.ended).code).toBe(0);
    service.kill('SIGTERM');
    await service.ended;
    await place.close();
    await remove();
  }, 600_000);
}

async function newestPart(folder: string): Promise<RawPart> {
  const source = await taxi.openSource('city:months=1,places=6', {
    ...{ rawFolder: join(folder, 'raw'), clock: systemClock },
    ...{ logger: silentLogger, progress: silentProgress },
  });
  const part = (await source.parts()).at(-1);
  if (part === undefined || part.span === null) throw new Error('the source has no part');
  return part;
}

/** Publishes the events of [from, until). */
function publisherOf(address: string, topic: string, part: RawPart) {
  return async (from: number, until: number): Promise<void> => {
    const { start, end } = part.span as { start: number; end: number };
    const span = { start: Math.max(start, from), end: Math.min(end, until) };
    const publisher = await openKafkaPublisher(parseKafkaAddress(address, {}), topic);
    const format = await taxi.openStream?.();
    if (format === undefined) throw new Error('no stream');
    await publishPart(
      { ...part, span },
      {
        ...{ publisher, format, clock: systemClock, sleep, signal: new AbortController().signal },
        ...{ delayMs: 0, duplicates: 0, seed: 1, speed: Number.POSITIVE_INFINITY },
      },
    );
    await publisher.close();
  };
}

/** Until the service forecasts from this hour on. */
async function cutoffReached(url: string, cutoff: number): Promise<void> {
  for (;;) {
    const reply = await fetch(`${url}/v1/groups/all/forecast`).catch(() => null);
    const body = reply?.ok ? ((await reply.json()) as { cutoff: string }) : null;
    if (body !== null && Date.parse(body.cutoff) >= cutoff) return;
    await pause(100);
  }
}
