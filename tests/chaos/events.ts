/**
 * Purpose: what goes wrong in the soak, one event after another.
 * Invariants: an event ends what it began. The clock of a day ahead is seen by readers only: a
 * commit would be stamped in the future, which the store then refuses to pass (CLOCK_BEHIND).
 */
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { sleep } from '../../platform/timers.ts';
import { randomFaults } from '../fixtures/storage/s3-stores.ts';
import type { Soak } from './soak.ts';

const DAY_MS = 86_400_000;
const HOLD_MS = 5000;
const CLIENTS = 400;

export interface ChaosEvent {
  readonly name: string;
  run(soak: Soak): Promise<void>;
}

const withFault =
  (fault: Soak['place']['s3']['fault']) =>
  async ({ place }: Soak) => {
    place.s3.fault = fault;
    await sleep(HOLD_MS);
    place.s3.fault = () => undefined;
  };

export const EVENTS: readonly ChaosEvent[] = [
  { name: 'the store hangs', run: withFault(() => ({ kind: 'hang' })) },
  { name: 'the store fails at random', run: withFault(randomFaults(7, 0.3)) },
  {
    name: 'the store is full',
    run: withFault(({ method }) =>
      method === 'PUT' || method === 'POST'
        ? { kind: 'status', status: 507, code: 'InsufficientStorage' }
        : undefined,
    ),
  },
  {
    name: 'the disk is full',
    async run({ place }) {
      if (!place.isSmall) return;
      const filler = join(place.disk, 'filler');
      try {
        writeFileSync(filler, Buffer.alloc(1 << 30));
      } catch {
        // full, as wanted
      }
      await sleep(HOLD_MS);
      rmSync(filler, { force: true });
    },
  },
  {
    name: 'the clock is a day behind',
    async run({ place }) {
      place.setClock(-DAY_MS);
      await sleep(HOLD_MS);
      place.setClock(0);
    },
  },
  {
    name: 'the clock is a day ahead',
    async run(soak) {
      await soak.stopWriter('SIGTERM');
      soak.place.setClock(DAY_MS);
      await sleep(HOLD_MS);
      soak.place.setClock(0);
      soak.startWriter();
    },
  },
  {
    name: 'no descriptor is left',
    async run({ client }) {
      if (client.url === null) return;
      const { port } = new URL(client.url);
      client.mayBeClosed = true;
      const sockets = Array.from({ length: CLIENTS }, () =>
        connect(Number(port), '127.0.0.1').on('error', () => {}),
      );
      await sleep(HOLD_MS);
      for (const socket of sockets) socket.destroy();
      await sleep(1000);
      client.mayBeClosed = false;
    },
  },
  { name: 'SIGTERM to the service', run: (soak) => soak.restartService('SIGTERM') },
  {
    name: 'SIGTERM to the service while the store hangs',
    async run(soak) {
      soak.place.s3.fault = () => ({ kind: 'hang' });
      await sleep(2000);
      const restarted = soak.restartService('SIGTERM');
      await sleep(HOLD_MS);
      soak.place.s3.fault = () => undefined;
      await restarted;
    },
  },
  {
    name: 'the writer is killed',
    async run(soak) {
      await soak.stopWriter('SIGKILL');
      soak.startWriter();
    },
  },
];
