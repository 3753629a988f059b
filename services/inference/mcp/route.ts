/**
 * Purpose: `POST /mcp`: agents ask over HTTP, with the keys and limits of the API.
 * Invariants: a tool is a GET of this app with the caller's own key: it may read what the key may.
 * Fails: as the key, the limits and JSON do; 400 for a message that is no JSON-RPC; a ledger that
 * cannot be read is logged, and no reason to keep data back.
 */
import * as Type from 'typebox';
import type { App } from '../plugins/app.ts';
import type { ForecastLedger } from '../ports.ts';
import type { RouteContext } from '../routes/context.ts';
import { type JsonRpcMessage, replyTo } from './messages.ts';

const Message = Type.Object({
  jsonrpc: Type.Literal('2.0'),
  id: Type.Optional(Type.Union([Type.String({ maxLength: 200 }), Type.Integer()])),
  method: Type.String({ maxLength: 200 }),
  params: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

export interface McpOptions {
  readonly context: Pick<RouteContext, 'state' | 'handlerTimeoutMs'>;
  readonly ledger: ForecastLedger | null;
}

export async function mcpRoute(app: App, { context, ledger }: McpOptions): Promise<void> {
  app.post(
    '/mcp',
    {
      config: { access: 'forecasts:read' },
      schema: { hide: true, body: Message },
      handlerTimeout: context.handlerTimeoutMs,
    },
    async (request, reply) => {
      const { authorization } = request.headers;
      const message = await replyTo(request.body as JsonRpcMessage, {
        async ask(url) {
          const headers = authorization === undefined ? {} : { authorization };
          // For the limits of the caller, not of this host.
          const remoteAddress = request.ip;
          const response = await app.inject({ method: 'GET', url, headers, remoteAddress });
          return { status: response.statusCode, body: response.json() };
        },
        async ids() {
          const serving = context.state.current();
          if (serving === null) return null;
          const { model, snapshot } = serving;
          const head = await ledger?.head?.().catch((error: unknown) => {
            request.log.warn(
              { reqId: request.id, err: error },
              'the head of the ledger cannot be read',
            );
            return null;
          });
          return {
            modelVersion: model.champion && model.card.modelVersion,
            snapshotVersion: snapshot.manifest.snapshotVersion,
            ledger: head ?? null,
          };
        },
      });
      reply.header('cache-control', 'no-store');
      // A notification is taken, and has no reply.
      if (message === null) return reply.code(202).send();
      return reply.type('application/json').send(message);
    },
  );
}
