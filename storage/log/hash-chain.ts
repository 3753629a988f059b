/**
 * Purpose: whether a log is still the one that it was: every entry names the hash of the one before
 * it, and heads that were published earlier are still among them.
 * Invariants: a pure function. An edit, a drop or another order of entries breaks a link, unless
 * all that follows is written again; then a head that was published after it is missing.
 * Fails: never; the first problem is the result.
 */

/** An entry as it is stored. */
export interface ChainLink {
  readonly number: number;
  /** Of the stored bytes. */
  readonly sha256: string;
  /** What it says of the entry before; null for the first, and before there were chains. */
  readonly previous: string | null;
}

/** The end of a chain at some time: what is published. */
export type ChainHead = Pick<ChainLink, 'number' | 'sha256'>;

/** The first thing that is wrong, in words; null where the chain holds. */
export function chainProblem(
  links: readonly ChainLink[],
  published: readonly ChainHead[] = [],
): string | null {
  let isChained = false;
  for (const [i, { number, previous }] of links.entries()) {
    if (number !== i + 1) return `entry ${i + 1} is missing`;
    const before = links[i - 1];
    if (before === undefined) {
      if (previous !== null) return 'entry 1 names an entry before it';
      continue;
    }
    // Entries of earlier versions name none; once one does, all do.
    if (previous === null && isChained) return `entry ${number} names no entry before it`;
    if (previous === null) continue;
    isChained = true;
    if (previous !== before.sha256)
      return `entry ${number} follows an entry ${before.number} other than the stored one`;
  }
  for (const { number, sha256 } of published) {
    const link = links[number - 1];
    if (link === undefined) return `entry ${number}, which was published, is missing`;
    if (link.sha256 !== sha256) return `entry ${number} is not the one that was published`;
  }
  return null;
}
