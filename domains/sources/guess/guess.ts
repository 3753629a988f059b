/**
 * Purpose: looks at somebody's files and guesses the declaration of a domain over them.
 * Invariants: candidates are read by the builder that the definition uses, so what is guessed is
 * what is read. What the data do not say for sure is a doubt, with the flag that settles it.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID, RAW_FILE_INVALID.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { withDuckDB } from '../../../platform/duckdb/duckdb.ts';
import { sqlName } from '../../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { isWide, type Table } from '../table-declaration.ts';
import { type FileGroup, formatOf, tableFiles, textOf } from '../table-files.ts';
import { tableRows } from '../table-rows.ts';
import { type CalendarGuess, calendarOf } from './calendar-guess.ts';
import { type ColumnProfile, profileColumns, type TableProfile } from './column-profile.ts';
import {
  areSeries,
  type Doubt,
  type Hints,
  named,
  rowIdOf,
  seriesColumnsOf,
  timeColumnOf,
  valueColumnsOf,
} from './columns-guess.ts';
import { type RowFacts, rowFacts } from './grid-guess.ts';
import { numberStyleOf, type StyleGuess } from './number-guess.ts';
import { lookAtText } from './text-look.ts';
import { type TimeGuess, timeFormatOf } from './time-guess.ts';

export interface GuessOptions {
  readonly paths: readonly string[];
  readonly nameOf: (path: string) => string;
  readonly hints: Hints;
  readonly rawFolder: string;
  /** Where the clock of the data is not known: of the machine, for example. */
  readonly defaultTimeZone: string;
}

export interface Guess extends CalendarGuess {
  readonly table: Table;
  readonly facts: RowFacts;
  readonly doubts: readonly Doubt[];
  /** What a value is, for people: the column's name, or null for events. */
  readonly valueName: string | null;
  readonly seriesName: string;
}

/** Rows of one series and time that may repeat before they no longer count as measurements. */
const MAX_REPEATED = 0.02;
/** Distinct minutes in an hour of a grid. */
const MAX_GRID_MINUTES = 12;
const MAX_TRIED = 6;
const DAY = 1440;

interface Look {
  readonly options: GuessOptions;
  readonly connection: DuckDBConnection;
  readonly base: Partial<Table>;
  /** Of a text file. */
  readonly delimiter: string | undefined;
  readonly groups: readonly FileGroup[];
  readonly profile: TableProfile;
  readonly doubts: Doubt[];
}

export async function guessTable(options: GuessOptions): Promise<Guess> {
  const { paths, nameOf, rawFolder, hints } = options;
  const { base, delimiter } = await dialectOf(options);
  const table = { ...base, time: '', series: { only: '' } } as Table;
  const groups = await tableFiles({ table, paths, nameOf, needed: [], rawFolder });
  return withDuckDB({ threads: 2 }, async (connection) => {
    const [first] = groups as [FileGroup];
    const profile = await profileColumns(connection, first.relation, first.columns);
    const look: Look = { options, connection, base, delimiter, groups, profile, doubts: [] };
    const column = timeColumnOf(profile, hints);
    const time = await timeFormatOf(connection, profile, column, hints);
    if (time.doubt !== null) look.doubts.push(time.doubt);
    let found = await layoutOf(look, time);
    let calendar = calendarOf(found.facts, found.table, hints, options.defaultTimeZone);
    const isDaily = calendar.frequencyMinutes >= DAY && hints.timeZone === undefined;
    if (isDaily && hasOffsets(column, time)) {
      found = await tried(look, { ...found.table, time: writtenDate(column) });
      calendar = calendarOf(found.facts, found.table, hints, options.defaultTimeZone);
    }
    const { doubts, clock, timeOf, ...rest } = calendar;
    return {
      ...rest,
      table: {
        ...found.table,
        ...(clock !== undefined && { clock }),
        ...(timeOf === 'end' && { timeOf }),
      },
      facts: found.facts,
      doubts: [...look.doubts, ...doubts],
      ...namesOf(found.table),
    };
  });
}

const OFFSET = /\d{2}:\d{2}.*[+-](?!00(?::?00)?$)\d{2}(?::?\d{2})?$/;

/** Whether times are texts with an offset from UTC. */
const hasOffsets = ({ type, examples }: ColumnProfile, { table }: TimeGuess): boolean =>
  type === 'VARCHAR' &&
  table.timeFormat === undefined &&
  typeof table.time === 'string' &&
  examples.some((text) => OFFSET.test(text));

/** The day as it is written, where the offset says by whose clock: in UTC it may be another. */
const writtenDate = ({ name }: ColumnProfile): Table['time'] => ({
  sql: `try_cast(left(trim(${sqlName(name)}), 10) AS DATE)`,
});

