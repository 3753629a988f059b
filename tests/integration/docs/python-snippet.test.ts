/**
 * Purpose: the Python of the reference runs as it stands, with the standard library alone, against
 * the real service.
 */
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { startServer } from '../../../services/inference/server.ts';
import { createFixture, IDS } from '../../fakes/inference.ts';
import { ROOT } from '../../tidy/source-tree.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn('the Python snippet of the reference is not run: there is no python3');

(hasPython ? test : test.skip)(
  'every line of NDJSON is read, and a fallback is reported',
  async () => {
    const snippet = /```python\n([\s\S]*?)```/.exec(
      readFileSync(join(ROOT, 'docs/reference.md'), 'utf8'),
    )?.[1] as string;
    const { options } = createFixture({ champion: null });
    const server = await startServer({
      ...options,
      host: '127.0.0.1',
      port: 0,
      refreshIntervalMs: 3_600_000,
      closeTimeoutMs: 2000,
    });
    try {
      const code = snippet.replace('http://127.0.0.1:8080', server.url);
      const { stdout } = await promisify(execFile)('python3', ['-c', code], {
        env: { ...process.env, no_proxy: '*', PYTHONUTF8: '1' },
      });
      expect(stdout.match(/^fallback: NO_CHAMPION$/gm)).toHaveLength(IDS.length - 1);
      expect(stdout).toMatch(/^74 2026-03-02T00:00:00\.000Z \d+\.\d+$/m);
    } finally {
      await server.close();
    }
  },
);
