/**
 * Purpose: a feed whose hours have moved: the day has gone most of the way from its own shape to
 * the same shape some hours earlier or later.
 * Invariants: compared with the furthest that the fleet ever went, so that a change of daylight or
 * of habits is none.
 * Fails: never.
 */
import type { Match, Shapes } from './profile.ts';
import { limitOf, type Track } from './track.ts';

const FLOOR = 0.6;
/** A feed that is shifted goes all the way: no limit lies beyond this. */
const HIGHEST = 0.9;
const MIN_Z = 6;
/** Shifts that explain nearly as much as the one that explains most. */
const SURE_ENOUGH = 0.7;
const OVERSHOT = 1.45;

export interface Shift extends Match {
  readonly intervals: number;
  readonly limit: number;
}

/** The shift that explains most of the day; null where none is more than noise. */
export function shiftOf({ shifted }: Shapes, track: Track): Shift | null {
  const surest = Math.max(...shifted.map(({ z }) => Math.abs(z)));
  if (surest < MIN_Z) return null;
  const likely = shifted.filter(({ z }) => Math.abs(z) >= SURE_ENOUGH * surest);
  // Twice the way to one hour is two hours: the first that is not overshot.
  const best = likely.find(({ share }) => Math.abs(share) < OVERSHOT) ?? likely.at(-1);
  if (!best) return null;
  return { ...best, limit: Math.min(HIGHEST, limitOf(track, FLOOR)) };
}
