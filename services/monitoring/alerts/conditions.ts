/**
 * Purpose: what may be wrong, in the form that alerts are made of: drift verdicts by name and
 * group.
 * Invariants: verdicts of one name and group are one condition, since the first of them.
 * Fails: never.
 */
import type { OpenAlert } from '../../../storage/alerts/alert-log.ts';
import type { DriftSignal } from '../decisions/input.ts';

export type Condition = Omit<OpenAlert, 'openedAt'>;

/** Series that a message names. */
const NAMED = 5;

/** @param groupOf of the series that a verdict names; default: one group for all */
export function conditionsOf(
  verdicts: readonly DriftSignal[],
  groupOf: (seriesIds: readonly string[]) => string = () => 'all',
): Condition[] {
  const groups = new Map<string, DriftSignal[]>();
  for (const verdict of verdicts) {
    const key = keyOf({ name: verdict.name, group: groupOf(verdict.seriesIds) });
    groups.set(key, [...(groups.get(key) ?? []), verdict]);
  }
  return [...groups.values()].map((some): Condition => {
    const first = [...some].sort((a, b) => a.since - b.since)[0] as DriftSignal;
    const ids = [...new Set(some.flatMap(({ seriesIds }) => seriesIds))].sort();
    const shown = ids.slice(0, NAMED).join(', ');
    const more = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '';
    const series = ids.length === 0 ? '' : ` Series: ${shown}${more}.`;
    return {
      ...{ name: first.name, group: groupOf(first.seriesIds), severity: 'ticket' },
      ...{ since: first.since, message: `${first.message}${series}` },
    };
  });
}

export const keyOf = ({ name, group }: Pick<Condition, 'name' | 'group'>): string =>
  JSON.stringify([name, group]);
