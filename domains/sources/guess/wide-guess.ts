/**
 * Purpose: a wide table, of a column a series: which columns, and what is common to their names.
 * Invariants: pure but for reading the files.
 * Fails: as reading the files does.
 */
import type { Table } from '../table-declaration.ts';
import { type Candidate, type Look, styleOf, tried } from './candidate.ts';
import type { ColumnProfile } from './column-profile.ts';
import { valueColumnsOf } from './columns-guess.ts';

/** A column a series: what is common to their names is not part of a name. */
export async function wide(
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
  const columns = new RegExp(isOther + (ending === '' ? '.+' : `(.+)${escaped(ending)}$`));
  const { style, doubt } = styleOf(look, start, values);
  const table = { ...start, ...style, series: { columns } } as Table;
  return tried(look, table, doubt === null ? [] : [doubt]);
}

/** `_MW` of AEP_MW and DOM_MW: from a separator on, which a hyphen is not: DE-LU. */
function commonEnding(names: readonly string[]): string {
  const [first = ''] = names;
  const match = names.length > 1 ? /[_ .][^_ .-]+$/.exec(first) : null;
  return match !== null && names.every((name) => name.endsWith(match[0])) ? match[0] : '';
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** For a wide file what is common to the names of its columns: MW of AEP_MW. */
export const endingOf = (columns: RegExp): string =>
  (/\(\.\+\)([^()]+)\$$/.exec(columns.source)?.[1] ?? '').replace(/^[_ .\\-]+/, '') || 'value';
