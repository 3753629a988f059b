/**
 * Purpose: the commands `headway store …` with their flags.
 * Invariants: as cli/command.ts.
 * Fails: as the actions do.
 */
import type { GcFlags } from '../actions/store/compact-and-gc.ts';
import type { StoreDiffFlags } from '../actions/store/diff.ts';
import { type AddCommand, command } from '../command.ts';
import { wholeNumber } from '../flags.ts';

export const register: AddCommand = (program, env) => {
  const store = program.command('store').description('inspect and maintain the store');
  command(store, env, {
    name: 'log',
    description: 'List the snapshots, oldest first.',
    run: async (context) => (await import('../actions/store/log-and-verify.ts')).storeLog(context),
  });
  command<StoreDiffFlags>(store, env, {
    name: 'diff',
    description: 'Compare two snapshots by series and day.',
    define: (c) =>
      c
        .argument('[from]', 'a snapshot, by number or version (default: the one before `to`)')
        .argument('[to]', 'a snapshot (default: newest)')
        .option(
          '--known-at <times>',
          'compare one snapshot as known at TIME with all of it, or at TIME,TIME; ISO 8601 in UTC',
        )
        .option(
          '--csv <file>',
          'write every different value: unique_id,exogenous,ds,change,before,after',
        ),
    run: async (context, flags, from, to) =>
      (await import('../actions/store/diff.ts')).storeDiff(context, flags, from, to),
  });
  command(store, env, {
    name: 'verify',
    description: 'Read every object and check its hash.',
    // The store itself is checked, never a local copy.
    define: (c) =>
      c.option(
        '--cache-mb <size>',
        'local copies of an S3 store that may be read instead; 0 reads the store itself',
        '0',
      ),
    run: async (context) =>
      (await import('../actions/store/log-and-verify.ts')).storeVerify(context),
  });
  command(store, env, {
    name: 'repair-clock',
    description: 'Correct future timestamps that a wrong clock wrote, in a new snapshot.',
    run: async (context) =>
      (await import('../actions/store/log-and-verify.ts')).storeRepairClock(context),
  });
  command(store, env, {
    name: 'compact',
    description:
      'Merge small data objects into fewer large ones. `features run` does so by itself.',
    run: async (context) =>
      (await import('../actions/store/compact-and-gc.ts')).storeCompact(context),
  });
  command<GcFlags>(store, env, {
    name: 'gc',
    description:
      'List (or with --delete, remove) unreferenced objects. Data is removed in two runs.',
    define: (c) =>
      c
        .option('--delete', 'remove the objects')
        .option(
          '--grace-days <days>',
          'keep what was written or superseded in this many days',
          wholeNumber,
          7,
        )
        .option(
          '--keep-days <days>',
          'keep snapshots that were the newest at some time in this many days',
          wholeNumber,
          30,
        )
        .option(
          '--keep-snapshots <count>',
          'keep at least this many of the newest snapshots',
          wholeNumber,
          1,
        ),
    run: async (context, flags) =>
      (await import('../actions/store/compact-and-gc.ts')).storeGc(context, flags),
  });
};
