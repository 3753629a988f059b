/**
 * Purpose: the service behind nginx, as docs/reference.md sets it up: under a sub-path, with the
 * prefix cut off or passed on. Skipped where there is no nginx.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type InferenceServer, startServer } from '../../../services/inference/server.ts';
import { createFixture } from '../../fakes/inference.ts';
import { walkPage } from '../../fixtures/inference/walk-page.ts';
import { temporaryFolder } from '../../fixtures/storage/features.ts';

const hasNginx = spawnSync('nginx', ['-v']).status === 0;
const PREFIX = '/headway';
const XFF = 'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;';
let server: InferenceServer;
let nginx: ChildProcess;
let url: string;
let remove: () => Promise<void>;

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

beforeAll(async () => {
  if (!hasNginx) {
    process.stderr.write('skipped: there is no nginx\n');
    return;
  }
  const { options } = createFixture();
  server = await startServer({
    ...options,
    settings: { ...options.settings, urlPrefix: PREFIX, trustProxy: 1, rateLimitPerMinute: 1000 },
    ...{ host: '127.0.0.1', port: 0, refreshIntervalMs: 60_000, closeTimeoutMs: 2000 },
  });
  const temporary = await temporaryFolder();
  ({ remove } = temporary);
  const { folder } = temporary;
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/pid; error_log stderr; events {}
     http { access_log off; ${paths.join(' ')}
       server { listen 127.0.0.1:${port};
         location ${PREFIX}/ { proxy_pass http://127.0.0.1:${server.port}/; ${XFF} }
       }
       server { listen 127.0.0.1:${port}; server_name whole;
         location ${PREFIX} { proxy_pass http://127.0.0.1:${server.port}; ${XFF} }
       }
     }`,
  );
  nginx = spawn('nginx', ['-p', folder, '-c', 'nginx.conf'], { stdio: 'ignore' });
  for (let tries = 0; tries < 100; tries++) {
    if (
      await fetch(url).then(
        () => true,
        () => false,
      )
    )
      break;
    await pause(50);
  }
});
afterAll(async () => {
  if (!hasNginx) return;
  const ended = new Promise((resolve) => nginx.once('exit', resolve));
  nginx.kill('SIGTERM');
  await ended;
  await server.close();
  await remove();
});

test('serves the page and all its files below the sub-path', async () => {
  if (!hasNginx) return;
  const base = `${url}${PREFIX}/`;
  const found = await walkPage(base);
  expect(found).toEqual(expect.arrayContaining([`${base}dashboard/page.js`, `${base}docs/`]));
  const { servers } = (await (await fetch(`${base}openapi.json`)).json()) as { servers: object[] };
  expect(servers).toMatchObject([{ url: PREFIX }]);
  // Without the slash nginx redirects by itself.
  expect((await fetch(`${url}${PREFIX}`)).url).toBe(base);
});

test('responds behind a proxy that forwards the full path', async () => {
  if (!hasNginx) return;
  const { request } = await import('node:http');
  const status = (path: string) =>
    new Promise<number | undefined>((resolve, reject) =>
      request(`${url}${path}`, { headers: { host: 'whole' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end(),
    );
  expect(await status(`${PREFIX}/v1/series/74/forecast`)).toBe(200);
  expect(await status(`${PREFIX}`)).toBe(308);
});
