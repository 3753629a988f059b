/**
 * Purpose: a few series with a small chart and their value.
 * Invariants: each is a link to its own view at the same time.
 * Fails: never.
 */
import { Spark } from '../../charts/spark.tsx';
import { usePage } from '../../data/page-context.ts';
import { figure } from '../../parts/format.ts';
import { linkTo } from '../../shell/use-address.ts';
import type { Row } from './row.ts';

export interface SeriesListProps {
  readonly rows: readonly Row[];
  /** The step that is shown. */
  readonly index: number;
}

export function SeriesList({ rows, index }: SeriesListProps) {
  const { address, go } = usePage();
  return (
    <table class="rows list">
      <tbody>
        {rows.map(({ info, columns }) => (
          <tr key={info.seriesId}>
            <th scope="row">
              <a {...linkTo({ ...address, view: 'series', id: info.seriesId, query: {} }, go)}>
                {info.title}
              </a>
            </th>
            <td class="sp">
              <Spark past={[]} next={columns.median} />
            </td>
            <td class="num">
              <b>{figure(columns.median[index] as number)}</b>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
