/**
 * Purpose: the commands `headway ledger …` with their flags.
 * Invariants: as cli/command.ts.
 * Fails: as the actions do.
 */
import { type Command, Option } from 'commander';
import type { CompactFlags } from '../../actions/ledger/compact.ts';
import type { QueryFlags } from '../../actions/ledger/query.ts';
import type { VerifyFlags } from '../../actions/ledger/verify.ts';
import { type AddCommand, command } from '../../command.ts';
import { computeFlags, wholeNumber } from '../../flags.ts';

const rangeFlags = (c: Command): Command =>
  c
    .option('--from <timestamp>', 'forecasts issued since this time, ISO 8601 in UTC')
    .option('--until <timestamp>', 'forecasts issued before this time');

export const register: AddCommand = (program, env) => {
  const ledger = program.command('ledger').description('the forecasts that were issued');
  command<QueryFlags>(ledger, env, {
    name: 'query',
    description: 'Run one SQL SELECT over the view `ledger`: a row per series and step.',
    define: (c) =>
      rangeFlags(c.argument('<sql>', 'e.g. "SELECT forecaster, count(*) FROM ledger GROUP BY 1"'))
        .option('--series <id...>', 'rows of these series only: fewer files are read')
        .option('--limit <rows>', 'rows to return at most', wholeNumber, 1000)
        .addOption(
          new Option('--format <format>', 'format of the result')
            .choices(['table', 'csv', 'json', 'arrow', 'parquet'])
            .default('table'),
        )
        .option('--out <file>', 'file to write (default: standard output)')
        .option('--all', 'read all files, however large'),
    run: async (context, flags, sql) =>
      (await import('../../actions/ledger/query.ts')).queryCommand(context, flags, sql as string),
  });
  command(ledger, env, {
    name: 'head',
    description: 'Print the end of the hash chain over the ledger, to publish it.',
    run: async (context) => (await import('../../actions/ledger/chain.ts')).headCommand(context),
  });
  command<VerifyFlags & { chain?: string | true }>(ledger, env, {
    name: 'verify',
    description: 'Compute past forecasts again from their model and snapshot, and compare them.',
    define: (c) =>
      computeFlags(rangeFlags(c))
        .option('--sample <count>', 'issue times to check', wholeNumber, 10)
        .option('--all', 'check every issue time')
        .option('--chain [heads]', 'check the hash chain only, and a file of published heads'),
    run: async (context, { chain, ...flags }) => {
      if (chain !== undefined) {
        const { verifyChain } = await import('../../actions/ledger/chain.ts');
        return verifyChain(context, chain === true ? null : chain);
      }
      return (await import('../../actions/ledger/verify.ts')).verifyCommand(context, flags);
    },
  });
  command<CompactFlags>(ledger, env, {
    name: 'compact',
    description: 'Merge small files by day and month, and move the forecast log of old versions.',
    define: (c) =>
      c.option('--old-log', 'look for entries of the old log again, even if all were moved before'),
    run: async (context, flags) =>
      (await import('../../actions/ledger/compact.ts')).compactCommand(context, flags),
  });
};
