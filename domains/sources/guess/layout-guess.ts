/**
 * Purpose: what a row of a table is: the values of all series at a time (a wide file), one value of
 * a series, a part of one (an amount, a reading), or an event.
 * Invariants: rows are counted without a doubt only where no column holds numbers and times are
 * those of events. A column is a series or a value, and not both.
 * Fails: SOURCE_INVALID for a column that cannot be what somebody said.
 */
import { HeadwayError } from '../../../platform/errors.ts';
import { isWide, type Table } from '../table-declaration.ts';
import {
  type Candidate,
  hasCopies,
  isGrid,
  isMeasurable,
  isRegular,
  isUnique,
  type Look,
  tried,
} from './candidate.ts';
import type { ColumnProfile } from './column-profile.ts';
import {
  areSeries,
  type Doubt,
  describes,
  type Hints,
  named,
  rowIdOf,
  seriesColumnsOf,
  valueColumnsOf,
} from './columns-guess.ts';
import { eventSeries, measuredSeries, type Roles } from './series-guess.ts';
import type { TimeGuess } from './time-guess.ts';
import { wide } from './wide-guess.ts';

/** Values that come more often are not forecast one by one. */
const MIN_STEP = 5;
/** Of rows whose time repeats: with more they are parts of a sum. */
const FEW_REPEATED = 0.2;

export async function layoutOf(look: Look, time: TimeGuess): Promise<Candidate> {
  const { profile, options, base } = look;
  const { hints } = options;
  const { aggregate } = hints;
  const start = { ...base, ...time.table, ...(aggregate !== undefined && { aggregate }) };
  const isSaid = ({ name }: ColumnProfile, said: string | undefined) =>
    name.toLowerCase() === said?.toLowerCase();
  const roles: Roles = {
    values: valueColumnsOf(profile, time.taken).filter((one) => !isSaid(one, hints.series)),
    names: seriesColumnsOf(profile, time.taken).filter((one) => !isSaid(one, hints.value)),
  };
  if (hints.series === 'columns') return aggregated(look, await wide(look, start, time.taken));
  if (mayBeWide(look, roles)) {
    const found = await wide(look, start, time.taken);
    const doubts = [...wideDoubts(roles), ...found.doubts];
    if (isUnique(found)) return aggregated(look, { ...found, doubts });
  }
  const value = valueColumn(look, roles);
  if (value === undefined) return events(look, start, roles);
  const found = await measuredSeries(look, start, value, roles);
  if (isGrid(found) && isMeasurable(found)) {
    const all = aggregated(look, found);
    const doubts = hints.value === undefined ? valueDoubts(all, roles) : [];
    return { ...all, doubts: [...doubts, ...all.doubts] };
  }
  if (hints.value === undefined && aggregate === undefined)
    return events(look, start, roles, found.table.series);
  const { doubts } = eventSeries(look, roles.names);
  return aggregated(look, { ...found, doubts: [...found.doubts, ...doubts] });
}

/** Where an interval has several values, because it is longer than their step or times repeat. */
function aggregated(look: Look, found: Candidate): Candidate {
  const { frequencyMinutes = MIN_STEP, aggregate } = look.options.hints;
  const { stepMinutes, isWhole } = found.facts;
  const isOneEach = isGrid(found) && isUnique(found);
  const isFine = isOneEach && stepMinutes > 0 && stepMinutes < frequencyMinutes;
  if (aggregate === undefined && isOneEach && !isFine) return found;
  // The cells of a wide row have its id in common, and are no copies of one another.
  const own = isWide(found.table.series) ? undefined : rowIdOf(look.profile);
  // Lines of one order share its id.
  const id = own !== undefined && own.distinct === own.cells ? own : undefined;
  const isAmount = found.conflicts > FEW_REPEATED || (isWhole && !isFine);
  const chosen = isAmount ? 'sum' : 'mean';
  const table = {
    ...found.table,
    aggregate: aggregate ?? chosen,
    ...(id !== undefined && { once: [id.name] }),
  };
  if (aggregate !== undefined) return { ...found, table };
  const why = isFine
    ? `values come every ${stepMinutes} min`
    : isUnique(found)
      ? 'times are on no grid'
      : 'times repeat within a series';
  const doubt: Doubt = { flag: '--aggregate', chosen, why: `${why}: sum or mean of an interval?` };
  return { ...found, table, doubts: [doubt, ...found.doubts] };
}

