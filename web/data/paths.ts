/**
 * Purpose: a few possible futures of a series or a group, where they are asked for.
 * Invariants: as the API gives them: the values of one path belong together.
 * Fails: never; none while they are not known.
 */
import { dataOf } from '../../clients/typescript/headway-client.ts';
import { useData } from './use-data.ts';

/** More of them cannot be seen apart. */
const COUNT = 12;
const NONE: readonly (readonly number[])[] = [];

export function usePaths(
  kind: 'series' | 'groups',
  id: string,
  isWanted: boolean,
): readonly (readonly number[])[] {
  const { value } = useData(isWanted ? `paths ${kind} ${id}` : null, async ({ GET }) => {
    const params = { path: { id }, query: { count: COUNT } };
    const { paths } =
      kind === 'groups'
        ? await dataOf(GET('/v1/groups/{id}/paths', { params }))
        : await dataOf(GET('/v1/series/{id}/paths', { params }));
    return paths;
  });
  return value ?? NONE;
}
