/**
 * Purpose: all series as tiles, the darker the more.
 * Invariants: tiles keep their places while the time moves; the number is on the tile, so colour is
 * never alone; at most MAX tiles until the reader asks for all.
 * Fails: never.
 */
import { useState } from 'preact/hooks';
import { usePage } from '../../data/page-context.ts';
import { exact, figure } from '../../parts/format.ts';
import { linkTo } from '../../shell/use-address.ts';
import type { Row } from './row.ts';

export interface TilesProps {
  readonly rows: readonly Row[];
  readonly valueOfRow: (row: Row) => number;
}

const MAX = 400;
/** From this share of the highest value on, text is light on dark. */
const LIGHT_TEXT = 0.62;

export function Tiles({ rows, valueOfRow }: TilesProps) {
  const { address, go } = usePage();
  const [showsAll, setShowsAll] = useState(false);
  const shown = showsAll ? rows : rows.slice(0, MAX);
  const top = Math.max(...rows.map((row) => Math.max(...row.columns.median)), 0.1);
  return (
    <>
      <ul class="tiles">
        {shown.map((row) => {
          const { seriesId, title } = row.info;
          const value = valueOfRow(row);
          // The square root: small values differ visibly too.
          const share = Math.sqrt(Math.max(0, value) / top);
          return (
            <li key={seriesId}>
              <a
                {...linkTo({ ...address, view: 'series', id: seriesId, query: {} }, go)}
                class={share > LIGHT_TEXT ? 'dark' : ''}
                style={{ '--share': `${Math.round(100 * share)}%` }}
                title={title}
              >
                <span>{title}</span>
                <b>{figure(value)}</b>
              </a>
            </li>
          );
        })}
      </ul>
      {shown.length < rows.length && (
        <button type="button" class="button" onClick={() => setShowsAll(true)}>
          Show all {exact(rows.length)}
        </button>
      )}
    </>
  );
}
