/**
 * Purpose: commits one part after another to the store of the soak, until it is ended. Arguments:
 * the address of the store, a folder for its files.
 * Invariants: `ack NUMBER VERSION` is printed once a commit is acknowledged, `failed CODE` where an
 * attempt was refused. It goes on with the part after the newest one in the store.
 * Fails: ends with an error that has no code.
 */
import { systemClock } from '../../platform/clock.ts';
import { isHeadwayError } from '../../platform/errors.ts';
import { sleep } from '../../platform/timers.ts';
import { openFeatureStore } from '../../storage/features/feature-store.ts';
import { openStore } from '../../storage/open-store.ts';
import { commitObjects, makeObjects, schemaOf } from '../fixtures/storage/features.ts';
import { partOf } from './demand.ts';

const [address = '', folder = '', seconds = ''] = process.argv.slice(2);
const totalMs = Number(seconds) * 1000;
const store = openStore(address, {
  clock: systemClock,
  environment: process.env,
  cache: { folder: `${folder}/cache`, maxBytes: 1e8 },
  requestTimeoutMs: totalMs,
  idleTimeoutMs: totalMs / 3,
  retries: { totalMs },
});
const features = openFeatureStore({ store, domain: 'taxi', clock: systemClock });

for (;;) {
  try {
    const parts = (await features.head())?.number ?? 0;
    const newObjects = await makeObjects(folder, [partOf(parts)]);
    const made = await commitObjects(features, {
      reason: 'soak',
      schema: schemaOf('zero'),
      newObjects,
    });
    process.stdout.write(`ack ${made.number} ${made.snapshotVersion}\n`);
  } catch (error) {
    const isShortage = ['ENOSPC', 'EMFILE'].includes((error as { code?: string }).code ?? '');
    if (!isHeadwayError(error) && !isShortage) throw error;
    process.stdout.write(`failed ${(error as { code: string }).code}\n`);
  }
  await sleep(300);
}
