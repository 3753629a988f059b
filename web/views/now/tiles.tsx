/**
 * Purpose: all series as tiles, the darker the more.
 * Invariants: tiles keep their places while the time moves; the number is on the tile, so colour is
 * never alone; at most MAX tiles until the reader asks for all.
 * Fails: never.
 */
import { useState } from 'preact/hooks';
import { usePage } from '../../data/page-context.ts';
import { exact, figure } from '../../parts/format.ts';
import { linkToSeries } from '../../shell/use-address.ts';
import type { Row } from './row.ts';

export interface TilesProps {
  readonly rows: readonly Row[];
  readonly index: number;
  /** Blue is what is forecast, grey what happened. */
  readonly isPast: boolean;
  /** The value of the darkest tile. */
  readonly top: number;
}

const MAX = 400;
/** From this share of the highest value on, text is the colour of the ground. */
const LIGHT_TEXT = 0.72;

export function Tiles({ rows, index, isPast, top }: TilesProps) {
  const { address, go } = usePage();
  const [showsAll, setShowsAll] = useState(false);
  const shown = showsAll ? rows : rows.slice(0, MAX);
  return (
    <>
      <ul class={`tiles ${isPast ? 'was' : 'will'}`}>
        {shown.map(({ info: { seriesId, title }, values }) => {
          const value = values[index] as number;
          // The square root: small values differ visibly too.
          const share = Math.sqrt(Math.max(0, value || 0) / top);
          return (
            <li key={seriesId}>
              <a
                {...linkToSeries(seriesId, address, go)}
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

export function highestOf(rows: readonly Row[]): number {
  let top = 0.1;
  for (const { values } of rows) for (const value of values) if (value > top) top = value;
  return top;
}
