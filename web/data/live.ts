/**
 * Purpose: know what the service serves at this moment, from its event stream, and how long it has
 * not responded.
 * Invariants: one state object a change; the last thing known stays while the service is away. The
 * stream is read with fetch, because an EventSource cannot send an API key; a service that ends
 * streams at once (Lambda) is asked again when it says.
 * Fails: never; `trouble` says what is wrong, `since` how long.
 */
import type { Ready } from './page-context.ts';
import { type Session, type Trouble, troubleOf } from './session.ts';
import { now, RETRY_MS, wait } from './timers.ts';

export interface Live {
  readonly serving: Ready | null;
  /** When `serving` was received, by the clock of this machine. */
  readonly receivedAt: number;
  readonly trouble: Trouble | null;
  /** Since when there is trouble. */
  readonly since: number | null;
  /** Counts recoveries: what failed meanwhile is loaded again. */
  readonly recoveries: number;
}

export const NOT_YET: Live = {
  ...{ serving: null, receivedAt: 0, trouble: null, since: null, recoveries: 0 },
};

/** A stream is asked for this long; the service may end it earlier. */
const STREAM_SECONDS = 900;

type Change = (change: (before: Live) => Live) => void;

/** Calls `onChange` with each new state until the signal aborts. */
export async function watchServing(
  { client }: Session,
  onChange: Change,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let pauseMs = RETRY_MS;
    try {
      for await (const { retryMs, serving } of client.servingEvents(STREAM_SECONDS, signal)) {
        pauseMs = retryMs ?? pauseMs;
        if (serving) onChange((before) => served(before, serving));
      }
    } catch (error) {
      if (signal.aborted) return;
      pauseMs = RETRY_MS;
      onChange((before) => failed(before, troubleOf(error)));
    }
    await wait(pauseMs, signal);
  }
}

const served = (before: Live, serving: Ready): Live => ({
  ...{ serving, receivedAt: now(), trouble: null, since: null },
  recoveries: before.recoveries + (before.trouble === null ? 0 : 1),
});

const failed = (before: Live, trouble: Trouble): Live => ({
  ...before,
  trouble,
  since: before.trouble?.kind === trouble.kind ? before.since : now(),
});

/** Changes when other numbers are served, and when the service is back. */
export const versionOf = ({ serving, recoveries }: Live): string =>
  [
    ...[serving?.modelVersion, serving?.snapshotVersion, serving?.fallback?.reason],
    recoveries,
  ].join(' ');
