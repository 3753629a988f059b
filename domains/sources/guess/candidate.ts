/**
 * Purpose: a declaration that may be that of the files, with what it reads of them.
 * Invariants: it is read by the builder that the definition uses.
 * Fails: as tableRows and rowFacts do.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Table } from '../table-declaration.ts';
import type { FileGroup } from '../table-files.ts';
import { tableRows } from '../table-rows.ts';
import type { ColumnProfile, TableProfile } from './column-profile.ts';
import type { Doubt, Hints } from './columns-guess.ts';
import { type RowFacts, rowFacts } from './grid-guess.ts';
import { numberStyleOf, type StyleGuess } from './number-guess.ts';

export interface GuessOptions {
  readonly paths: readonly string[];
  readonly nameOf: (path: string) => string;
  readonly hints: Hints;
  readonly rawFolder: string;
  /** Where the clock of the data is not known: of the machine, for example. */
  readonly defaultTimeZone: string;
}

/** What is known before columns have a meaning. */
export interface Look {
  readonly options: GuessOptions;
  readonly connection: DuckDBConnection;
  readonly base: Partial<Table>;
  /** Of a text file. */
  readonly delimiter: string | undefined;
  readonly groups: readonly FileGroup[];
  readonly profile: TableProfile;
}

export interface Candidate {
  readonly table: Table;
  readonly facts: RowFacts;
  /** Share of the rows that have the series and time of another, but are no copy of it. */
  readonly conflicts: number;
  readonly doubts: readonly Doubt[];
}

export async function tried(
  { options, connection, profile }: Look,
  table: Table,
  doubts: readonly Doubt[] = [],
): Promise<Candidate> {
  const { paths, nameOf, rawFolder } = options;
  const rows = await tableRows(table, paths, nameOf, rawFolder);
  const facts = await rowFacts(connection, rows);
  const copies = profile.copies > MAX_COPIES ? 0 : profile.copies;
  return { table, facts, conflicts: facts.repeated / facts.usable - copies, doubts };
}

/** Of rows: with more conflicts they are not measurements. */
const MAX_CONFLICTS = 0.02;
/** Copies are of exports that overlap. With more of them, rows that agree are events. */
const MAX_COPIES = 0.5;
/** Distinct minutes in an hour of a grid. */
const MAX_GRID_MINUTES = 12;

/** Whether a series has one value at a time. */
export const isUnique = ({ conflicts }: Candidate): boolean => conflicts <= MAX_CONFLICTS;

/** Whether rows are there twice: more than an accident. */
export const hasCopies = ({ profile }: Look): boolean => profile.copies > MAX_CONFLICTS;

export const isGrid = ({ facts }: Candidate): boolean => facts.minutes <= MAX_GRID_MINUTES;

/** Whether each series has one row at a time, and times are on a grid. */
export const isRegular = (candidate: Candidate): boolean =>
  isGrid(candidate) && candidate.facts.repeated <= MAX_CONFLICTS * candidate.facts.usable;

/** Semicolons and dates such as 31.12.2024 are of places where a decimal sign is a comma. */
export const styleOf = (
  { delimiter, options }: Look,
  { timeFormat }: Partial<Table>,
  columns: readonly ColumnProfile[],
): StyleGuess =>
  numberStyleOf(
    columns,
    options.hints,
    delimiter === ';' && String(timeFormat).startsWith('%d.%m.'),
  );
