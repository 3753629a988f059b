/**
 * Purpose: `npm run test:chaos [-- --seconds 600 --seed 1]`: a service, a writer and a client while
 * everything around them fails: full disk, no descriptors, clock steps of a day, a store that hangs
 * or fails, signals.
 * Invariants: the events come in an order that the seed decides. At the end no acknowledged commit
 * is lost, the store verifies, no response was wrong, and every process replied or ended within its
 * limits.
 * Fails: exit status 1 with what did not hold.
 */
import { parseArgs } from 'node:util';
import { systemClock } from '../../platform/clock.ts';
import { seededRandom } from '../../platform/random.ts';
import { sleep } from '../../platform/timers.ts';
import { openFeatureStore } from '../../storage/features/feature-store.ts';
import { openOnFakeS3 } from '../fixtures/storage/s3-stores.ts';
import { SoakClient } from './client.ts';
import { demandAt, FIRST_HOURS } from './demand.ts';
import { EVENTS } from './events.ts';
import { openPlace, type Place } from './place.ts';
import { type Soaked, startService, startWriter } from './processes.ts';

/** Between two events everything must recover. */
const CALM_MS = 4000;
/** A writer that neither commits nor says why within this time hangs. */
const SILENT_MS = 45_000;

export class Soak {
  readonly client = new SoakClient();
  readonly acknowledged = new Map<number, string>();
  readonly place: Place;
  #service: (Soaked & { readonly url: string }) | null = null;
  #writer: Soaked | null = null;
  #heardAt = performance.now();

  constructor(place: Place) {
    this.place = place;
  }

  startWriter(): void {
    this.#heardAt = performance.now();
    const writer = startWriter(this.place, (line) => {
      this.#heardAt = performance.now();
      const [word = '', number = '', version = ''] = line.split(' ');
      this.client.count(word === 'ack' ? 'commits' : `commit ${line}`);
      if (word === 'ack') this.acknowledged.set(Number(number), version);
    });
    writer.child.once('exit', (status) => {
      if (this.#writer === writer) this.client.wrong.push(`the writer ended with ${status}`);
    });
    this.#writer = writer;
  }

  async stopWriter(signal: NodeJS.Signals): Promise<void> {
    const writer = this.#writer;
    this.#writer = null;
    await writer?.stop(signal);
  }

  async startService(): Promise<void> {
    const service = await startService(this.place);
    service.child.once('exit', (status) => {
      if (this.#service === service) this.client.wrong.push(`the service ended with ${status}`);
    });
    this.#service = service;
    this.client.url = service.url;
  }

  async stopService(signal: NodeJS.Signals): Promise<void> {
    const service = this.#service;
    this.client.url = null;
    this.#service = null;
    const status = await service?.stop(signal);
    if (status !== 0) this.client.wrong.push(`the service ended with ${status} after ${signal}`);
  }

  async restartService(signal: NodeJS.Signals): Promise<void> {
    await this.stopService(signal);
    await this.startService();
  }

  checkWriter(): void {
    const silentMs = performance.now() - this.#heardAt;
    if (this.#writer && silentMs > SILENT_MS) {
      this.client.wrong.push(`the writer said nothing for ${Math.round(silentMs / 1000)} s`);
      this.#heardAt = performance.now();
    }
  }
}

async function waitUntilReady({ client }: Soak): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const response = await fetch(`${client.url}/health/ready`).catch(() => null);
    await response?.text();
    if (response?.status === 200) return;
    await sleep(200);
  }
  client.wrong.push('the service was not ready a minute after everything had recovered');
}

/** What the store holds in the end. */
async function checkStore({ place, client, acknowledged }: Soak): Promise<void> {
  const store = openOnFakeS3(place.s3, place.disk, { cache: { folder: place.disk, maxBytes: 0 } });
  const features = openFeatureStore({ store, domain: 'taxi', clock: systemClock });
  const log = await features.log();
  for (const [number, version] of acknowledged)
    if (log[number - 1]?.snapshotVersion !== version) client.wrong.push(`lost: ${version}`);
  for (const { key, problem } of (await features.verify()).problems)
    client.wrong.push(`${key}: ${problem}`);
  const { columns, length } = await features.readAsOf();
  if (length !== FIRST_HOURS + log.length - 1) client.wrong.push(`${length} hours are stored`);
  for (let t = 0; t < length; t++)
    if (columns.target[t] !== demandAt(0, t)) client.wrong.push(`hour ${t}: ${columns.target[t]}`);
}

async function runEvents(soak: Soak, seconds: number, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const endsAt = performance.now() + seconds * 1000;
  while (performance.now() < endsAt) {
    const order = EVENTS.map((event) => ({ event, at: random() })).sort((a, b) => a.at - b.at);
    for (const { event } of order) {
      if (performance.now() >= endsAt) break;
      process.stdout.write(
        `${Math.round((endsAt - performance.now()) / 1000)} s left: ${event.name}\n`,
      );
      await event.run(soak);
      await sleep(CALM_MS);
      soak.checkWriter();
      soak.client.count('events');
    }
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '600' },
      seed: { type: 'string', default: '1' },
    },
  });
  const place = await openPlace();
  const soak = new Soak(place);
  const { client } = soak;
  let isRunning = true;
  try {
    soak.startWriter();
    await soak.startService();
    await waitUntilReady(soak);
    const asking = (async () => {
      for (let request = 0; isRunning; request++) {
        await client.askOnce(request);
        await sleep(20);
      }
    })();
    await runEvents(soak, Number(values.seconds), Number(values.seed));
    await waitUntilReady(soak);
    isRunning = false;
    await asking;
    await soak.stopWriter('SIGTERM');
    await soak.stopService('SIGTERM');
    await checkStore(soak);
  } catch (error) {
    client.wrong.push(String((error as Error).stack));
  } finally {
    isRunning = false;
    await soak.stopWriter('SIGKILL').catch(() => {});
    await place.close();
  }
  const { counts, slowestMs, wrong } = client;
  const result = { ...counts, slowestReplyMs: Math.round(slowestMs), smallDisk: place.isSmall };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  for (const problem of wrong.slice(0, 50)) process.stdout.write(`WRONG: ${problem}\n`);
  process.stdout.write(wrong.length === 0 ? 'All held.\n' : `${wrong.length} did not hold.\n`);
  return wrong.length === 0 ? 0 : 1;
}

process.exit(await main());
