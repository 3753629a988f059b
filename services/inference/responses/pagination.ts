/**
 * Purpose: pages of a list that is ordered by text, and the cursors between them.
 * Invariants: a cursor names the last id of its page, so pages neither repeat nor skip one when the
 * list changes between them.
 * Fails: REQUEST_INVALID for a cursor that was not issued.
 */
import { HttpProblem } from './problems.ts';

/** @param sorted ids in ascending text order */
export function pageOf(
  sorted: readonly string[],
  limit: number,
  cursor: string | undefined,
): { page: string[]; nextCursor: string | null } {
  const after = cursor === undefined ? null : readCursor(cursor);
  const found = after === null ? 0 : sorted.findIndex((id) => id > after);
  const from = found < 0 ? sorted.length : found;
  const page = sorted.slice(from, from + limit);
  return {
    page,
    nextCursor: from + limit < sorted.length ? writeCursor(page.at(-1) as string) : null,
  };
}

export const writeCursor = (id: string): string => Buffer.from(id, 'utf8').toString('base64url');

export function readCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString('utf8');
  if (writeCursor(id) === cursor) return id;
  throw strangeCursor();
}

export const strangeCursor = (): HttpProblem =>
  new HttpProblem('REQUEST_INVALID', 'the cursor was not issued by this service');
