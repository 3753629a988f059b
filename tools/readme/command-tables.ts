/**
 * Purpose: the commands, their flags and the settings, as Markdown tables taken from the program
 * itself.
 * Invariants: every command that can be run has a row and every flag is named; settings show their
 * defaults, never this machine's.
 * Fails: never.
 */
import type { Command } from 'commander';
import { buildProgram } from '../../cli/main.ts';
import { domains } from '../../domains/index.ts';
import { describeSettings, readSettings } from '../../platform/settings/settings.ts';

/** Every command that does something, with its full name: "features run". */
export function leafCommands(
  program: Command = buildProgram({}),
): { name: string; command: Command }[] {
  return program.commands.flatMap((command) =>
    command.commands.length === 0
      ? [{ name: command.name(), command }]
      : leafCommands(command).map((leaf) => ({ ...leaf, name: `${command.name()} ${leaf.name}` })),
  );
}

/** Flags that all commands share are said once. */
const SHARED = new Set(['--store', '--domain', '--work', '--log-level', '--json']);

export function commandTable(): string {
  const rows = leafCommands().map(({ name, command }) => [
    code([name, ...operands(command)].join(' ')),
    command.description(),
  ]);
  return table(['command', 'what it does'], rows);
}

export function flagSections(): string {
  const sections = leafCommands().map(({ name, command }) => {
    const own = command.options.filter((option) => !SHARED.has(option.long ?? ''));
    const rows = own.map((option) => [
      code(option.flags),
      `${option.description}${choices(option.argChoices)}`,
    ]);
    const flags = rows.length > 0 ? `\n\n${table(['flag', ''], rows)}` : '';
    const title = [name, ...operands(command)].join(' ');
    return `### headway ${title}\n\n${command.description()}${flags}`;
  });
  const shared = (leafCommands()[0]?.command.options ?? []).filter((option) =>
    SHARED.has(option.long ?? ''),
  );
  const rows = shared.map((option) => [
    code(option.flags),
    `${option.description}${choices(option.argChoices)}`,
  ]);
  const intro = 'Every command takes these, and `--help`:';
  return [intro, table(['flag', ''], rows), ...sections].join('\n\n');
}

export function settingsTable(): string {
  const settings = readSettings({}, {}, { domain: (domains[0] as { name: string }).name });
  const rows = describeSettings(settings).map(({ name, default: fallback, unit, description }) => [
    code(name),
    code(fallback),
    unit,
    description,
  ]);
  return table(['variable', 'default', 'unit', ''], rows);
}

export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(head),
    `|${head.map((_, i) => (right.includes(i) ? '--:' : '---')).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}

const code = (text: string): string => `\`${text}\``;
const operands = (command: Command): string[] =>
  command.registeredArguments.map((argument) => `<${argument.name()}>`);
const choices = (values: readonly string[] | undefined): string =>
  values ? ` (one of ${values.join(', ')})` : '';
