/**
 * Purpose: landers that are killed, on a real broker: trips, late and out of order, some of them
 * twice, are landed by two processes at a time that are killed again and again; the panel of the
 * stream is the panel of the file. HEADWAY_TEST_KILLS says how often (default: 10), and
 * HEADWAY_TEST_DAYS how many days of a month are published (default: 3; 31: all).
 * Invariants: a lander is killed by SIGKILL after it has appended something, at a random moment of
 * the next landing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import type { RawPart, Source } from '../../domains/domain.ts';
import { taxi } from '../../domains/taxi/definition.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentProgress } from '../../platform/progress.ts';
import { seededRandom } from '../../platform/random.ts';
import { parseKafkaAddress } from '../../platform/streams/kafka-address.ts';
import { openKafkaPublisher } from '../../platform/streams/kafka-log.ts';
import { silentLogger } from '../../platform/telemetry/logger.ts';
import { sleep } from '../../platform/timers.ts';
import { runFeatures } from '../../services/feature/run.ts';
import { openStreamSource, parseStreamSpec } from '../../services/feature/sources/stream-source.ts';
import { publishPart } from '../../services/stream/publish.ts';
import { openFeatureStore } from '../../storage/features/feature-store.ts';
import { hashPanel } from '../../storage/features/panel-hash.ts';
import { openStore } from '../../storage/open-store.ts';
import { openStreamLog } from '../../storage/streams/stream-log.ts';
import { environmentOf, LOADER, ROOT } from '../fixtures/cli/headway-process.ts';
import { sharedData } from '../fixtures/shared-data.ts';
import { skipped } from '../fixtures/skipped.ts';
import { temporaryFolder } from '../fixtures/storage/features.ts';
import { startBroker } from './broker.ts';
import { openTopic } from './kafka-topic.ts';

const KILLS = Number(process.env.HEADWAY_TEST_KILLS ?? 10);
const DAYS = Number(process.env.HEADWAY_TEST_DAYS ?? 3);
const LATENESS_MINUTES = 60;
const HOUR = 3_600_000;
const LANDERS = 2;
/** Entries for each kill: more than a lander appends before it is killed. */
const ENTRIES = 100;

const broker = await startBroker();

if ('unavailable' in broker) {
  skipped(broker.unavailable);
} else {
  afterAll(() => broker.stop());

  test(
    `the panel of a stream equals that of its file after ${KILLS} kills`,
    async () => {
      const { folder, remove } = await temporaryFolder();
      const place = await openTopic(broker.address, 3);
      const part = await monthOf(folder);
      const span = part.span as { start: number; end: number };
      const published = await publish(broker.address, place.topic, part);
      const store = openStore(join(folder, 'stream'), { clock: systemClock });
      const log = openStreamLog({ store, domain: taxi.name, topic: place.topic });

      const kills = await landKilled({
        ...{ folder, address: broker.address, topic: place.topic },
        records: Math.max(1, Math.floor(published / KILLS / ENTRIES)),
      });
      expect(kills).toBe(KILLS);

      const entries = await log.entries();
      const total = { used: 0, rejected: 0, next: 0 };
      for (const { partitions } of entries)
        for (const range of partitions) {
          const { first, next, used, rejected, markers, gaps } = range;
          expect(next - first).toBe(used + rejected + markers + gaps);
          total.used += used;
          total.rejected += rejected;
        }
      expect(total).toMatchObject({ used: published, rejected: 0 });
      expect((await log.verify()).problems).toEqual([]);

      const from = new Date(span.start).toISOString().slice(0, 13);
      const settings = `feed=${part.feed},from=${from},lateness=${LATENESS_MINUTES}`;
      const spec = `stream:${place.topic}:${settings}`;
      const source = await openStreamSource({ spec: parseStreamSpec(spec), domain: taxi, log });
      const ofStream = await panelHash(join(folder, 'stream'), source, folder);
      const file = { description: 'the file', parts: async () => [part] };
      expect(ofStream).toBe(await panelHash(join(folder, 'file'), file, folder));
      process.stderr.write(
        `${published} events, ${entries.length} entries, ${kills} kills: panel ${ofStream}\n`,
      );
      await place.close();
      await remove();
    },
    300_000 + KILLS * 15_000 + DAYS * 60_000,
  );
}

