/**
 * Purpose: how a command is added to the program, with the flags that all commands have.
 * Invariants: a command's action is imported when it runs, so that `--help` loads no service.
 * Fails: never by itself; the command runs with its own errors.
 */
import { type Command, Option } from 'commander';
import type { Settings } from '../platform/settings/settings.ts';
import type { CommandContext, CommonFlags } from './context.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CommandDefinition<Flags extends object> {
  readonly name: string;
  readonly description: string;
  /** Adds the command's own flags and operands. */
  readonly define?: (command: Command) => Command;
  /** Defaults that differ from the settings table. */
  readonly defaults?: Partial<Settings>;
  run(
    context: CommandContext,
    flags: Flags & CommonFlags,
    ...operands: (string | undefined)[]
  ): Promise<void>;
}

/** Registers a command, or a group of commands, with the program. */
export type AddCommand = (program: Command, env: Environment) => void;

export function command<Flags extends object>(
  parent: Command,
  env: Environment,
  definition: CommandDefinition<Flags>,
): void {
  const { name, description, define = (added) => added, defaults = {} } = definition;
  define(parent.command(name).description(description).exitOverride())
    .option(
      '--store <url>',
      'where features, models and forecasts are stored: file:FOLDER or s3://BUCKET/PREFIX',
    )
    .option('--domain <name>', 'what to forecast: a folder in domains/')
    .option('--work <folder>', 'folder for downloads, locks and temporary files')
    .addOption(
      new Option('--log-level <level>', 'lowest level that is logged')
        .choices(['silent', 'error', 'warn', 'info', 'debug'])
        .default(undefined, 'info; start: warn'),
    )
    .option('--json', 'print the result as JSON on standard output')
    .action(async (...values: unknown[]) => {
      const operands = values.slice(0, -2) as (string | undefined)[];
      const flags = values.at(-2) as Flags & CommonFlags;
      const { openContext } = await import('./context.ts');
      await definition.run(openContext(flags, env, defaults), flags, ...operands);
    });
}
