/**
 * Purpose: all series as tiles, by the groups that they add up to, each with its sum.
 * Invariants: a sum is of the series that are shown under it.
 * Fails: never.
 */
import { useMemo } from 'preact/hooks';
import { type Group, usePage } from '../../data/page-context.ts';
import { figure } from '../../parts/format.ts';
import { Section } from '../../parts/section.tsx';
import { linkTo } from '../../shell/use-address.ts';
import { byGroup } from './groups.ts';
import type { Row } from './row.ts';
import { highestOf, Tiles } from './tiles.tsx';

export interface WhereProps {
  readonly rows: readonly Row[];
  readonly groups: readonly Group[];
  readonly index: number;
  readonly isPast: boolean;
  /** "18:00" */
  readonly at: string;
}

export function Where({ rows, groups, index, isPast, at }: WhereProps) {
  const { address, go } = usePage();
  const parts = useMemo(() => byGroup(rows, groups), [rows, groups]);
  const top = useMemo(() => highestOf(rows), [rows]);
  return (
    <Section
      columns={8}
      title={`Where, at ${at}`}
      note={isPast ? 'what happened' : 'mean forecast'}
    >
      {parts.map(({ groupId, title, rows: inside }) => (
        <div key={title} class="group">
          {title !== '' && (
            <h3>
              {groupId === null ? (
                title
              ) : (
                <a {...linkTo({ ...address, query: { ...address.query, group: groupId } }, go)}>
                  {title}
                </a>
              )}{' '}
              <span class="soft">{figure(sumAt(inside, index))}</span>
            </h3>
          )}
          <Tiles rows={inside} {...{ index, isPast, top }} />
        </div>
      ))}
    </Section>
  );
}

const sumAt = (rows: readonly Row[], index: number): number =>
  rows.reduce((sum, { values }) => sum + (values[index] as number), 0);
