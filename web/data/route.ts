/**
 * Purpose: the address of what is on show: `#/series/74?at=2026-03-02T17:00Z` is the view, its
 * subject, and the time that all views obey.
 * Invariants: `parseAddress(formatAddress(a))` is `a`; the address lies in the fragment, so it
 * works under any prefix, and no server or log sees it.
 * Fails: never; a time that is none is left out.
 */
import { decoded } from '../../platform/text/decoded.ts';

export interface Address {
  readonly view: string;
  /** What of the view: the id of a series. */
  readonly id: string | null;
  /** UTC epoch milliseconds; null: the view chooses. */
  readonly at: number | null;
  /** What else a view keeps in its address. */
  readonly query: Readonly<Record<string, string>>;
}

/** Changes of an address: what is absent stays. */
export type Go = (change: Partial<Address>) => void;

export function parseAddress(fragment: string): Address {
  const text = fragment.replace(/^#/, '');
  // Links to the first version of the page: the fragment was the id of a series.
  if (text !== '' && !text.startsWith('/')) return { ...START, view: 'series', id: decoded(text) };
  const [path = '', search = ''] = text.split('?', 2);
  const [, view = '', id = ''] = path.split('/');
  const { at: time, ...query } = Object.fromEntries(new URLSearchParams(search));
  const at = time === undefined ? Number.NaN : Date.parse(time);
  return {
    view: view || START.view,
    id: id === '' ? null : decoded(id),
    at: Number.isNaN(at) ? null : at,
    query,
  };
}

export const START: Address = { view: 'now', id: null, at: null, query: {} };

export function formatAddress({ view, id, at, query }: Address): string {
  const parameters = new URLSearchParams(query);
  if (at !== null) parameters.set('at', `${new Date(at).toISOString().slice(0, 16)}Z`);
  // A colon may stand in a fragment, and is easier to read so.
  const search = parameters.toString().replaceAll('%3A', ':');
  const path = id === null ? view : `${view}/${encodeURIComponent(id)}`;
  return `#/${path}${search && `?${search}`}`;
}
