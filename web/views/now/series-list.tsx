/**
 * Purpose: a few series with a small chart, their value, and the change against a season before.
 * Invariants: each is a link to its own view at the same time.
 * Fails: never.
 */
import { useMemo } from 'preact/hooks';
import { Spark } from '../../charts/spark.tsx';
import { usePage } from '../../data/page-context.ts';
import { figure, signed } from '../../parts/format.ts';
import { linkToSeries } from '../../shell/use-address.ts';
import type { Row } from './row.ts';

export interface SeriesListProps {
  readonly rows: readonly Row[];
  /** How many of the times are past. */
  readonly past: number;
  readonly index: number;
}

/** Intervals of history in the small chart. */
const SPARK = 24;

export function SeriesList({ rows, past, index }: SeriesListProps) {
  return (
    <table class="rows list">
      <tbody>
        {rows.map((row) => (
          <SeriesRow key={row.info.seriesId} {...{ row, past, index }} />
        ))}
      </tbody>
    </table>
  );
}

interface SeriesRowProps extends Omit<SeriesListProps, 'rows'> {
  readonly row: Row;
}

export function SeriesRow({ row, past, index }: SeriesRowProps) {
  const { address, go } = usePage();
  return (
    <tr>
      <th scope="row">
        <a {...linkToSeries(row.info.seriesId, address, go)}>{row.info.title}</a>
      </th>
      <td class="sp">
        <RowSpark row={row} past={past} />
      </td>
      <td class="num">
        <b>{figure(row.values[index] as number)}</b>
      </td>
      <td class="num soft">{change(row.values[index] as number, row.before[index] as number)}</td>
    </tr>
  );
}

/** Drawn once for a row: it does not change while the time moves. */
const RowSpark = ({ row, past }: { readonly row: Row; readonly past: number }) =>
  useMemo(
    () => (
      <Spark
        past={row.values.slice(Math.max(0, past - SPARK), past)}
        next={row.values.slice(past)}
      />
    ),
    [row, past],
  );

const change = (value: number, before: number): string =>
  Number.isFinite(value - before) ? signed(value - before) : '';
