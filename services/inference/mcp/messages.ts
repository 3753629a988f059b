/**
 * Purpose: the server's side of the Model Context Protocol, as far as tools go: one JSON-RPC
 * message in, one out.
 * Invariants: reads only; each result of a tool names the model, the snapshot and the entry of the
 * ledger that it is of, as the data itself names them; without a session: any instance of the
 * service replies to any message.
 * Fails: never; what is wrong is a JSON-RPC error, and a problem of the API a result with isError.
 * Source: the Model Context Protocol, revision 2025-06-18. Our own, because it is three methods:
 * the official SDK has 17 dependencies, a web framework among them (docs/decisions/0050).
 */
import { describedTool, pathOf, TOOLS } from './tools.ts';

const VERSIONS = ['2025-06-18', '2025-03-26', '2024-11-05'];
const METHOD_NOT_FOUND = -32601;
const INVALID_PARAMS = -32602;

export interface JsonRpcMessage {
  readonly jsonrpc: '2.0';
  readonly id?: string | number;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** What a result is of. */
export interface ResultIds {
  readonly modelVersion: string | null;
  readonly snapshotVersion: string;
  /** The newest entry of the ledger, and its hash; null where there is none that can be read. */
  readonly ledger: { readonly number: number; readonly sha256: string } | null;
}

export interface McpPorts {
  /** GET of the API. */
  ask(path: string): Promise<{ readonly status: number; readonly body: unknown }>;
  /** null while nothing is served. */
  ids(): Promise<ResultIds | null>;
}

/** @returns null for a notification, which has no reply */
export async function replyTo(
  { id, method, params = {} }: JsonRpcMessage,
  ports: McpPorts,
): Promise<object | null> {
  if (id === undefined) return null;
  const reply = (result: object) => ({ jsonrpc: '2.0', id, result });
  const refuse = (code: number, message: string) => ({
    ...{ jsonrpc: '2.0', id, error: { code, message } },
  });
  if (method === 'initialize') return reply(introduction(params));
  if (method === 'ping') return reply({});
  if (method === 'tools/list') return reply({ tools: TOOLS.map(describedTool) });
  if (method !== 'tools/call') return refuse(METHOD_NOT_FOUND, `there is no method ${method}`);
  const tool = TOOLS.find(({ name }) => name === params.name);
  if (tool === undefined) return refuse(INVALID_PARAMS, `there is no tool ${params.name}`);
  let path: string;
  try {
    path = pathOf(tool, (params.arguments ?? {}) as Record<string, unknown>);
  } catch (error) {
    return refuse(INVALID_PARAMS, (error as Error).message);
  }
  const [{ status, body }, served] = await Promise.all([ports.ask(path), ports.ids()]);
  const ids = served && { ...served, ...(status === 200 ? versionsIn(body) : {}) };
  const structuredContent = status === 200 ? { ids, data: body } : { ids, problem: body };
  const content = [{ type: 'text', text: JSON.stringify(structuredContent) }];
  return reply({ content, structuredContent, isError: status !== 200 });
}

/** What the data itself says it is of: that may be a baseline, or what was served a moment ago. */
function versionsIn(body: unknown): Partial<Pick<ResultIds, 'modelVersion' | 'snapshotVersion'>> {
  const { modelVersion, snapshotVersion } = body as Readonly<Record<string, unknown>>;
  return {
    ...(typeof modelVersion === 'string' ? { modelVersion } : {}),
    ...(typeof snapshotVersion === 'string' ? { snapshotVersion } : {}),
  };
}

const introduction = ({ protocolVersion }: Readonly<Record<string, unknown>>) => ({
  protocolVersion: VERSIONS.find((version) => version === protocolVersion) ?? VERSIONS[0],
  capabilities: { tools: {} },
  serverInfo: { name: 'headway', version: '1.0.0' },
  instructions:
    'Forecasts with quantiles. Cite modelVersion, snapshotVersion and the ledger entry of `ids` ' +
    'with every number. Nothing can be written.',
});
