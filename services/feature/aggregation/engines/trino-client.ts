/**
 * Purpose: a Trino cluster as a QueryEngine, over its REST protocol: POST the statement, then
 * follow `nextUri` until there is none.
 * Invariants: rows are passed on page by page and never all held; a statement that is not read to
 * its end is cancelled; `nextUri` is followed on the coordinator that was asked and nowhere else;
 * only reading statements are sent, so that every request may be repeated.
 * Fails: SOURCE_UNAVAILABLE where the cluster does not respond, SOURCE_INVALID with Trino's own
 * words where it refuses the statement, SETTINGS_INVALID for an invalid address, or a user that it
 * does not let in.
 */
import axios, { type AxiosError, type AxiosRequestConfig } from 'axios';
import { isNetworkError } from 'axios-retry';
import { HeadwayError } from '../../../../platform/errors.ts';
import { type HttpClient, reasonOf } from '../../../../platform/http/client.ts';
import { tlsFix } from '../../../../platform/http/tls.ts';
import { trinoDialect } from './portable-sql.ts';
import type { QueryEngine } from './query-engine.ts';

export interface TrinoAddress {
  /** http://host:port */
  readonly origin: string;
  readonly user: string;
  readonly catalog: string;
  readonly schema: string;
}

/** The fields of a response of the coordinator that are read. */
interface TrinoResponse {
  readonly nextUri?: string;
  readonly data?: readonly (readonly unknown[])[];
  readonly error?: {
    readonly message?: string;
    readonly errorName?: string;
    readonly errorType?: string;
  };
}

/** trino://[user@]host[:port]/catalog/schema; trinos:// for TLS. */
export function parseTrinoAddress(text: string): TrinoAddress {
  const [, secure, user, host, catalog, schema] =
    /^trino(s?):\/\/(?:([^@:/]+)@)?([A-Za-z0-9.-]+(?::\d{1,5})?)\/([^/?#]+)\/([^/?#]+)$/.exec(
      text,
    ) ?? [];
  if (host !== undefined && catalog !== undefined && schema !== undefined) {
    return { origin: `http${secure}://${host}`, user: user ?? 'headway', catalog, schema };
  }
  throw new HeadwayError(
    'SETTINGS_INVALID',
    `the engine ${JSON.stringify(text)} is not the address of a Trino cluster`,
    {
      fix:
        'Write trino://USER@HOST:PORT/CATALOG/SCHEMA, or trinos:// for TLS. Do not put a ' +
        'password into it.',
    },
  );
}

/** Many times what a coordinator puts into one response. */
const MAX_PAGE_BYTES = 512 << 20;

export function trinoEngine(address: TrinoAddress, client: HttpClient): QueryEngine {
  const { origin, user, catalog, schema } = address;
  const session = { 'X-Trino-User': user, 'X-Trino-Catalog': catalog, 'X-Trino-Schema': schema };
  const headers = {
    ...session,
    'X-Trino-Source': 'headway',
    'X-Trino-Time-Zone': 'UTC',
    'Content-Type': 'text/plain',
  };

  const isOwn = (uri: string): boolean =>
    URL.canParse(uri) && new URL(uri).origin === new URL(origin).origin;

  async function request(config: AxiosRequestConfig): Promise<TrinoResponse> {
    let text: string;
    try {
      const { data } = await client.axios.request<string>({
        ...config,
        headers,
        responseType: 'text',
        transformResponse: (body: string) => body,
        maxRedirects: 0,
        maxContentLength: MAX_PAGE_BYTES,
        'axios-retry': { retryCondition: isRetried },
      });
      text = data;
    } catch (error) {
      throw unreachable(error, origin);
    }
    try {
      return JSON.parse(text) as TrinoResponse;
    } catch (error) {
      throw foreign(origin, error);
    }
  }

  return {
    dialect: trinoDialect,
    async *query(sql) {
      let next: string | undefined;
      try {
        let response = await request({ method: 'POST', url: `${origin}/v1/statement`, data: sql });
        for (;;) {
          next = response.nextUri;
          if (response.error) throw refused(response.error, origin);
          yield* response.data ?? [];
          if (next === undefined) return;
          if (!isOwn(next)) throw elsewhere(next, origin);
          response = await request({ method: 'GET', url: next });
        }
      } finally {
        // Left before the end: the cluster need not work on. Where it cannot be reached, it stops
        // by itself after some minutes.
        if (next !== undefined && isOwn(next)) {
          await client.axios
            .delete(next, { headers, 'axios-retry': { retries: 0 } })
            .catch(() => undefined);
        }
      }
    },
  };
}

/**
 * As the protocol says, 502, 503 and 504 are repeated, also of the statement itself; so is an
 * response that was cut.
 */
function isRetried(error: AxiosError): boolean {
  const status = error.response?.status;
  if (status !== undefined && status !== 200) return [429, 502, 503, 504].includes(status);
  return (
    isNetworkError(error) || error.code === 'ERR_BAD_RESPONSE' || error.code === 'ECONNABORTED'
  );
}

function unreachable(error: unknown, where: string): HeadwayError {
  const status = axios.isAxiosError(error) ? error.response?.status : undefined;
  if (status === 401 || status === 403) {
    return new HeadwayError(
      'SETTINGS_INVALID',
      `the Trino cluster refuses this user (HTTP ${status})`,
      {
        where,
        fix:
          'Give a user that may read the tables: trino://USER@HOST:PORT/CATALOG/SCHEMA. ' +
          'Passwords are not supported.',
        cause: error,
      },
    );
  }
  return new HeadwayError(
    'SOURCE_UNAVAILABLE',
    `the Trino cluster does not respond (${reasonOf(error)})`,
    {
      where,
      fix:
        tlsFix(String((error as { code?: unknown }).code)) ??
        'Check that it runs and can be reached, and run again; nothing was committed.',
      cause: error,
    },
  );
}

const foreign = (where: string, cause: unknown): HeadwayError =>
  new HeadwayError(
    'SOURCE_UNAVAILABLE',
    'the server is not a Trino cluster: its response is not JSON',
    {
      where,
      fix: 'Check the address; a proxy may have responded.',
      cause,
    },
  );

const elsewhere = (next: string, where: string): HeadwayError =>
  new HeadwayError(
    'SOURCE_UNAVAILABLE',
    `the Trino cluster redirects to another address, ${next.slice(0, 80)}`,
    {
      where,
      fix:
        'Behind a proxy set http-server.process-forwarded=true on the coordinator, or use ' +
        'its own address.',
    },
  );

function refused(
  {
    message = 'no reason given',
    errorName = 'an error',
    errorType,
  }: NonNullable<TrinoResponse['error']>,
  where: string,
) {
  const isOurs = errorType === 'USER_ERROR';
  return new HeadwayError(
    isOurs ? 'SOURCE_INVALID' : 'SOURCE_UNAVAILABLE',
    `Trino says ${errorName}: ${message.slice(0, 500)}`,
    {
      where,
      fix: isOurs
        ? 'Check the statement, which `headway features sql` prints: each feed must be a ' +
          'table of its name in this schema.'
        : 'Run again, or give the cluster more; nothing was committed.',
    },
  );
}
