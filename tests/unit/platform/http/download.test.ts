/** Purpose: a download that is larger than it may be is stopped, also where no length is announced. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createHttpClient } from '../../../../platform/http/client.ts';
import { download } from '../../../../platform/http/download.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { tripServer } from '../../../fakes/trip-server.ts';
import { temporaryFolder } from '../../../fixtures/storage/features.ts';

test.each([
  ['announced', { body: Buffer.alloc(2000), length: 2000 }],
  ['not announced', { body: Buffer.alloc(2000) }],
])('refuses more bytes than the limit (%s) once, and leaves no file', async (_name, fault) => {
  const { folder, remove } = await temporaryFolder();
  const server = await tripServer();
  server.faults.push(fault);
  const client = createHttpClient({ logger: silentLogger, retries: 3, firstDelayMs: 1 });
  const checks = { maxBytes: 1000, isSound: async () => true };
  await expect(download(client, `${server.url}/x`, join(folder, 'x'), checks)).rejects.toThrow(
    'larger than 1000 bytes',
  );
  expect(server.requests).toHaveLength(1);
  expect(await readdir(folder)).toEqual([]);
  await server.close();
  await remove();
});
