/**
 * Purpose: every command of the guides, in dry mode: what it names is there, and takes its
 * arguments.
 * Invariants: runs nothing; an `aws` command is held to its form alone.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { buildProgram } from '../../../../cli/main.ts';
import { parseRequest } from '../../../../infra/aws/command.ts';
import { stagesOf, textOf } from '../../../fixtures/delivery/delivery-files.ts';
import { ROOT } from '../../../tidy/source-tree.ts';

const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

/** The lines of all blocks of shell, continued ones as one, without comments. */
const commandsOf = (page: string): string[] =>
  [...textOf(page).matchAll(/```sh\n([\s\S]*?)```/g)]
    .flatMap(([, block = '']) => block.replaceAll(/\\\n\s*/g, ' ').split('\n'))
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');

const words = (text: string): string[] =>
  (text.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^["']|["']$/g, ''));

/** What is wrong with the arguments of `headway`; nothing where they are its own. */
function problemOf(args: readonly string[]): string | null {
  let at: Command = buildProgram({});
  for (const [i, arg] of args.entries()) {
    const next = at.commands.find((one) => one.name() === arg);
    if (next !== undefined && !args.slice(0, i).some((one) => one.startsWith('-'))) at = next;
    else if (arg.startsWith('--') && !at.options.some(({ long }) => long === arg.split('=')[0]))
      return `${at.name()} has no ${arg}`;
  }
  return at.commands.length > 0 ? `${at.name()} needs a subcommand` : null;
}

function check(line: string): void {
  const [, npm] = /\bnpm run (?:--silent |-s )?([\w:-]+)/.exec(line) ?? [];
  if (npm !== undefined) {
    expect(scripts).toHaveProperty([npm]);
    const args = words(line.split(' -- ')[1] ?? '');
    if (['deploy', 'diff', 'destroy'].includes(npm))
      expect([line, parseRequest([npm, ...args]) !== null]).toEqual([line, true]);
    if (npm === 'headway') expect([line, problemOf(args)]).toEqual([line, null]);
  }
  for (const [, target] of line.matchAll(/--target (\w+)/g))
    expect(stagesOf().map(({ name }) => name)).toContain(target);
  if (/\b(docker|podman)( buildx)? build\b/.test(line)) {
    expect(existsSync(join(ROOT, 'Dockerfile'))).toBe(true);
    // Podman writes none; docker does by default.
    if (line.startsWith('docker')) expect(line).toContain('--provenance=false');
  }
  for (const [, operation] of line.matchAll(/\baws ((?:[a-z0-9-]+ )[a-z-]+)/g))
    expect(operation).toMatch(/^[a-z0-9-]+ [a-z][a-z-]+$/);
}

describe.each(['docs/deploy.md', 'docs/first-hour-on-aws.md', 'docs/kubernetes.md'])(
  '%s',
  (page) => {
    test('runs existing commands with valid arguments', () => {
      const lines = commandsOf(page);
      if (page === 'docs/deploy.md') expect(lines.length).toBeGreaterThan(25);
      for (const line of page === 'docs/kubernetes.md' ? [] : lines) check(line);
    });

    test('names existing npm scripts, also in its text', () => {
      for (const [, script = ''] of textOf(page).matchAll(/`npm run (?:-s )?([\w:-]+)/g))
        expect(scripts).toHaveProperty([script]);
    });
  },
);

test('the first call names no series of one domain', () => {
  const calls = commandsOf('docs/deploy.md').filter((line) => line.includes('/v1/series/'));
  expect(calls.length).toBeGreaterThan(0);
  for (const call of calls) expect(call).toContain('/v1/series/ID/');
});

test('the check detects an invalid command', () => {
  expect(problemOf(['keys', 'publish', '--file', 'x'])).toBe('publish has no --file');
  expect(problemOf(['keys'])).toBe('keys needs a subcommand');
  expect(() => check('npm run deploy -- dev --keys keys.json')).toThrow();
});
