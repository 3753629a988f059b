/**
 * Purpose: know what the service serves at this moment, and how long it has not responded.
 * Invariants: one state object a change; the last thing known stays while the service is away.
 * Fails: never; `trouble` says what is wrong, `since` how long.
 */
import { dataOf } from '../../clients/typescript/headway-client.ts';
import type { Ready } from './page-context.ts';
import { type Session, type Trouble, troubleOf } from './session.ts';
import { now, wait } from './timers.ts';

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

const CHECK_MS = 15_000;
const RETRY_MS = 5_000;

/** Calls `onChange` with each new state until the signal aborts. */
export async function watchServing(
  { client }: Session,
  onChange: (change: (before: Live) => Live) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let pause = CHECK_MS;
    try {
      const serving = (await dataOf(client.GET('/health/ready', { signal }))) as Ready;
      onChange((before) => served(before, serving));
    } catch (error) {
      if (signal.aborted) return;
      onChange((before) => failed(before, troubleOf(error)));
      pause = RETRY_MS;
    }
    await wait(pause, signal);
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
