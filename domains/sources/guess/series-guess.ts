/**
 * Purpose: where the names of the series of measured values stand.
 * Invariants: columns name the series only where they make times unique that were not: what merely
 * describes a row does not divide a series.
 * Fails: SOURCE_INVALID for a column that is not there.
 */
import type { Table } from '../table-declaration.ts';
import {
  type Candidate,
  type GuessOptions,
  isGrid,
  isMeasurable,
  isUnique,
  type Look,
  styleOf,
  tried,
} from './candidate.ts';
import type { ColumnProfile, TableProfile } from './column-profile.ts';
import { type Doubt, named, numbersThatName } from './columns-guess.ts';

const MAX_TRIED = 6;
/** Columns that name a series together, such as a country, a shop and an item. */
const MAX_COLUMNS = 3;

/** Columns by what they may be, the likeliest first. */
export interface Roles {
  readonly values: readonly ColumnProfile[];
  readonly names: readonly ColumnProfile[];
}

/** The series of values; where times repeat whatever names it, they are those of the best name. */
export async function measuredSeries(
  look: Look,
  start: Partial<Table>,
  value: ColumnProfile,
  { values, names }: Roles,
): Promise<Candidate> {
  const { options, profile } = look;
  const { hints } = options;
  const of = (series: Table['series'], by = value) => {
    const { style, doubt } = styleOf(look, start, [by]);
    const table = { ...start, value: by.name, ...style, series } as Table;
    return tried(look, table, doubt === null ? [] : [doubt]);
  };
  const said = saidSeries(look);
  if (said !== undefined) return of(said);
  const one = await of(ONE);
  const [best] = names;
  // Times on no grid repeat by chance only.
  if (best !== undefined && !isGrid(one)) return of(best.name);
  if (best?.distinct === 1 && isUnique(one)) return of(best.name);
  if (isUnique(one))
    return { ...one, doubts: [...one.doubts, ...seriesDoubt(options, 'one', names)] };
  if (best !== undefined) {
    const attempt: TryColumns = (some) => of(inOrder(profile, some));
    const found = await namesThatMakeUnique(profile, names, attempt);
    const numbers = numbersThatName(values, profile).filter((column) => column !== value);
    if (isMeasurable(found) || numbers.length === 0) return found;
    const more = [...names.slice(0, MAX_COLUMNS), ...numbers];
    const wider = await namesThatMakeUnique(profile, more, attempt);
    return isMeasurable(wider)
      ? { ...wider, doubts: [...wider.doubts, numbersDoubt(wider)] }
      : found;
  }
  const each = options.paths.length > 1 ? await of(filesSeries(options)) : null;
  if (each !== null && isUnique(each)) return each;
  for (const column of numbersThatName(values, profile)) {
    const by = hints.value === undefined ? values.find((other) => other !== column) : value;
    if (by === undefined || by === column) continue;
    const found = await of(column.name, by);
    if (isUnique(found)) return { ...found, doubts: [...found.doubts, numbersDoubt(found)] };
  }
  return one;
}

const numbersDoubt = ({ table: { series } }: Candidate): Doubt => ({
  flag: '--series',
  chosen: [series].flat().join(', '),
  why: 'numbers, but times are unique within each: a name, or a part of the time?',
});

function saidSeries({ options, profile }: Look): Table['series'] | undefined {
  const { series } = options.hints;
  if (series === undefined) return undefined;
  if (series === 'files') return filesSeries(options);
  return series === 'one' ? ONE : named(profile.columns, series).name;
}

const ONE: Table['series'] = { only: 'all' };

type TryColumns = (columns: readonly ColumnProfile[]) => Promise<Candidate>;

/** The first columns by which times are unique, each added column the one that does the most. */
async function namesThatMakeUnique(
  { columns }: TableProfile,
  [best, ...rest]: readonly ColumnProfile[],
  attempt: TryColumns,
): Promise<Candidate> {
  const others = rest.filter(({ distinct }) => distinct > 1).slice(0, MAX_TRIED);
  let chosen = columns.filter((column) => column === best);
  const first = await attempt(chosen);
  if (isMeasurable(first)) return first;
  while (chosen.length < MAX_COLUMNS) {
    let least = { conflicts: Number.POSITIVE_INFINITY, columns: chosen };
    for (const other of others.filter((column) => !chosen.includes(column))) {
      const sets = chosen.length === 1 ? [[other], [...chosen, other]] : [[...chosen, other]];
      for (const set of sets) {
        const found = await attempt(set);
        if (isMeasurable(found)) return set.length < MAX_COLUMNS ? found : asked(found, set);
        const { conflicts } = found;
        if (set.length > chosen.length && conflicts < least.conflicts)
          least = { conflicts, columns: set };
      }
    }
    if (least.columns === chosen) return first;
    chosen = least.columns;
  }
  return first;
}

/** So many columns may be those of an event, such as a shop, an item and a customer. */
function asked(found: Candidate, columns: readonly ColumnProfile[]): Candidate {
  const chosen = columns.map(({ name }) => name).join(', ');
  const why = 'times are unique only by all of them: a row may be an event';
  return { ...found, doubts: [...found.doubts, { flag: '--series', chosen, why }] };
}

/** As the columns stand in the file. */
function inOrder({ columns }: TableProfile, some: readonly ColumnProfile[]): Table['series'] {
  const names = columns.filter((column) => some.includes(column)).map(({ name }) => name);
  return names.length === 1 ? (names[0] as string) : names;
}

/** The series of events: the likeliest name, or the files. */
export function eventSeries(
  look: Look,
  names: readonly ColumnProfile[],
): { series: Table['series']; doubts: readonly Doubt[] } {
  const { options } = look;
  const said = saidSeries(look);
  if (said !== undefined) return { series: said, doubts: [] };
  const [best, ...others] = names;
  if (best !== undefined)
    return { series: best.name, doubts: seriesDoubt(options, best.name, others) };
  const isOne = options.paths.length === 1;
  return { series: isOne ? ONE : filesSeries(options), doubts: [] };
}

function seriesDoubt(
  { hints }: GuessOptions,
  chosen: string,
  others: readonly ColumnProfile[],
): Doubt[] {
  const names = others.filter(({ distinct }) => distinct > 1).map(({ name }) => name);
  if (names.length === 0 || hints.series !== undefined) return [];
  const why = `${names.slice(0, 5).join(', ')} could name the series too`;
  return [{ flag: '--series', chosen, why }];
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
