/**
 * Purpose: groups of a list by a key (Map.groupBy, which Node 20 lacks).
 * Invariants: groups and their members keep the order of the list.
 * Fails: never.
 */
export function groupBy<One, Key>(all: readonly One[], keyOf: (one: One) => Key): Map<Key, One[]> {
  const groups = new Map<Key, One[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}
