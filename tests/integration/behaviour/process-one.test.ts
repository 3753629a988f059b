/**
 * Purpose: a training that is process 1, as in a container, ends when it is asked to.
 * Invariants: needs a user namespace (Linux); skips with a clear line where there is none.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { SOURCE, temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import { environmentOf, headway, LOADER, ROOT } from '../../fixtures/cli/headway-process.ts';

const IN_NAMESPACE = ['--user', '--map-root-user', '--pid', '--fork'];
const isPossible = spawnSync('unshare', [...IN_NAMESPACE, 'true']).status === 0;

(isPossible ? test : test.skip)(
  'train as process 1 ends on SIGTERM (skipped where unshare makes no process namespace)',
  async () => {
    const place = await temporaryPlace();
    try {
      const env = { ...place.env, HEADWAY_LOG_LEVEL: 'info' };
      await headway(['features', 'run', '--source', SOURCE], env);
      const command = [process.execPath, ...LOADER, 'cli/headway.ts', 'train'];
      const outer = spawn('unshare', [...IN_NAMESPACE, ...command], {
        cwd: ROOT,
        env: environmentOf(env),
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const ended = once(outer, 'exit');
      await new Promise<void>((resolve) => {
        outer.stderr.on('data', (text) => /TensorFlow\.js runs/.test(String(text)) && resolve());
      });
      const { pid } = outer;
      const inner = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
      process.kill(inner, 'SIGTERM');
      const limit = setTimeout(() => process.kill(inner, 'SIGKILL'), 20_000);
      const [code] = await ended;
      clearTimeout(limit);
      // 128 + 15; after SIGKILL there would be no 143.
      expect(code).toBe(143);
    } finally {
      await place.remove();
    }
  },
);
