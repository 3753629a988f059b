/** Purpose: the generated types are those of this source, and the example of the client runs. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { generateTypes } from '../../../clients/typescript/generate.ts';
import { startServer } from '../../../services/inference/server.ts';
import { createFixture } from '../../fakes/inference.ts';
import { ROOT } from '../../tidy/source-tree.ts';

const CLIENT = join(ROOT, 'clients/typescript');

test('headway-api.ts is up to date (else: run `npm run client`)', async () => {
  expect(await readFile(join(CLIENT, 'headway-api.ts'), 'utf8')).toBe(await generateTypes());
});

test('the example runs against the service', async () => {
  const { options } = createFixture();
  const address = { host: '127.0.0.1', port: 0 };
  const intervals = { refreshIntervalMs: 3_600_000, closeTimeoutMs: 2000 };
  const server = await startServer({ ...options, ...address, ...intervals });
  try {
    const args = ['--import', 'tsx', join(CLIENT, 'example.ts'), server.url];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
    expect(stdout).toContain('7 series, in orders per hour');
    expect(stdout).toContain('6 forecasts streamed');
    expect(stdout).toContain('refused as expected: GET /v1/series');
  } finally {
    await server.close();
  }
});
