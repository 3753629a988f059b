/**
 * Purpose: all series at one time: as tiles by the groups that they add up to, each with its sum;
 * as a table with small charts, where they are few and in no group.
 * Invariants: a sum is of all series of its group, also of those whose tiles are hidden; the
 * darkest tile is the highest value that is forecast or was lately.
 * Fails: never.
 */
import { useMemo } from 'preact/hooks';
import { naiveName } from '../../data/forecast.ts';
import type { Timeline } from '../../data/page-context.ts';
import { type Group, usePage } from '../../data/page-context.ts';
import { figure } from '../../parts/format.ts';
import { Section } from '../../parts/section.tsx';
import { linkTo } from '../../shell/use-address.ts';
import { byGroup, tileLimit } from './groups.ts';
import type { Row } from './row.ts';
import { SeriesRow } from './series-list.tsx';
import { highestOf, Tiles } from './tiles.tsx';

export interface WhereProps {
  readonly rows: readonly Row[];
  readonly groups: readonly Group[];
  readonly index: number;
  readonly total: Timeline;
  /** "18:00" */
  readonly at: string;
}

/** More rows than these are easier to see as tiles. */
const MAX_TABLE = 24;
/** Intervals before the cutoff that decide how dark a tile is. */
const LATELY = 48;

export function Where(props: WhereProps) {
  const { rows, groups, index, total, at } = props;
  const isPast = index < total.past;
  const parts = useMemo(() => byGroup(rows, groups), [rows, groups]);
  const isTable = rows.length <= MAX_TABLE && parts.length === 1;
  const tiles = parts.reduce((sum, part) => sum + part.rows.length, 0);
  const top = useMemo(() => highestOf(rows, total.past - LATELY), [rows, total.past]);
  return (
    <Section
      columns={8}
      title={`Where, at ${at}`}
      note={
        <span class="key">
          {isPast ? 'what happened' : 'mean forecast'}
          {!isTable && (
            <>
              , 0 <i class={isPast ? 'scale was' : 'scale'} /> {figure(top)}
            </>
          )}
        </span>
      }
    >
      {isTable ? (
        <Table {...props} />
      ) : (
        parts.map((part) => {
          const most = tileLimit(part.rows.length, tiles);
          return <Part key={part.title} {...{ ...part, index, isPast, top, most }} />;
        })
      )}
    </Section>
  );
}

interface PartProps {
  readonly groupId: string | null;
  readonly title: string;
  readonly rows: readonly Row[];
  readonly index: number;
  readonly isPast: boolean;
  readonly top: number;
  readonly most: number;
}

function Part({ groupId, title, rows, index, isPast, top, most }: PartProps) {
  const { address, go } = usePage();
  return (
    <div class="group">
      {title !== '' && (
        <h3>
          {groupId === null ? (
            title
          ) : (
            <a {...linkTo({ ...address, query: { ...address.query, group: groupId } }, go)}>
              {title}
            </a>
          )}{' '}
          <span class="soft">{figure(sumAt(rows, index))}</span>
        </h3>
      )}
      <Tiles {...{ rows, index, isPast, top, most }} />
    </div>
  );
}

function Table({ rows, index, total }: WhereProps) {
  const { about } = usePage();
  return (
    <table class="rows where">
      <thead>
        <tr>
          <th>{about.domain.seriesNoun}</th>
          <th class="sp">a day and the forecast</th>
          <th class="num">{about.domain.unit}</th>
          <th class="num">against {naiveName(about.domain)}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <SeriesRow key={row.info.seriesId} {...{ row, index }} past={total.past} />
        ))}
      </tbody>
    </table>
  );
}

const sumAt = (rows: readonly Row[], index: number): number =>
  rows.reduce((sum, { values }) => sum + (values[index] as number), 0);
