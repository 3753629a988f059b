/** Purpose: the entry handles uncaught errors, not a library. */
import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { silentLogger } from '../../../platform/telemetry/logger.ts';
import { startTensorBackend } from '../../../platform/tensorflow/tensor-backend.ts';
import { LOADER, ROOT } from '../../fixtures/cli/headway-process.ts';

const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

test('loading the WASM backend leaves the process handlers unchanged', async () => {
  const own = () => {};
  for (const event of EVENTS) process.on(event, own);
  const handlers = () => EVENTS.map((event) => process.rawListeners(event));
  const before = handlers();
  await startTensorBackend(silentLogger, 'wasm', 'prediction');
  expect(handlers()).toEqual(before);
  for (const event of EVENTS) process.off(event, own);
});

/** A process with the policy in which this is thrown; after it a timer is still to come. */
function uncaught(thrown: string, logger: string) {
  const script = `
    import { HeadwayError } from './platform/errors.ts';
    import { createLogger } from './platform/telemetry/logger.ts';
    import { handleUncaughtErrors } from './platform/jobs/uncaught-errors.ts';
    handleUncaughtErrors({ logger: ${logger}, fail: () => 70 });
    setTimeout(() => console.log('still here'), 1);
    ${thrown}`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...LOADER, '--input-type=module', '--eval', script],
    { cwd: ROOT, encoding: 'utf8' },
  );
  return { status, stdout: stdout.trim(), stderr };
}
const shortage = `void Promise.reject(Object.assign(new Error('too many'), { code: 'EMFILE' }));`;
const log = `createLogger({ level: 'error', pretty: false })`;

test.each([
  ['a service survives a lack of descriptors', shortage, log, 0, 'still here', 'too many'],
  ['a command ends for a lack of descriptors', shortage, 'null', 70, '', ''],
  ['a bug ends a service', `throw new TypeError('boom');`, log, 70, '', 'INTERNAL: boom'],
])('uncaught errors: %s', (_title, thrown, logger, status, stdout, stderr) => {
  expect(uncaught(thrown, logger)).toEqual({
    status,
    stdout,
    stderr: expect.stringContaining(stderr),
  });
});
