/**
 * Purpose: how the numbers of a table are written: which sign is decimal, which groups thousands.
 * Invariants: of the styles that read the most cells, those that give other numbers are a doubt,
 * but where the rest of the file settles it; what somebody said is taken as it is.
 * Fails: never.
 */
import type { Table } from '../table-declaration.ts';
import { type ColumnProfile, type NumberStyle, STYLES } from './column-profile.ts';
import type { Doubt, Hints } from './columns-guess.ts';

export interface StyleGuess {
  readonly style: Pick<Table, 'decimal' | 'thousands' | 'symbol'>;
  readonly doubt: Doubt | null;
}

/**
 * One style for all columns.
 * @param hasCommaLocale the rest of the file is written where a decimal sign is a comma
 */
export function numberStyleOf(
  columns: readonly ColumnProfile[],
  hints: Hints,
  hasCommaLocale: boolean,
): StyleGuess {
  const { style, doubt } = signsOf(columns, hints, hasCommaLocale);
  const symbol = columns.find((column) => column.symbol !== undefined)?.symbol;
  return { style: { ...style, ...(symbol !== undefined && { symbol }) }, doubt };
}

function signsOf(
  columns: readonly ColumnProfile[],
  { decimal, thousands }: Hints,
  hasCommaLocale: boolean,
): StyleGuess {
  if (thousands !== undefined) {
    const other = thousands === '.' ? ',' : undefined;
    return { style: styleWith(decimal ?? other, thousands), doubt: null };
  }
  const readings = STYLES.filter(
    (style) => decimal === undefined || (style.decimal ?? '.') === decimal,
  ).map((style) => readingOf(style, columns));
  const most = Math.max(...readings.map(({ cells }) => cells));
  const best = readings.filter(({ cells }) => cells === most) as [Reading, ...Reading[]];
  if (best.every(({ digest }) => digest === best[0].digest))
    return { style: best[0].style, doubt: null };
  const local = best.find(({ style }) => style.decimal === ',');
  if (hasCommaLocale && local !== undefined) return { style: local.style, doubt: null };
  const marked = columns.find((column) => column.marked !== null)?.marked ?? '1,234';
  const digits = marked.replace(/[^\d.,]/g, '');
  const why = `"${marked}" may be ${digits.replace(/[.,]/, '')} or ${digits.replace(',', '.')}`;
  const chosen = best[0].style.decimal ?? '.';
  return { style: best[0].style, doubt: { flag: '--decimal', chosen, why } };
}

type Reading = ReturnType<typeof readingOf>;

/** What a style reads of all columns together. */
function readingOf(style: NumberStyle, columns: readonly ColumnProfile[]) {
  const readings = columns.map(({ numbers }) => numbers.find((one) => one.style === style));
  return {
    style,
    cells: readings.reduce((sum, one) => sum + (one?.cells ?? 0), 0),
    digest: readings.map((one) => one?.digest).join(' '),
  };
}

const styleWith = (
  decimal: NumberStyle['decimal'],
  thousands: NumberStyle['thousands'],
): NumberStyle => ({
  ...(decimal === ',' && { decimal }),
  ...(thousands !== undefined && { thousands }),
});
