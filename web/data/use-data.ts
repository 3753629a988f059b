/**
 * Purpose: load what a view shows, and load it again when something else is served.
 * Invariants: while it is loaded again the last value stays, so nothing flickers; a value is never
 * shown under another key than its own.
 * Fails: never; `trouble` says why there is no newer value.
 */
import { useEffect, useState } from 'preact/hooks';
import type { HeadwayClient } from '../../clients/typescript/headway-client.ts';
import { usePage } from './page-context.ts';
import { type Session, type Trouble, troubleOf } from './session.ts';

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
    let isWanted = true;
    const keep = (next: (before: T | null) => Data<T>) => {
      if (!isWanted) return;
      setKept((before) => ({ key, ...next(before?.key === key ? before.value : null) }));
    };
    load(session.client).then(
      (value) => keep(() => ({ value, trouble: null })),
      (error: unknown) => keep((value) => ({ value, trouble: troubleOf(error) })),
    );
    return () => {
      isWanted = false;
    };
  }, [session, version, key]);
  return kept !== null && kept.key === key ? kept : NOTHING;
}

export function useData<T>(
  key: string | null,
  load: (client: HeadwayClient) => Promise<T>,
): Data<T> {
  return useDataOf(usePage(), key, load);
}
