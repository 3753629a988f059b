/**
 * Purpose: the command `headway new-domain` with its flags.
 * Invariants: as cli/command.ts.
 * Fails: as the action does.
 */
import { InvalidArgumentError } from 'commander';
import type { NewDomainFlags } from '../../actions/new-domain/new-domain.ts';
import { type AddCommand, command } from '../../command.ts';
import { wholeNumber } from '../../flags.ts';

const missingRule = (text: string): string => {
  if (['zero', 'unknown'].includes(text)) return text;
  throw new InvalidArgumentError('It must be zero or unknown.');
};

export const register: AddCommand = (program, env) =>
  command<NewDomainFlags>(program, env, {
    name: 'new-domain',
    description: 'Look at your data, and write a domain for it: a folder in domains/.',
    define: (c) =>
      c
        .argument('<name>', 'its name: lower case, digits and hyphens')
        .requiredOption(
          '--from <data>',
          'a file, a folder or a URL: CSV, Parquet, JSON lines or .xlsx',
        )
        .option('--encoding <label>', 'of text that is not UTF-8, such as shift_jis')
        .option('--sheet <name>', 'the sheet of a workbook, if several have cells')
        .option('--time <column>', 'the column with the time')
        .option(
          '--time-format <format>',
          'iso, epoch-s (or -ms, -us, -ns), or a format such as "%d.%m.%Y %H:%M"',
        )
        .option(
          '--clock <time-zone>',
          'time zone of the times in the data, if it is not --time-zone',
        )
        .option('--time-zone <time-zone>', 'the local time zone, e.g. Europe/Berlin')
        .option('--series <column>', 'the column that names the series; or columns, files, one')
        .option('--value <column>', 'the column with the value; or count: each row is an event')
        .option('--aggregate <how>', 'what the values in an interval make: sum, mean')
        .option('--decimal <sign>', 'the decimal sign of the values: "." or ","')
        .option('--thousands <sign>', 'what groups their thousands: ",", ".", "\'" or " "')
        .option('--frequency <minutes>', 'length of an interval', wholeNumber)
        .option(
          '--missing <rule>',
          'what an interval without a row means: zero, unknown',
          missingRule,
        )
        .option('--holidays <country>', 'country whose holidays count, e.g. DE or US-NY')
        .option('--yes', 'ask nothing: accept the guesses')
        .option('--dry-run', 'show what was understood, and write nothing'),
    run: async (context, flags, name) =>
      (await import('../../actions/new-domain/new-domain.ts')).newDomainCommand(
        context,
        flags,
        name as string,
      ),
  });
