/**
 * Purpose: a job in a child process reports through the log, fails with its own code, and ends when
 * aborted.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runChildJob } from '../../../platform/jobs/child-job.ts';
import { type Logger, silentLogger } from '../../../platform/telemetry/logger.ts';

let folder = '';
let entry = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-child-'));
  entry = join(folder, 'entry.mjs');
  await writeFile(
    entry,
    `const acts = {
      talk: () => {
        console.log('to standard output');
        const entry = { level: 40, time: 1, pid: 2, hostname: 'h', msg: 'careful', rows: 3 };
        console.error(JSON.stringify(entry));
        console.error('{"level": torn');
        console.error(process.argv.slice(3).join(' ') + ' ' + process.env.EXTRA);
      },
      coded: () => { console.error('SOURCE_INVALID: no such column [a.csv]'); process.exit(3); },
      locked: () => process.exit(6),
      crash: () => { throw new Error('boom'); },
      linger: () => { console.log('ready'); setInterval(() => {}, 1000); },
      stubborn: () => { process.on('SIGTERM', () => {}); console.log('ready');
        setInterval(() => {}, 1000); },
    };
    acts[process.argv[2]]();`,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A logger that records its entries, and calls back on each message. */
function recorder(onMessage: (message: string) => void = () => {}) {
  const entries: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const logger = silentLogger.child({}) as Logger;
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) {
    logger[level] = ((fields: Record<string, unknown>, message: string) => {
      entries.push({ level, fields, message });
      onMessage(message);
    }) as Logger['info'];
  }
  return { logger, entries };
}

const run = (
  act: string,
  logger: Logger = silentLogger,
  more: Partial<Parameters<typeof runChildJob>[0]> = {},
) => runChildJob({ args: [act], entry, execArgv: [], logger, ...more });

describe('runChildJob', () => {
  test('forwards lines with level and fields, and passes arguments and variables', async () => {
    const { logger, entries } = recorder();
    await run('talk', logger, { args: ['talk', '--flag', 'x'], env: { EXTRA: 'more' } });
    expect(entries).toContainEqual({
      level: 'info',
      fields: { job: 'talk x' },
      message: 'to standard output',
    });
    expect(entries).toContainEqual({
      level: 'warn',
      fields: { job: 'talk x', rows: 3 },
      message: 'careful',
    });
    expect(entries.map((each) => each.message)).toEqual(
      expect.arrayContaining(['--flag x more', '{"level": torn']),
    );
  });

  test('fails with the error code that the child printed', async () => {
    await expect(run('coded')).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
      message: '"coded" ended with exit status 3: no such column [a.csv]',
    });
    await expect(run('locked')).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS' });
    await expect(run('crash')).rejects.toMatchObject({ code: 'INTERNAL' });
  });

  test('ends an aborted child, and kills one that ignores SIGTERM', async () => {
    for (const act of ['linger', 'stubborn']) {
      const controller = new AbortController();
      const { logger } = recorder((message) => message === 'ready' && controller.abort());
      await expect(
        run(act, logger, { signal: controller.signal, killAfterMs: 50 }),
      ).rejects.toThrow('was stopped');
    }
  });

  test('starts nothing with an aborted signal', async () => {
    const { logger, entries } = recorder();
    await expect(run('talk', logger, { signal: AbortSignal.abort() })).rejects.toThrow(
      'was stopped',
    );
    expect(entries).toEqual([]);
  });
});
