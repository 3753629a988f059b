/** Purpose: what a table at an address of the web is called here, and which address is refused. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { fetchTable } from '../../../../domains/sources/remote-table.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';

test('accepts a name with a per cent sign and refuses an invalid address', async () => {
  const rawFolder = await mkdtemp(join(tmpdir(), 'headway-remote-'));
  const server = createServer((_, response) => response.end('time,value\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const fetched = (url: string) => fetchTable(url, { rawFolder, logger: silentLogger });
  try {
    const path = await fetched(`${origin}/100%.csv`);
    expect(basename(path)).toBe('100_.csv');
    expect(await readFile(path, 'utf8')).toBe('time,value\n');
    expect(basename(await fetched(`${origin}/a%20b.csv`))).toBe('a_b.csv');
    await expect(fetched('http://[a?key=hidden')).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      where: 'http://[a',
    });
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(rawFolder, { recursive: true });
  }
});
