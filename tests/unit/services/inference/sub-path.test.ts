/**
 * Purpose: under a sub-path of a reverse proxy the page, its files, the documentation and the
 * description work, whether the proxy cuts the path off or not.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type InferenceServer, startServer } from '../../../../services/inference/server.ts';
import { createFixture } from '../../../fakes/inference.ts';
import { prefixProxy } from '../../../fixtures/inference/prefix-proxy.ts';
import { walkPage } from '../../../fixtures/inference/walk-page.ts';

const PREFIX = '/tools/headway';
let server: InferenceServer;
beforeAll(async () => {
  const { options } = createFixture();
  server = await startServer({
    ...options,
    settings: { ...options.settings, urlPrefix: PREFIX },
    ...{ host: '127.0.0.1', port: 0, refreshIntervalMs: 60_000, closeTimeoutMs: 2000 },
  });
});
afterAll(() => server.close());

test.each([true, false])(
  'serves the page below a prefix; the proxy strips it: %s',
  async (strips) => {
    const proxy = await prefixProxy(server.port, PREFIX, strips);
    const base = `${proxy.url}${PREFIX}/`;
    const found = await walkPage(base);
    expect(found).toEqual(expect.arrayContaining([`${base}dashboard/page.js`, `${base}docs/`]));
    const docs = await fetch(`${base}docs`);
    expect(await docs.text()).toContain(`${PREFIX}/docs/static/`);
    const { servers } = (await (await fetch(`${base}openapi.json`)).json()) as {
      servers: object[];
    };
    expect(servers).toMatchObject([{ url: PREFIX }]);
    expect((await fetch(`${base}v1/series/74/forecast`)).status).toBe(200);
    if (!strips) {
      const bare = await fetch(base.slice(0, -1), { redirect: 'manual' });
      expect([bare.status, bare.headers.get('location')]).toEqual([308, `${PREFIX}/`]);
      expect((await fetch(`${proxy.url}${PREFIX}x/v1/model`)).status).toBe(404);
    }
    await proxy.close();
  },
);
