/**
 * Purpose: `headway new-domain`: looks at somebody's data, shows what it understands, and writes a
 * domain over them.
 * Invariants: what is shown is what the written definition reads. Nothing is written before it was
 * confirmed, and no file is overwritten.
 * Fails: USAGE for a name that cannot be one and where questions are left and nobody replies;
 * SOURCE_*, RAW_FILE_INVALID for data that cannot be read.
 */
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Domain } from '../../../domains/domain.ts';
import { domains } from '../../../domains/index.ts';
import type { Hints } from '../../../domains/sources/guess/columns-guess.ts';
import { type Guess, guessTable } from '../../../domains/sources/guess/guess.ts';
import {
  declarationText,
  isRemote,
  type TableDomain,
  tableDomain,
} from '../../../domains/sources/table.ts';
import { isWide } from '../../../domains/sources/table-declaration.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { withoutQuery } from '../../../platform/http/without-query.ts';
import type { CommandContext } from '../../context.ts';
import { askFor } from './ask.ts';
import { dataOf } from './data.ts';
import { holidaysIn, requireHints } from './hints.ts';
import { showData, showGuess } from './show-guess.ts';
import { identifierOf } from './texts.ts';
import { type Written, writeDomain } from './write-domain.ts';

export interface NewDomainFlags {
  readonly from: string;
  readonly time?: string;
  readonly timeFormat?: string;
  readonly clock?: string;
  readonly timeZone?: string;
  readonly series?: string;
  readonly value?: string;
  readonly aggregate?: string;
  readonly encoding?: string;
  readonly decimal?: string;
  readonly thousands?: string;
  readonly frequency?: number;
  readonly missing?: string;
  readonly sheet?: string;
  readonly holidays?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** Folders of domains/ that are not a domain. */
const TAKEN = ['sources', 'domain', 'index', 'expectations'];

/** @param root the repository that the domain is written to */
export async function newDomainCommand(
  context: CommandContext,
  flags: NewDomainFlags,
  name: string,
  root = resolve(import.meta.dirname, '../../..'),
): Promise<void> {
  await checkName(name, root);
  const data = await dataOf(context, flags.from, name);
  let hints = hintsOf(flags);
  await requireHints(hints, flags.holidays);
  let guess = await guessTable({ ...data, hints });
  for (;;) {
    const domain = tableDomain(fieldsOf(name, flags, guess));
    context.print(showGuess(guess));
    context.print(await showData(context, domain, data.spec));
    if (flags.dryRun) return printJson(context, guess, null);
    if (flags.yes) break;
    const replies = await askFor(guess.doubts);
    if (replies === null) break;
    hints = { ...hints, ...replies };
    await requireHints(hints, flags.holidays);
    guess = await guessTable({ ...data, hints });
  }
  const fields = fieldsOf(name, flags, guess);
  const written = await writeDomain({ root, fields, guess, data, from: flags.from });
  context.print(`\nWritten:\n${written.files.map((file) => `  ${file}`).join('\n')}`);
  const isSourceKept = fields.defaultSource !== undefined;
  if (!isSourceKept)
    context.print(
      '\nThe address has a user or a query, which may be secret: it was not written to any file.',
    );
  context.print(`\nNext:\n${commandsFor(name, isSourceKept ? '' : ' --source URL').join('\n')}`);
  printJson(context, guess, written);
}

const commandsFor = (name: string, source: string): string[] => [
  `  npm run headway -- features run --domain ${name}${source}`,
  `  npm run headway -- train --domain ${name}`,
  `  npm run headway -- serve --domain ${name}`,
];

function printJson(context: CommandContext, guess: Guess, written: Written | null): void {
  const { table, doubts, facts, ...rest } = guess;
  const plain = JSON.parse(declarationText(table));
  context.printJson({ ...rest, table: plain, doubts, facts, files: written?.files ?? [] });
}

async function checkName(name: string, root: string): Promise<void> {
  const isThere = (path: string) =>
    stat(path).then(
      () => true,
      () => false,
    );
  const problem = !NAME.test(name)
    ? 'is not a valid domain name'
    : TAKEN.includes(name) ||
        domains.some((domain) => domain.name === name) ||
        (await isThere(join(root, 'domains', name))) ||
        (await isThere(join(root, 'tests/unit/domains', name)))
      ? 'is taken'
      : (await hasIdentifier(name, root))
        ? `is taken: a domain has the identifier ${identifierOf(name)}`
        : null;
  if (problem === null) return;
  throw new HeadwayError('USAGE', `${JSON.stringify(name)} ${problem}`, {
    where: 'new-domain NAME',
    fix: 'Use a new name of lower-case letters, digits and hyphens, such as shop-visits.',
  });
}

/** Names that differ in hyphens alone, such as web-1 and web1, have one identifier. */
async function hasIdentifier(name: string, root: string): Promise<boolean> {
  const index = await readFile(join(root, 'domains/index.ts'), 'utf8');
  return new RegExp(`\\b${identifierOf(name)}\\b`).test(index);
}

const hintsOf = (flags: NewDomainFlags): Hints => ({
  time: flags.time,
  timeFormat: flags.timeFormat,
  clock: flags.clock,
  timeZone: flags.timeZone,
  series: flags.series,
  value: flags.value,
  aggregate: flags.aggregate as Hints['aggregate'],
  decimal: flags.decimal as Hints['decimal'],
  thousands: flags.thousands as Hints['thousands'],
  frequencyMinutes: flags.frequency,
  missing: flags.missing as Hints['missing'],
  encoding: flags.encoding,
  sheet: flags.sheet,
});

const EVERY: Readonly<Record<number, string>> = {
  60: 'hour',
  1440: 'day',
  10080: 'week',
};

/** What is committed holds no user, no password and no query of an address. */
const mayBeWritten = (from: string): boolean => !isRemote(from) || withoutQuery(from) === from;

/** What the definition says. */
export function fieldsOf(name: string, flags: NewDomainFlags, guess: Guess): TableDomain {
  const { frequencyMinutes, closedWeekdays, isWhole, valueName } = guess;
  const every = EVERY[frequencyMinutes] ?? `${frequencyMinutes} minutes`;
  const words = name.replaceAll('-', ' ');
  const what = valueName ?? 'events';
  const { aggregate, series } = guess.table;
  const isPerInterval = aggregate === 'sum' || (isWhole && !isWide(series));
  const fields = {
    name,
    title: words.charAt(0).toUpperCase() + words.slice(1),
    unit: isPerInterval ? `${what.toLowerCase()} per ${every}` : what,
    seriesNoun: guess.seriesName.toLowerCase(),
    frequencyMinutes,
    ...(closedWeekdays.length > 0 && { closedWeekdays }),
    timeZone: guess.timeZone,
    ...(guess.dayTimeZone !== undefined && { dayTimeZone: guess.dayTimeZone }),
    seasonLengths: guess.seasonLengths,
    horizon: guess.horizon,
    missing: guess.missing,
    nonNegative: guess.nonNegative,
    ...(!guess.nonNegative && { scale: 'interval' as const }),
    integerValued: isWhole,
    ...(flags.holidays && { holidays: holidaysIn(flags.holidays) }),
    ...(mayBeWritten(flags.from) && { defaultSource: flags.from }),
    table: guess.table,
  };
  return fields satisfies Partial<Domain> & Pick<TableDomain, 'table'>;
}
