/**
 * Purpose: choose the media type of a response by the client's Accept header (RFC 9110, 12.5.1).
 * @fastify/accept-negotiator reads neither ranges (text/*) nor parameters (charset).
 * Invariants: the greatest q wins, of equals the one that the server names first; no header means
 * anything.
 * Fails: null where none is acceptable; NOT_ACCEPTABLE of `chosenFormat`, which names the types.
 */
import { TABLE_TYPES } from '../../../platform/tables/table.ts';
import { HttpProblem } from './problems.ts';

/** Of the routes that send JSON or a table. */
export const JSON_OR_TABLE = { json: 'application/json', ...TABLE_TYPES } as const;

export function preferredType<T extends string>(
  accept: string | undefined,
  offered: readonly T[],
): T | null {
  const given = accept?.trim() || '*/*';
  if (given === '*/*') return offered[0] ?? null; // what most clients send
  const wanted = given.split(',').map((one) => {
    const [range = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
    const q = parameters.find((part) => part.startsWith('q='))?.slice(2);
    return { range, q: q === undefined ? 1 : Number(q) };
  });
  let best: T | null = null;
  let most = 0;
  for (const type of offered) {
    // The most specific range that matches sets the preference for the type.
    const matches = [type, `${type.split('/')[0]}/*`, '*/*'].map((range) =>
      wanted.find((one) => one.range === range),
    );
    const q = matches.find((one) => one !== undefined)?.q ?? 0;
    if (q > most) [best, most] = [type, q];
  }
  return best;
}

/** @param types format → its media type, in the server's order */
export function chosenFormat<Format extends string>(
  accept: string | undefined,
  types: Readonly<Record<Format, string>>,
): Format {
  const type = preferredType(accept, Object.values<string>(types));
  const found = (Object.keys(types) as Format[]).find((format) => types[format] === type);
  if (found) return found;
  const offered = Object.values<string>(types).join(', ');
  throw new HttpProblem('NOT_ACCEPTABLE', `this is served as one of ${offered}`);
}
