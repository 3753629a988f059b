/**
 * Purpose: the address as state: links, Back and Forward, and what views write.
 * Invariants: another view, subject or choice is a new entry of the history; another time replaces
 * the entry, so that Back leads to where the reader was, with the time that was shown there.
 * Fails: never.
 */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Address, formatAddress, type Go, parseAddress } from '../data/route.ts';
import { settled } from '../data/timers.ts';

/** Browsers limit how often a page may write its address. */
const WRITE_MS = 200;

export function useAddress(): readonly [Address, Go] {
  const [address, setAddress] = useState(() => parseAddress(location.hash));
  const go = useMemo(() => {
    let current = parseAddress(location.hash);
    const write = () => history.replaceState(null, '', formatAddress(current));
    const later = settled(WRITE_MS, write);
    addEventListener('popstate', () => {
      current = parseAddress(location.hash);
      setAddress(current);
    });
    return (change: Partial<Address>) => {
      const next = { ...current, ...change };
      const isElsewhere = next.view !== current.view || next.id !== current.id;
      const isTime =
        formatAddress({ ...next, at: null }) === formatAddress({ ...current, at: null });
      if (!isTime) {
        write();
        current = next;
        history.pushState(null, '', formatAddress(next));
        if (isElsewhere) scrollTo(0, 0);
      } else {
        current = next;
        later();
      }
      setAddress(next);
    };
  }, []);
  useEffect(() => history.replaceState(null, '', formatAddress(address)), []);
  return [address, go];
}

/** The attributes of a link that stays within the page. */
export const linkTo = (address: Address, go: Go) => ({
  href: formatAddress(address),
  onClick: (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(address);
  },
});

/** As linkTo: to a series, at the same time. */
export const linkToSeries = (seriesId: string, address: Address, go: Go) =>
  linkTo({ ...address, view: 'series', id: seriesId, query: {} }, go);
