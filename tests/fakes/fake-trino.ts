/**
 * Purpose: a coordinator on loopback that responds as Trino's REST protocol says, and runs the
 * statements as they stand in DuckDB.
 * Invariants: results are cut into pages of `pageRows`; a page may be asked for again until a later
 * one was asked for, and then is gone; `trouble` may respond in its place, once for each entry.
 * Fails: the test, where a page is asked for that is gone.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { DuckDBInstance } from '@duckdb/node-api';

/** What goes wrong with the n-th request (from 0), instead of a response. */
export type Trouble = (response: ServerResponse, request: IncomingMessage) => void;

export interface FakeTrino {
  readonly origin: string;
  readonly seen: {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingMessage['headers'];
  }[];
  readonly statements: string[];
  readonly trouble: Map<number, Trouble>;
  close(): Promise<void>;
}

/** @param tables statements that make the tables that a cluster would have */
export async function fakeTrino(tables: readonly string[], pageRows = 3): Promise<FakeTrino> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  for (const table of tables) await connection.run(table);
  const seen: FakeTrino['seen'][number][] = [];
  const statements: string[] = [];
  const trouble = new Map<number, Trouble>();
  const running = new Map<string, { rows: unknown[][]; token: number }>();
  let origin = '';

  const pageOf = (id: string, token: number) => {
    const query = running.get(id);
    if (query === undefined || token < query.token) return null;
    query.token = token;
    const first = token * pageRows;
    const data = query.rows.slice(first, first + pageRows);
    const isLast = first + pageRows >= query.rows.length;
    return {
      id,
      stats: { state: isLast ? 'FINISHED' : 'RUNNING' },
      ...(data.length > 0 ? { data } : {}),
      ...(isLast ? {} : { nextUri: `${origin}/v1/statement/executing/${id}/y/${token + 1}` }),
    };
  };

  async function respond(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const url = request.url ?? '';
    const [, id, token] = /^\/v1\/statement\/executing\/([^/]+)\/y\/(\d+)$/.exec(url) ?? [];
    if (request.method === 'DELETE' && id !== undefined) {
      running.delete(id);
      return { status: 204, body: null };
    }
    if (request.method === 'GET' && id !== undefined) {
      const page = pageOf(id, Number(token));
      return page === null ? { status: 404, body: 'Query not found' } : { status: 200, body: page };
    }
    if (request.method !== 'POST' || url !== '/v1/statement') return { status: 405, body: null };
    const sql = await text(request);
    statements.push(sql);
    const made = `q${statements.length}`;
    try {
      running.set(made, {
        rows: (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][],
        token: 0,
      });
    } catch (error) {
      const message = (error as Error).message.split('\n')[0];
      return {
        status: 200,
        body: { id: made, error: { message, errorName: 'SYNTAX_ERROR', errorType: 'USER_ERROR' } },
      };
    }
    // As the real one does: the first response has no data, and says where the first page will be.
    return {
      status: 200,
      body: {
        id: made,
        nextUri: `${origin}/v1/statement/executing/${made}/y/0`,
        stats: { state: 'QUEUED' },
      },
    };
  }

  const server = createServer((request, response) => {
    const wrong = trouble.get(seen.length);
    seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    if (wrong !== undefined) {
      request.resume();
      wrong(response, request);
      return;
    }
    void respond(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(
        body === null ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    seen,
    statements,
    trouble,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      connection.closeSync();
      instance.closeSync();
    },
  };
}
