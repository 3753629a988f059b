/**
 * Purpose: API keys in the store: a revocation takes effect within the time that is stated, and a
 * store that is out of reach neither opens the service nor stops it.
 * Invariants: through requests alone; time is a clock that stands still.
 */
import { afterEach, expect, test } from '@jest/globals';
import { newSecret } from '../../../../platform/secrets.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { type KeyRecord, makeKey } from '../../../../services/inference/access/key.ts';
import { openApiKeys } from '../../../../services/inference/access/open-keys.ts';
import { SCOPE_NAMES } from '../../../../services/inference/access/scopes.ts';
import type { App } from '../../../../services/inference/plugins/app.ts';
import { openKeyLog } from '../../../../storage/access/key-log.ts';
import type { ObjectStore } from '../../../../storage/objects/object-store.ts';
import { createFixture, NOW } from '../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';

/** As docs/deploy.md and docs/decisions/0047 state it. */
const STATED_MS = 30_000;
const about = { name: 'x', scopes: SCOPE_NAMES, requestsPerMinute: null, expiresAt: null };
const make = () => makeKey({ ...about, createdAt: NOW }, newSecret);
const revoked = (record: KeyRecord) => ({ ...record, revokedAt: new Date(NOW).toISOString() });

let app: App;
afterEach(() => app.close());

async function served(store: ObjectStore) {
  const { build, clock } = createFixture();
  const keyLog = openKeyLog({ store, domain: 'demo' });
  const apiKeys = await openApiKeys('store', { clock, logger: silentLogger, keyLog });
  app = await build({ apiKeys });
  const ask = async (key: string) => {
    const headers = { authorization: `Bearer ${key}` };
    const response = await app.inject({ url: '/v1/model', headers });
    return response.statusCode === 200 ? 200 : response.json().code;
  };
  return { ask, clock };
}

test('revoked, new and removed keys take effect within 30 seconds', async () => {
  const store = memoryObjectStore();
  const log = openKeyLog({ store, domain: 'demo' });
  const [first, second] = [make(), make()];
  await log.publish(NOW, () => [first.record]);
  const { ask, clock } = await served(store);
  expect([await ask(first.key), await ask(second.key)]).toEqual([200, 'API_KEY_UNKNOWN']);
  await log.publish(NOW, () => [revoked(first.record), second.record]);
  clock.advance(STATED_MS);
  expect(await Promise.all([ask(first.key), ask(first.key), ask(second.key)])).toEqual([
    ...['API_KEY_REVOKED', 'API_KEY_REVOKED'],
    200,
  ]);
  await log.publish(NOW, () => []);
  clock.advance(STATED_MS);
  expect(await ask(second.key)).toBe('API_KEY_UNKNOWN');
});

test('refuses every request without a key in the store, until one is published', async () => {
  const store = memoryObjectStore();
  const { ask, clock } = await served(store);
  const { key, record } = make();
  expect(await ask(key)).toBe('API_KEY_UNKNOWN');
  expect((await app.inject('/health/live')).statusCode).toBe(200);
  await openKeyLog({ store, domain: 'demo' }).publish(NOW, () => [record]);
  clock.advance(STATED_MS);
  expect(await ask(key)).toBe(200);
});

test('responds 503 until keys were read once, later uses the last good ones', async () => {
  const store = memoryObjectStore();
  let isDown = true;
  const broken: ObjectStore = {
    ...store,
    list: async (prefix) => {
      if (isDown) throw new Error('down');
      return store.list(prefix);
    },
  };
  const { key, record } = make();
  await openKeyLog({ store, domain: 'demo' }).publish(NOW, () => [record]);
  const { ask, clock } = await served(broken);
  expect(await ask(key)).toBe('STORE_UNAVAILABLE');
  isDown = false;
  clock.advance(1000);
  expect(await ask(key)).toBe(200);
  isDown = true;
  clock.advance(STATED_MS);
  expect([await ask(key), await ask(make().key)]).toEqual([200, 'API_KEY_UNKNOWN']);
});

test('keeps the last good keys if the next set is invalid', async () => {
  const store = memoryObjectStore();
  const log = openKeyLog({ store, domain: 'demo' });
  const { key, record } = make();
  await log.publish(NOW, () => [record]);
  const { ask, clock } = await served(store);
  await log.publish(NOW, () => [{ id: 'no key' }]);
  clock.advance(STATED_MS);
  expect(await ask(key)).toBe(200);
});
