/** Purpose: a route gets a request only with a key of its scope; open routes need none. */
import { expect, test } from '@jest/globals';
import { newSecret } from '../../../../../platform/secrets.ts';
import { silentLogger } from '../../../../../platform/telemetry/logger.ts';
import { makeKey } from '../../../../../services/inference/access/key.ts';
import { formatKeys } from '../../../../../services/inference/access/key-file.ts';
import { openApiKeys } from '../../../../../services/inference/access/open-keys.ts';
import type { Scope } from '../../../../../services/inference/access/scopes.ts';
import { authentication } from '../../../../../services/inference/plugins/authentication.ts';
import { rateLimit } from '../../../../../services/inference/plugins/rate-limit.ts';
import { bareApp, clock, NOW } from '../../../../fixtures/inference/bare-app.ts';

const newKey = (scope: Scope) =>
  makeKey(
    { name: 'x', scopes: [scope], requestsPerMinute: null, createdAt: NOW, expiresAt: null },
    newSecret,
  );

test('accepts only a key with the scope of the route', async () => {
  const [reader, other] = [newKey('models:read'), newKey('metrics:read')];
  const text = formatKeys([reader.record, other.record]);
  const apiKeys = await openApiKeys(text, { clock, logger: silentLogger });
  const reasons: string[] = [];
  const app = await bareApp(async (app) => {
    await app.register(rateLimit, { requestsPerMinute: 0, apiKeys, trustProxy: 0 });
    await app.register(authentication, { apiKeys, clock, refused: (why) => reasons.push(why) });
  });
  const ask = async (key: string | null, url = '/data') => {
    const headers = key === null ? {} : { authorization: `Bearer ${key}` };
    const response = await app.inject({ url, headers });
    return [response.statusCode, response.headers['www-authenticate']];
  };
  const realm = 'Bearer realm="headway"';
  expect(await ask(null)).toEqual([401, realm]);
  expect(await ask(newKey('models:read').key)).toEqual([401, `${realm}, error="invalid_token"`]);
  expect(await ask(other.key)).toEqual([
    403,
    `${realm}, error="insufficient_scope", scope="models:read"`,
  ]);
  expect(await ask(reader.key)).toEqual([200, undefined]);
  expect(await ask(null, '/page')).toEqual([200, undefined]);
  expect(reasons).toEqual(['missing', 'unknown', 'scope']);
  await app.close();
});
