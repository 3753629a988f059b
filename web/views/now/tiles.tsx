/**
 * Purpose: all series as tiles, the darker the more.
 * Invariants: tiles keep their places while the time moves; the number is on the tile, so colour is
 * never alone; at most `most` tiles until the reader asks for all.
 * Fails: never.
 */
import { useMemo, useState } from 'preact/hooks';
import { usePage } from '../../data/page-context.ts';
import { exact, figure } from '../../parts/format.ts';
import { useSettled } from '../../parts/use-settled.ts';
import { linkToSeries } from '../../shell/use-address.ts';
import type { Row } from './row.ts';

export interface TilesProps {
  readonly rows: readonly Row[];
  readonly index: number;
  /** Blue is what is forecast, grey what happened. */
  readonly isPast: boolean;
  /** The value of the darkest tile. */
  readonly top: number;
  /** So many tiles, until the reader asks for all. */
  readonly most: number;
}

/** From this share of the highest value on, text is the colour of the ground. */
const LIGHT_TEXT = 0.72;
/** Steps of darkness: so few that a tile seldom changes. */
const SHADES = 20;

export function Tiles({ rows, index, isPast, top, most }: TilesProps) {
  const { address } = usePage();
  const [showsAll, setShowsAll] = useState(false);
  // Links follow when the time stays: three hundred of them at each step would cost.
  const at = useSettled(address.at);
  const shown = showsAll ? rows : rows.slice(0, most);
  return (
    <>
      <ul class={`tiles ${isPast ? 'was' : 'will'}`}>
        {shown.map(({ info: { seriesId, title }, values }) => {
          const value = values[index] as number;
          // The square root: small values differ visibly too.
          const shade = Math.round(SHADES * Math.sqrt(Math.max(0, value || 0) / top));
          return (
            <Tile key={seriesId} {...{ seriesId, title, shade, at }} text={tileText(value, top)} />
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

/** Of counts, less than a tenth is as good as none. */
const tileText = (value: number, top: number): string =>
  top >= 10 && value > 0 && value < 0.1 ? '<0.1' : figure(value);

interface TileProps {
  readonly seriesId: string;
  readonly title: string;
  readonly shade: number;
  readonly text: string;
  /** The time that the link leads to. */
  readonly at: number | null;
}

/** Made again only where what it shows is another. */
function Tile({ seriesId, title, shade, text, at }: TileProps) {
  const { address, go } = usePage();
  return useMemo(
    () => (
      <li>
        <a
          {...linkToSeries(seriesId, { ...address, at }, go)}
          class={shade / SHADES > LIGHT_TEXT ? 'dark' : ''}
          style={{ '--share': `${(100 * shade) / SHADES}%` }}
          title={title}
        >
          <span>{title}</span>
          <b>{text}</b>
        </a>
      </li>
    ),
    [seriesId, title, shade, text, at],
  );
}

export function highestOf(rows: readonly Row[], from: number): number {
  let top = 0.1;
  for (const { values } of rows)
    for (let i = from; i < values.length; i++)
      if ((values[i] as number) > top) top = values[i] as number;
  return top;
}
