/**
 * Purpose: how fast a topic is landed: JSON trips on a real broker, one process.
 *   HEADWAY_BROKERS=kafka://127.0.0.1:9092 npm run bench:landing [-- --events 1000000]
 * Invariants: the events are a function of their number; the topic is new and is left behind for
 * whoever wants to look; publishing is not part of what is measured. CPU time is that of this
 * process: on a busy machine it says more than the clock.
 * Fails: as the brokers do; a plain Error where fewer events were landed than published.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { taxi } from '../../domains/taxi/definition.ts';
import { systemClock } from '../../platform/clock.ts';
import type { EventLog } from '../../platform/streams/event-log.ts';
import { parseKafkaAddress } from '../../platform/streams/kafka-address.ts';
import { openKafkaLog, openKafkaPublisher } from '../../platform/streams/kafka-log.ts';
import { land } from '../../services/stream/land.ts';
import { openStore } from '../../storage/open-store.ts';
import { openStreamLog } from '../../storage/streams/stream-log.ts';

const PARTITIONS = 3;
const BATCH = 2000;
const START = Date.UTC(2026, 0, 5, 17);

function eventOf(number: number) {
  const published = START + number * 20;
  const local = new Date(published - 5 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  const value = {
    ...{ VendorID: 1 + (number % 2), lpep_pickup_datetime: local, lpep_dropoff_datetime: local },
    ...{ store_and_fwd_flag: 'N', RatecodeID: 1, PULocationID: 1 + (number % 263) },
    ...{ DOLocationID: 1 + (number % 97), passenger_count: 1, trip_distance: 2.5 },
    ...{ fare_amount: 12.5, extra: 1, mta_tax: 0.5, tip_amount: 0, tolls_amount: 0 },
    ...{ improvement_surcharge: 1, total_amount: 15 + number / 1e6, payment_type: 1 },
  };
  return { key: String(number % 263), value: JSON.stringify(value), published };
}

async function publish(address: string, topic: string, events: number): Promise<void> {
  const publisher = await openKafkaPublisher(parseKafkaAddress(address, {}), topic);
  await publisher.prepare(PARTITIONS);
  for (let from = 0; from < events; from += BATCH) {
    const length = Math.min(BATCH, events - from);
    await publisher.publish(Array.from({ length }, (_, i) => eventOf(from + i)));
  }
  await publisher.close();
}

async function landAll(events: EventLog, topic: string, folder: string) {
  const store = openStore(join(folder, 'store'), { clock: systemClock });
  const format = await taxi.openStream?.();
  if (format === undefined) throw new Error('the domain reads no stream');
  const log = openStreamLog({ store, domain: taxi.name, topic });
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  let [used, entries, peak] = [0, 0, 0];
  for (;;) {
    const landing = await land({
      ...{ topic, events, log, format, accept: null, clock: systemClock },
      ...{ maxLateMs: 744 * 3_600_000, maxRecords: 200_000, workFolder: folder },
    });
    if (landing.outcome === 'nothing') break;
    if (landing.outcome !== 'landed') continue;
    entries++;
    for (const range of landing.entry.partitions) used += range.used;
    peak = Math.max(peak, process.memoryUsage().rss);
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    ...{ used, entries, seconds: (performance.now() - started) / 1000 },
    ...{ cpuSeconds: (user + system) / 1e6, peakMb: peak / 1e6 },
  };
}

async function bench(flags: { events: string }): Promise<void> {
  const address = process.env.HEADWAY_BROKERS ?? '';
  const topic = `bench-${process.pid}`;
  const count = Number(flags.events);
  await publish(address, topic, count);
  const folder = await mkdtemp(join(tmpdir(), 'headway-bench-'));
  const events = await openKafkaLog(parseKafkaAddress(address, {}), topic);
  try {
    const found = await landAll(events, topic, folder);
    if (found.used !== count) throw new Error(`${found.used} of ${count} events were landed`);
    const { entries, seconds, cpuSeconds, peakMb } = found;
    const rate = (time: number) => `${Math.round(count / time).toLocaleString('en')} events/s`;
    process.stdout.write(
      `${count} events of ${eventOf(0).value.length} bytes in ${entries} entries: ` +
        `${rate(seconds)} by the clock (${seconds.toFixed(1)} s, ` +
        `load ${loadavg()[0]?.toFixed(1)}), ` +
        `${rate(cpuSeconds)} by CPU time (${cpuSeconds.toFixed(1)} s), ` +
        `${Math.round(peakMb)} MB\n`,
    );
  } finally {
    await events.close();
    await rm(folder, { recursive: true, force: true });
  }
}

await new Command('bench:landing')
  .option('--events <count>', 'events to publish and land', '1000000')
  .action(bench)
  .parseAsync();
