/**
 * Purpose: load what a view shows, and load it again when something else is served.
 * Invariants: while it is loaded again the last value stays, so nothing flickers; a value is never
 * shown under another key than its own. What may succeed a little later is asked again.
 * Fails: never; `trouble` says why there is no newer value.
 */
import { useEffect, useState } from 'preact/hooks';
import type { HeadwayClient } from '../../clients/typescript/headway-client.ts';
import { usePage } from './page-context.ts';
import { mayPass, type Session, type Trouble, troubleOf } from './session.ts';
import { RETRY_MS, wait } from './timers.ts';

export interface Data<T> {
  readonly value: T | null;
  readonly trouble: Trouble | null;
}

interface Kept<T> extends Data<T> {
  readonly key: string;
}

const NOTHING = { value: null, trouble: null };

/** @param key names what is loaded; null: nothing yet */
export function useDataOf<T>(
  { session, version }: { readonly session: Session; readonly version: string },
  key: string | null,
  load: (client: HeadwayClient) => Promise<T>,
): Data<T> {
  const [kept, setKept] = useState<Kept<T> | null>(null);
  useEffect(() => {
    if (key === null) return;
    const loading = new AbortController();
    const keep: Keep<T> = (next) => {
      if (loading.signal.aborted) return;
      setKept((before) => ({ key, ...next(before?.key === key ? before.value : null) }));
    };
    loadUntilThere(() => load(session.client), keep, loading.signal);
    return () => loading.abort();
  }, [session, version, key]);
  return kept !== null && kept.key === key ? kept : NOTHING;
}

type Keep<T> = (next: (before: T | null) => Data<T>) => void;

/** Loads until there is a value, there cannot be one, or the signal aborts. */
async function loadUntilThere<T>(
  load: () => Promise<T>,
  keep: Keep<T>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const value = await load();
      keep(() => ({ value, trouble: null }));
      return;
    } catch (error) {
      keep((value) => ({ value, trouble: troubleOf(error) }));
      if (!mayPass(error)) return;
    }
    await wait(RETRY_MS, signal);
  }
}

export function useData<T>(
  key: string | null,
  load: (client: HeadwayClient) => Promise<T>,
): Data<T> {
  return useDataOf(usePage(), key, load);
}