/** Columns of one kind of number, and none that names a series. */
function mayBeWide({ groups, options: { hints } }: Look, { values, names }: Roles): boolean {
  if (hints.series !== undefined || hints.value !== undefined || names.length > 0) return false;
  const isOneEach = groups.length > 1 && values.length === 1;
  return isOneEach || (areSeries(values) && new Set(values.map((one) => one.symbol)).size === 1);
}

/** Columns that may describe the others, such as a price, are no series like them. */
function wideDoubts({ values }: Roles): Doubt[] {
  const others = values.filter(describes);
  if (others.length === 0) return [];
  const names = others.slice(0, 5).map(({ name }) => name);
  const why = `${names.join(', ')} may describe the others: --value COLUMN forecasts one alone`;
  return [{ flag: '--series', chosen: 'columns', why }];
}

function valueColumn(
  { profile, options: { hints } }: Look,
  { values, names }: Roles,
): ColumnProfile | undefined {
  if (hints.value === 'count') return undefined;
  if (hints.value !== undefined) return saidValue(named(profile.columns, hints.value), hints);
  // A whole number that may name the series is not the value, unless nothing else is.
  return values.find((column) => !names.includes(column));
}

function saidValue(column: ColumnProfile, { series }: Hints): ColumnProfile {
  const { name, numbers, examples } = column;
  const isBoth = name.toLowerCase() === series?.toLowerCase();
  const odd = examples.find((text) => !/^[-+(]?[\d.,' ]*\d[\d.,' ]*\)?$/.test(text));
  if (!isBoth && (numbers.length > 0 || odd === undefined)) return column;
  const what = isBoth ? 'is said to be the series too' : `holds ${JSON.stringify(odd)}: no number`;
  throw new HeadwayError('SOURCE_INVALID', `the column of the value, ${name}, ${what}`, {
    where: `--value ${name}`,
    fix: 'Name a column of plain numbers, such as 20.5, or write that one so.',
  });
}

function valueDoubts(found: Candidate, { values }: Roles): Doubt[] {
  const { value, series } = found.table;
  const chosen = String(value);
  const used = [value, series].flat();
  const others = values.map(({ name }) => name).filter((name) => !used.includes(name));
  const twice = Math.round(100 * found.copies);
  const count = found.table.aggregate === undefined ? 'the first counts' : 'both count';
  const reasons = [
    ...(others.length > 0 ? [`${others.slice(0, 5).join(', ')} could be the value too`] : []),
    ...(hasCopies(found) ? [`${twice} % of the rows are there twice: ${count}`] : []),
  ];
  return reasons.map((why) => ({ flag: '--value', chosen, why }));
}

/**
 * Rows are counted. An event that is reported twice counts once.
 * @param series as it was found when values were looked for
 */
async function events(
  look: Look,
  start: Partial<Table>,
  roles: Roles,
  series?: Table['series'],
): Promise<Candidate> {
  const { hints } = look.options;
  const own = eventSeries(look, roles.names);
  const found = await tried(look, { ...start, series: series ?? own.series } as Table);
  const id = rowIdOf(look.profile);
  const table = id === undefined ? found.table : { ...found.table, once: [id.name] };
  const doubt = hints.value === 'count' ? null : countDoubt(found, roles);
  return { ...found, table, doubts: [...(doubt === null ? [] : [doubt]), ...own.doubts] };
}

/** Why rows may be measurements: numbers that are not read, or one row in each interval. */
function countDoubt(found: Candidate, { values, names }: Roles): Doubt | null {
  const { series } = found.table;
  const rest = values.filter(({ name }) => ![series].flat().includes(name));
  const ignored = [...rest].sort((a, b) => Number(names.includes(a)) - Number(names.includes(b)));
  const chosen = 'rows are counted';
  const list = ignored.slice(0, 5).map(({ name }) => name);
  if (list.length > 0) {
    const why = isRegular(found)
      ? 'its times are on a grid'
      : isGrid(found)
        ? 'times repeat within a series: with it they are added up'
        : 'its times are on no grid: with it an interval has their mean or sum';
    const numbers = `${list.join(', ')} could be a value, but ${why}`;
    return { flag: `--value ${list[0]}`, chosen, why: numbers };
  }
  if (!isRegular(found)) return null;
  return { flag: '--value', chosen, why: 'each series has one row at a time, as values have' };
}
