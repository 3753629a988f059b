/**
 * Purpose: runs a benchmark as a command, with a folder of its own.
 * Invariants: the folder is removed at the end, also where the benchmark fails.
 * Fails: never: a failure is printed, and sets the exit code.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command, OptionValues } from 'commander';
import { describeError } from '../../platform/errors.ts';

export async function runBench<Flags extends OptionValues>(
  command: Command,
  bench: (flags: Flags, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'headway-bench-'));
  try {
    await command.parseAsync();
    await bench(command.opts<Flags>(), folder);
  } catch (error) {
    console.error(describeError(error));
    process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
