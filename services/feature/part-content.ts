/**
 * Purpose: how the store distinguishes a part that was read whole from one of which intervals were
 * not over (aggregation/unfinished.ts): by its fingerprint, which then also says when to read it
 * again.
 * Invariants: what is left out is read once it is over, also where the file stays as it is; until
 * then it is not read again, and nothing is committed twice.
 * Fails: never.
 */
import { type DayClock, overAt } from '../../forecasting/panel/interval-end.ts';
import type { AggregatedPart } from './aggregation/aggregate.ts';

const MORE = ' with more at ';

/** The fingerprint under which a part is committed. */
export function committedFingerprint(
  { part, unfinished }: Pick<AggregatedPart, 'part' | 'unfinished'>,
  domain: DayClock,
): string {
  if (unfinished === null) return part.fingerprint;
  return `${part.fingerprint}${MORE}${new Date(overAt(domain, unfinished.start)).toISOString()}`;
}

/** Whether a committed part has all that can be read at `now` of the content of `fingerprint`. */
export function isReadWhole(committed: string, fingerprint: string, now: number): boolean {
  if (committed === fingerprint) return true;
  const more = fingerprint + MORE;
  return committed.startsWith(more) && now < Date.parse(committed.slice(more.length));
}
