/**
 * Purpose: checks a documented command line against the program without running it.
 * Invariants: parses with the program's own definition; no action runs.
 * Fails: never; what is wrong is the result.
 */
import type { Command } from 'commander';
import { buildProgram } from '../../cli/main.ts';
import { wordsOf } from './markdown.ts';

/** The arguments of `headway` in a shell line, or null where the line starts something else. */
export function headwayArguments(line: string): string[] | null {
  const match = /(?:^|\s)npm run headway --\s+(.*)$/.exec(line) ?? /^headway\s+(.*)$/.exec(line);
  return match ? wordsOf(match[1] as string) : null;
}

/** What the program would say of these arguments: null is "fine". */
export async function complaint(args: readonly string[]): Promise<string | null> {
  const program = buildProgram({});
  let ran = false;
  const disarm = (command: Command): void => {
    command
      .exitOverride()
      .configureOutput({ writeOut: () => {}, writeErr: () => {}, outputError: () => {} });
    if (command.commands.length === 0)
      command.action(() => {
        ran = true;
      });
    for (const child of command.commands) disarm(child);
  };
  disarm(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return ran ? null : 'it runs no command';
  } catch (error) {
    return (error as Error).message;
  }
}
