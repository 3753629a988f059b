/**
 * Purpose: the ETag changes with what is computed of the same model and snapshot, and not only with
 * these two: a cache that outlives an upgrade must not keep the numbers of the version before.
 * Where this fails and the new numbers are meant, raise RESPONSES in build-serving-snapshot.ts and
 * write the new hash here.
 */
import { expect, test } from '@jest/globals';
import { sha256 } from '../../../../../platform/files/content-hash.ts';
import { createFixture } from '../../../../fakes/inference.ts';

test('a number that is computed differently has another ETag', async () => {
  const app = await createFixture().build();
  const responses = await Promise.all(
    [
      '/v1/series/74/forecast?levels=80&history=3',
      '/v1/groups/all/forecast?levels=50,80&window=4h&capacity=90',
      '/v1/groups/all/decision?under=3&over=1&window=4h',
      '/v1/groups/all/paths?count=20',
    ].map((url) => app.inject(url)),
  );
  await app.close();
  expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
  const [count] = /\d+/.exec(String(responses[0]?.headers.etag)) ?? [];
  const hash = sha256(responses.map(({ body }) => body).join('\n')).slice(0, 16);
  expect([count, hash]).toEqual(['5', '0a398f0bc333fe80']);
});
