/** Purpose: what the command line says of itself, and how it answers what it does not know. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { buildProgram } from '../../../cli/main.ts';
import { type CliWorker, cliWorker } from '../../fixtures/cli/cli-worker.ts';
import { endAll, headway } from '../../fixtures/cli/headway-process.ts';

let warm: CliWorker;
beforeAll(() => {
  warm = cliWorker();
});
afterAll(() => warm.close());
afterEach(endAll);

/** Every command with its words: [['features', 'run'], …]. */
const commandsOf = (command: Command, words: string[] = []): [string, string[], Command][] =>
  command.commands.flatMap((child): [string, string[], Command][] => {
    const own = [...words, child.name()];
    return child.commands.length > 0 ? commandsOf(child, own) : [[own.join(' '), own, child]];
  });
const commands = commandsOf(buildProgram({}));

test('there are the commands that the documents name', () => {
  expect(commands.map(([name]) => name).sort()).toEqual([
    'backtest',
    'config',
    'explain',
    'features quarantine list',
    'features quarantine show',
    'features run',
    'features sql',
    'forecast',
    'keys create',
    'keys list',
    'keys revoke',
    'keys rotate',
    'models list',
    'models promote',
    'models rollback',
    'models show',
    'panel export',
    'schedule',
    'serve',
    'start',
    'store compact',
    'store diff',
    'store gc',
    'store log',
    'store repair-clock',
    'store verify',
    'train',
    'tune',
  ]);
});

describe('--help', () => {
  test.each(commands)(
    '%s names its flags, and each says what it is for',
    async (_name, words, command) => {
      const { code, stdout, stderr } = await warm.run([...words, '--help']);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`Usage: headway ${words.join(' ')}`);
      expect(stdout).toContain(command.description().slice(0, 40));
      for (const { long, description } of command.options) {
        expect(stdout).toContain(long);
        if (long !== '--log-level') expect(description).not.toBe('');
      }
      for (const flag of ['--store', '--domain', '--work', '--log-level', '--json'])
        expect(stdout).toContain(flag);
    },
  );

  test('headway itself lists the commands, on standard output and with success', async () => {
    const { code, stdout, stderr } = await headway(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const [name] of commands) expect(stdout).toContain(name.split(' ')[0]);
  });

  test('without a command: the same on standard error, as a mistake', async () => {
    const { code, stdout, stderr } = await warm.run([]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: headway');
    expect(await warm.run(['models'])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('what it does not know is USAGE and exit status 2', () => {
  test.each([
    ['a command', ['frobnicate'], "unknown command 'frobnicate'"],
    ['a command that is nearly one', ['trian'], 'Did you mean train?'],
    ['a subcommand', ['models', 'burn'], "unknown command 'burn'"],
    ['a flag', ['train', '--speed', '9'], "unknown option '--speed'"],
    ['a flag that is nearly one', ['train', '--step', '9'], 'Did you mean --steps?'],
    ['a flag without its value', ['train', '--steps'], 'argument missing'],
    ['a value that is no number', ['train', '--steps', 'many'], 'whole number above 0'],
    ['a number below 1', ['train', '--test-days', '0'], 'whole number above 0'],
    ['no candidate at all', ['tune', '--candidates', '0'], 'whole number above 0'],
    ['a missing series', ['explain'], "required option '--series <id>' not specified"],
    ['half a step', ['forecast', '--horizon', '1.5'], 'whole number above 0'],
    ['a missing operand', ['models', 'promote'], "missing required argument 'modelVersion'"],
    ['an operand too many', ['train', 'now'], 'too many arguments'],
    ['a log level', ['train', '--log-level', 'loud'], 'Allowed choices are'],
    ['a job', ['schedule', '--only', 'lunch'], 'Allowed choices are'],
    ['a timestamp', ['panel', 'export', '--cutoff', 'yesterday'], '"yesterday" is not a timestamp'],
    [
      'a day that does not exist',
      ['panel', 'export', '--known-at', '2023-02-31'],
      'is not a timestamp',
    ],
  ])('%s', async (_title, args, text) => {
    const { code, stdout, stderr } = await warm.run(args);
    expect(stderr).toContain(text);
    expect(stderr).toMatch(/^USAGE: /);
    expect([code, stdout]).toEqual([2, '']);
  });

  test('also in a process of its own', async () => {
    expect(await headway(['train', '--speed', '9'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^USAGE: unknown option '--speed'/),
    });
  });
});
