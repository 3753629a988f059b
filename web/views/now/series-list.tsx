/**
 * Purpose: a few series with a small chart, their value, and the change against a season before.
 * Invariants: each is a link to its own view at the same time.
 * Fails: never.
 */
import { Spark } from '../../charts/spark.tsx';
import { usePage } from '../../data/page-context.ts';
import { figure, signed } from '../../parts/format.ts';
import { linkToSeries } from '../../shell/use-address.ts';
import type { Row, Rows } from './row.ts';

export interface SeriesListProps {
  readonly rows: readonly Row[];
  readonly of: Rows;
  readonly index: number;
}

/** Intervals of history in the small chart. */
const SPARK = 24;

export function SeriesList({ rows, of, index }: SeriesListProps) {
  const { address, go } = usePage();
  return (
    <table class="rows list">
      <tbody>
        {rows.map(({ info, values, before }) => (
          <tr key={info.seriesId}>
            <th scope="row">
              <a {...linkToSeries(info.seriesId, address, go)}>{info.title}</a>
            </th>
            <td class="sp">
              <Spark
                past={values.slice(Math.max(0, of.past - SPARK), of.past)}
                next={values.slice(of.past)}
              />
            </td>
            <td class="num">
              <b>{figure(values[index] as number)}</b>
            </td>
            <td class="num soft">{change(values[index] as number, before[index] as number)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const change = (value: number, before: number): string =>
  Number.isFinite(before) ? signed(value - before) : '';
