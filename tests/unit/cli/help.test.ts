/** Purpose: the help of every command, and the error for arguments that a command does not have. */
import { afterEach, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { buildProgram } from '../../../cli/main.ts';
import { endAll, headway } from '../../fixtures/cli/headway-process.ts';
import { runCommand } from '../../fixtures/cli/run-command.ts';

afterEach(endAll);

/** Every command with its words: ['features', 'run'], …. */
const commandsOf = (command: Command, words: string[] = []): [string[], Command][] =>
  command.commands.flatMap((child): [string[], Command][] => {
    const own = [...words, child.name()];
    return child.commands.length > 0 ? commandsOf(child, own) : [[own, child]];
  });

test('every command has help, and every flag a description', async () => {
  const commands = commandsOf(buildProgram({}));
  expect(commands.length).toBeGreaterThan(20);
  for (const [words, { options }] of commands) {
    const { code, stdout, stderr } = await runCommand([...words, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      new RegExp(`^Usage: headway ${words.join(' ')} .*\\n\\n[A-Z].*\\.`, 's'),
    );
    expect(options.filter(({ description }) => description === '')).toEqual([]);
  }
});

test('every default of a flag is a valid value of it', () => {
  const refused = commandsOf(buildProgram({})).flatMap(([words, { options }]) =>
    options.flatMap(({ long, parseArg, defaultValue }) => {
      if (parseArg === undefined || typeof defaultValue === 'object') return [];
      if (defaultValue === undefined) return [];
      try {
        parseArg(String(defaultValue), undefined);
        return [];
      } catch {
        return [`${words.join(' ')} ${long}`];
      }
    }),
  );
  expect(refused).toEqual([]);
});

test('scenarios refuses too many paths before it reads anything', async () => {
  const { code, stderr } = await runCommand(['scenarios', '--out', 'x', '--paths', '100001']);
  expect(code).toBe(2);
  expect(stderr).toContain('It must be at most 100000');
});

test('without a command prints help to standard error with exit status 2', async () => {
  for (const words of [[], ['models']]) {
    const { code, stdout, stderr } = await runCommand(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: headway');
  }
});

test.each([
  ['an unknown command', ['frobnicate'], "unknown command 'frobnicate'"],
  ['a command with a typing error', ['trian'], 'Did you mean train?'],
  ['an unknown subcommand', ['models', 'burn'], "unknown command 'burn'"],
  ['an unknown flag', ['train', '--speed', '9'], "unknown option '--speed'"],
  ['a flag with a typing error', ['train', '--step', '9'], 'Did you mean --steps?'],
  ['a flag without its value', ['train', '--steps'], 'argument missing'],
  ['a value that is not a number', ['train', '--steps', 'many'], 'whole number above 0'],
  ['a number below 1', ['train', '--test-days', '0'], 'whole number above 0'],
  ['half a step', ['forecast', '--horizon', '1.5'], 'whole number above 0'],
  ['a missing series', ['explain'], "required option '--series <id>' not specified"],
  ['a missing operand', ['models', 'promote'], "missing required argument 'modelVersion'"],
  ['an operand too many', ['train', 'now'], 'too many arguments'],
  ['a log level', ['train', '--log-level', 'loud'], 'Allowed choices are'],
  ['a job', ['schedule', '--only', 'lunch'], 'Allowed choices are'],
  ['a timestamp', ['panel', 'export', '--cutoff', 'yesterday'], '"yesterday" is not a timestamp'],
  ['an impossible day', ['panel', 'export', '--known-at', '2023-02-31'], 'is not a timestamp'],
])('refuses %s with USAGE and exit status 2', async (_title, args, text) => {
  const { code, stdout, stderr } = await runCommand(args);
  expect(stderr).toContain(text);
  expect(stderr).toMatch(/^USAGE: /);
  expect([code, stdout]).toEqual([2, '']);
});

test('the process ends with the exit status of the error', async () => {
  expect(await headway(['train', '--speed', '9'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^USAGE: unknown option '--speed'/),
  });
});