/** What a text file does not say of itself; nothing of the defaults. */
async function dialectOf({
  paths,
  nameOf,
  hints,
  rawFolder,
}: GuessOptions): Promise<Pick<Look, 'base' | 'delimiter'>> {
  const [path] = paths as [string];
  const formats = new Set(paths.map((one) => formatOf({}, one)));
  if (formats.size > 1) {
    throw new HeadwayError('SOURCE_INVALID', `the folder holds files of ${formats.size} formats`, {
      where: paths.slice(0, 8).map(nameOf).join(', '),
      fix: 'Give one of the files, or a folder with those of one format.',
    });
  }
  if (!formats.has('csv') && !formats.has('xlsx')) return { base: {}, delimiter: undefined };
  const sheet = formats.has('xlsx') && hints.sheet !== undefined ? { sheet: hints.sheet } : {};
  const text = await textOf(path, sheet, rawFolder);
  const { encoding, delimiter, header, skipLines } = await lookAtText(text);
  const base = {
    ...sheet,
    ...(encoding !== undefined && { encoding }),
    // With a header the columns say what separates them.
    ...(!header && { header, delimiter }),
    ...(skipLines > 0 && { skipLines }),
  };
  return { base, delimiter };
}

interface Candidate {
  readonly table: Table;
  readonly facts: RowFacts;
}

async function tried({ options, connection }: Look, table: Table): Promise<Candidate> {
  const { paths, nameOf, rawFolder } = options;
  return {
    table,
    facts: await rowFacts(connection, await tableRows(table, paths, nameOf, rawFolder)),
  };
}

async function layoutOf(look: Look, time: TimeGuess): Promise<Candidate> {
  const { profile, options, base, doubts } = look;
  const { hints } = options;
  const start = { ...base, ...time.table };
  if (hints.series === 'columns') return wide(look, start, time.taken);
  const values = valueColumnsOf(profile, time.taken);
  const names = seriesColumnsOf(profile, time.taken).filter(
    (column) => column.name.toLowerCase() !== hints.value?.toLowerCase(),
  );
  if (hints.series === undefined && hints.value === undefined) {
    const isOneEach = look.groups.length > 1 && values.length === 1 && names.length === 0;
    if (isOneEach || (names.length === 0 && areSeries(values)))
      return wide(look, start, time.taken);
  }
  const value = valueColumn(look, values, names);
  const style = value === undefined ? undefined : styleOf(look, start, [value]);
  const measured = value === undefined ? {} : { value: value.name, ...style?.style };
  const known = await seriesOf(look, { ...start, ...measured }, names);
  const { facts, table } = known;
  const isGrid = facts.minutes <= MAX_GRID_MINUTES;
  const isRepeated = facts.repeated > MAX_REPEATED * facts.usable;
  const isSaid = hints.value !== undefined && hints.value !== 'count';
  if (value === undefined || isSaid || (isGrid && !isRepeated)) {
    if (value !== undefined && !isSaid) doubtValue(look, value, values);
    if (style?.doubt) doubts.push(style.doubt);
    return value === undefined ? counted(look, known) : known;
  }
  const events = { ...start, series: table.series };
  if (/value|sales|quantity|amount|qty|load|count/i.test(value.name)) {
    doubts.push({
      flag: `--value ${value.name}`,
      chosen: 'rows are counted',
      why:
        `${value.name} could be a value, but ` +
        (isGrid ? 'times repeat within a series' : 'its times are on no grid'),
    });
  }
  doubtSeries(look, names);
  return counted(look, await tried(look, events as Table));
}

/** Events: one that is reported twice counts once. */
async function counted(look: Look, { table, facts }: Candidate): Promise<Candidate> {
  const id = rowIdOf(look.profile);
  return { table: id === undefined ? table : { ...table, once: [id.name] }, facts };
}

function valueColumn(
  { profile, options: { hints } }: Look,
  values: readonly ColumnProfile[],
  names: readonly ColumnProfile[],
): ColumnProfile | undefined {
  if (hints.value === 'count') return undefined;
  if (hints.value !== undefined) return named(profile.columns, hints.value);
  // A whole number that may name the series is not the value, unless nothing else is.
  return values.find((column) => !names.includes(column));
}

/** Semicolons and dates such as 31.12.2024 are of places where a decimal sign is a comma. */
const styleOf = (
  { delimiter, options }: Look,
  { timeFormat }: Partial<Table>,
  columns: readonly ColumnProfile[],
): StyleGuess =>
  numberStyleOf(
    columns,
    options.hints,
    delimiter === ';' && String(timeFormat).startsWith('%d.%m.'),
  );

function doubtValue(
  { doubts }: Look,
  value: ColumnProfile,
  values: readonly ColumnProfile[],
): void {
  const others = values.filter((column) => column !== value).map(({ name }) => name);
  if (others.length > 0)
    doubts.push({
      flag: '--value',
      chosen: value.name,
      why: `${others.slice(0, 5).join(', ')} could be the value too`,
    });
}