/** Green cabs of January where the evaluation data is there, else a simulated city. */
async function monthOf(folder: string): Promise<RawPart> {
  const green = sharedData('tlc-green-2023');
  const context = { rawFolder: join(folder, 'raw'), clock: systemClock };
  const quiet = { logger: silentLogger, progress: silentProgress };
  const source = await taxi.openSource(green ?? 'city:months=1,places=6', { ...context, ...quiet });
  const [part] = await source.parts();
  if (part === undefined || part.span === null) throw new Error('the source has no part');
  const { start, end } = part.span;
  const span = { start, end: Math.min(end, start + DAYS * 24 * HOUR) };
  // Rows of the other days, as far as they are not wanted by any clock.
  const open = async () => {
    const rows = await part.open();
    const local = `epoch_ms(CAST(${rows.localTime} AS TIMESTAMP))`;
    const isNear = `${local} BETWEEN ${span.start - 6 * HOUR} AND ${span.end}`;
    return { ...rows, relation: `(SELECT * FROM ${rows.relation} AS t WHERE ${isNear})` };
  };
  return { ...part, span, ...(span.end < end ? { open } : {}) };
}

/** And one event an hour and more after the month, so that its last hour closes. */
async function publish(address: string, topic: string, part: RawPart): Promise<number> {
  const publisher = await openKafkaPublisher(parseKafkaAddress(address, {}), topic);
  const format = await taxi.openStream?.();
  if (format === undefined || part.span === null) throw new Error('no stream');
  const { events } = await publishPart(part, {
    ...{ publisher, format, clock: systemClock, sleep, signal: new AbortController().signal },
    ...{ delayMs: LATENESS_MINUTES * 60_000, duplicates: 0.1, seed: 1 },
    speed: Number.POSITIVE_INFINITY,
  });
  const end = part.span.end + LATENESS_MINUTES * 60_000;
  const local = new Date(end - 5 * HOUR).toISOString().slice(0, 19).replace('T', ' ');
  const value = JSON.stringify({ lpep_pickup_datetime: local, PULocationID: 74 });
  await publisher.publish([
    { key: 'end', value, published: format.eventTime(JSON.parse(value)) ?? 0 },
  ]);
  await publisher.close();
  return events + 1;
}

interface Place {
  readonly folder: string;
  readonly address: string;
  readonly topic: string;
  /** Of one entry. */
  readonly records: number;
}

/** Two at a time until enough were killed; then one that may end. Returns the kills. */
async function landKilled(place: Place): Promise<number> {
  const random = seededRandom(20);
  let kills = 0;
  const loop = async () => {
    while (kills < KILLS) {
      const lander = startLander(place, place.records);
      const isDone = await Promise.race([lander.appended.then(() => false), lander.ended]);
      if (isDone === true || kills >= KILLS) {
        lander.kill();
        break;
      }
      await pause(random() * 1500);
      if (lander.kill() && kills < KILLS) kills++;
      await lander.ended;
    }
  };
  await Promise.all(Array.from({ length: LANDERS }, loop));
  await startLander(place, 50_000).ended;
  return kills;
}

function startLander({ folder, address, topic }: Place, records: number) {
  const limits = ['--once', '--max-records', String(records)];
  const child = spawn(
    process.execPath,
    [...LOADER, 'cli/headway.ts', 'stream', 'land', '--topic', topic, ...limits],
    {
      cwd: ROOT,
      env: {
        ...environmentOf(),
        HEADWAY_STORE: `file:${join(folder, 'stream')}`,
        HEADWAY_WORK: join(folder, 'work'),
        HEADWAY_BROKERS: address,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const appended = new Promise<void>((resolve) => {
    child.stderr.on('data', (text: Buffer) => {
      if (String(text).includes('landed')) resolve();
    });
  });
  const ended = once(child, 'close').then(() => true);
  return { appended, ended, kill: () => child.exitCode === null && child.kill('SIGKILL') };
}

async function panelHash(store: string, source: Source, folder: string): Promise<string> {
  const opened = openStore(store, { clock: systemClock });
  const features = openFeatureStore({ store: opened, domain: taxi.name, clock: systemClock });
  await runFeatures({
    ...{ domain: taxi, source, features, workFolder: join(folder, 'features') },
    ...{ clock: systemClock, logger: silentLogger, progress: silentProgress },
  });
  return hashPanel(await features.readAsOf());
}
