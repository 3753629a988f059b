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
  /** Share of the rows that have the series and time of another, but do not repeat its value. */
  readonly conflicts: number;
  /** Share of the rows that do repeat it. */
  readonly copies: number;
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
  const { repeated, usable } = facts;
  const copies = Math.max(agreeing(facts), profile.copies > MAX_COPIES ? 0 : profile.copies);
  return { table, facts, conflicts: repeated / usable - copies, copies, doubts };
}

/** Share of the rows that agree with another in series, time and value, and not by chance. */
function agreeing({ repeated, differing, distinctValues, usable }: RowFacts): number {
  const share = (repeated - differing) / usable;
  const isChance = distinctValues < MIN_KINDS || share > MAX_AGREEING;
  return isChance || differing > MAX_CONFLICTS * repeated ? 0 : share;
}

/** Of rows: with more conflicts they are not measurements. */
const MAX_CONFLICTS = 0.02;
/** Copies are of exports that overlap. With more of them, rows that agree are events. */
const MAX_COPIES = 0.5;
/** The same of rows that agree in the value, and not in all. */
const MAX_AGREEING = 0.3;
/** Distinct values from which on two do not agree by chance. */
const MIN_KINDS = 50;
/** Distinct minutes in an hour of a grid, unless it is one of minutes: most of them have a row. */
const MAX_GRID_MINUTES = 12;
const MIN_DENSITY = 0.5;
const MINUTES_A_DAY = 1440;

/** Whether a series has one value at a time. */
export const isUnique = ({ conflicts }: Candidate): boolean => conflicts <= MAX_CONFLICTS;

/** Whether rows are there twice: more than an accident. */
export const hasCopies = ({ copies }: Candidate): boolean => copies > MAX_CONFLICTS;

export const isGrid = ({ facts }: Candidate): boolean =>
  facts.minutes <= MAX_GRID_MINUTES || (isOneEach(facts) && densityOf(facts) >= MIN_DENSITY);

const isOneEach = ({ repeated, usable }: RowFacts): boolean => repeated <= MAX_CONFLICTS * usable;

/** Rows of a series for each of its steps, of whole minutes that divide a day. */
function densityOf({ usable, series, spanHours, stepMinutes }: RowFacts): number {
  if (stepMinutes < 1 || MINUTES_A_DAY % stepMinutes !== 0) return 0;
  return (usable / series) * (stepMinutes / (60 * Math.max(1, spanHours)));
}

/** Whether each series has one row at a time, and times are on a grid. */
export const isRegular = (candidate: Candidate): boolean =>
  isGrid(candidate) && isOneEach(candidate.facts);

/** Of rows more than a month apart, or of so few, there is no series that is forecast. */
const MAX_STEP_MINUTES = 32 * MINUTES_A_DAY;
const MIN_ROWS_EACH = 10;

/** Whether the rows may be values of series: one at a time, and often enough. */
export function isMeasurable(candidate: Candidate): boolean {
  const { usable, series, stepMinutes } = candidate.facts;
  const isSeries = stepMinutes <= MAX_STEP_MINUTES && usable >= MIN_ROWS_EACH * series;
  return isSeries && isUnique(candidate);
}

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
