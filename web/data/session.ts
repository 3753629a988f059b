/**
 * Purpose: how the page talks to the service: the published client (clients/typescript), with the
 * API key of this visit.
 * Invariants: the key lives in this object alone: not in storage, not in an address, not in the
 * document; it is gone when the page is closed or loaded again. Addresses are relative to the page,
 * so a prefix needs no setting.
 * Fails: as the client: HeadwayProblem, HeadwayUnreachable.
 */
import {
  createHeadwayClient,
  type HeadwayClient,
  HeadwayProblem,
} from '../../clients/typescript/headway-client.ts';

/** For a whole response; of a stream, between two chunks. */
const TIMEOUT_MS = 20_000;
const MAX_WAIT_MS = 2000;

export interface Session {
  readonly client: HeadwayClient;
  /** The address of the service, without a slash at its end. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly hasKey: boolean;
}

export function openSession(key: string | null): Session {
  const baseUrl = new URL('.', document.baseURI).href.replace(/\/$/, '');
  const headers: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  // A busy moment is waited for; what takes longer the page says, and tries again by itself.
  const patience = { timeoutMs: TIMEOUT_MS, retries: 2, maxWaitMs: MAX_WAIT_MS };
  const client = createHeadwayClient({ baseUrl, headers, ...patience });
  return { client, baseUrl, headers, hasKey: key !== null };
}

export type Trouble =
  | { readonly kind: 'sign-in' | 'permission' | 'empty' | 'failing'; readonly problem: Problem }
  | { readonly kind: 'offline'; readonly problem: null };

export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly fix?: string | undefined;
}

const EMPTY = ['SNAPSHOT_EMPTY', 'NO_CHAMPION'];

/** What stands between the page and its data, in the kinds that the page words differently. */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof HeadwayProblem)) return { kind: 'offline', problem: null };
  const { code, detail, fix, status } = error.problem;
  const problem = { code, detail, fix };
  if (status === 401) return { kind: 'sign-in', problem };
  if (status === 403) return { kind: 'permission', problem };
  return { kind: status === 503 && EMPTY.includes(code) ? 'empty' : 'failing', problem };
}

/** Whether the same request may succeed a little later: the service is away, busy or broken. */
export const mayPass = (error: unknown): boolean =>
  !(error instanceof HeadwayProblem) || error.problem.status === 429 || error.problem.status >= 500;