/** The column, or the columns, by which times repeat the least; or the files; or there is one. */
async function seriesOf(
  look: Look,
  start: Partial<Table>,
  names: readonly ColumnProfile[],
): Promise<Candidate> {
  const { options, profile } = look;
  const { hints } = options;
  const of = (series: Table['series']) => tried(look, { ...start, series } as Table);
  if (hints.series === 'files') return of(filesSeries(options));
  if (hints.series !== undefined) return of(named(profile.columns, hints.series).name);
  const isMeasured = start.value !== undefined;
  const isGood = ({ facts }: Candidate) => facts.repeated <= MAX_REPEATED * facts.usable;
  if (names.length === 0) {
    const one = await of({ only: 'all' });
    if (options.paths.length === 1 || (isMeasured && isGood(one))) return one;
    const each = await of(filesSeries(options));
    return !isMeasured || isGood(each) ? each : one;
  }
  const [best] = names as [ColumnProfile];
  const first = await of(best.name);
  const others = names.filter((column) => column !== best && column.distinct > 1);
  if (!isMeasured) {
    doubtSeries(look, names);
    return first;
  }
  // Times on no grid are those of events.
  if (isGood(first) || first.facts.minutes > MAX_GRID_MINUTES) return first;
  // Values of a pair of names, such as a shop and an item.
  for (const other of others.slice(0, MAX_TRIED)) {
    const alone = await of(other.name);
    if (isGood(alone)) return alone;
    const pair = await of(inOrder(profile, [best, other]));
    if (isGood(pair)) return pair;
  }
  return first;
}

/** As the columns stand in the file. */
const inOrder = ({ columns }: TableProfile, some: readonly ColumnProfile[]): string[] =>
  columns.filter((column) => some.includes(column)).map(({ name }) => name);

function doubtSeries({ doubts, options }: Look, names: readonly ColumnProfile[]): void {
  const [best, ...others] = names.filter(({ distinct }) => distinct > 1).map(({ name }) => name);
  if (best === undefined || others.length === 0 || options.hints.series !== undefined) return;
  const why = `${others.slice(0, 5).join(', ')} could name the series too`;
  doubts.push({ flag: '--series', chosen: best, why });
}

/** A file each: what differs in the names of the files. */
function filesSeries({ paths, nameOf }: GuessOptions): Table['series'] {
  const names = paths.map(nameOf);
  const isNested = names.some((name) => name.includes('/'));
  const stems = new Set(names.map((name) => /([^/]+?)(\.[a-z]+)+$/i.exec(name)?.[1]));
  return stems.size === names.length || !isNested
    ? { files: /([^/]+?)(\.[a-z]+)+$/i }
    : { files: /^([^/]+)\// };
}

/** A column a series: what is common to their names is not part of a name. */
async function wide(
  look: Look,
  start: Partial<Table>,
  taken: readonly ColumnProfile[],
): Promise<Candidate> {
  const { groups, profile } = look;
  const skipped = new Set(taken.map(({ name }) => name));
  const values = valueColumnsOf(profile, taken);
  for (const { name } of profile.columns)
    if (!values.some((value) => value.name === name)) skipped.add(name);
  const all = [...new Set(groups.flatMap(({ columns }) => columns.map(({ name }) => name)))].filter(
    (name) => !skipped.has(name),
  );
  const ending = commonEnding(all);
  const others = [...skipped].map(escaped).join('|');
  const isOther = `^(?!(?:${others})$)`;
  const { style, doubt } = styleOf(look, start, values);
  if (doubt !== null) look.doubts.push(doubt);
  const columns = new RegExp(isOther + (ending === '' ? '.+' : `(.+)${escaped(ending)}$`));
  return tried(look, { ...start, ...style, series: { columns } } as Table);
}

/** `_MW` of AEP_MW and DOM_MW: from a separator on. */
function commonEnding(names: readonly string[]): string {
  const [first = ''] = names;
  const match = names.length > 1 ? /[_ .-][^_ .-]+$/.exec(first) : null;
  return match !== null && names.every((name) => name.endsWith(match[0])) ? match[0] : '';
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** For a wide file what is common to the names of its columns: MW of AEP_MW. */
const endingOf = (columns: RegExp): string =>
  (/\(\.\+\)([^()]+)\$$/.exec(columns.source)?.[1] ?? '').replace(/^[_ .\\-]+/, '') || 'value';

function namesOf({ series, value }: Table): Pick<Guess, 'valueName' | 'seriesName'> {
  const column =
    typeof series === 'string' ? series : Array.isArray(series) ? series.join('-') : '';
  return {
    valueName: isWide(series) ? endingOf(series.columns) : typeof value === 'string' ? value : null,
    seriesName: column === '' ? 'series' : column,
  };
}
