/**
 * Purpose: requests made from the OpenAPI document: all that is valid by it, and what is wrong in
 * exactly one place.
 * Invariants: a request that is invalid by a schema must be refused; the same draws make the same
 * request.
 * Fails: never.
 */
import type { Random } from '../../platform/random.ts';
import type { Json } from '../fixtures/dereferenced.ts';
import { fitting, misfitting, pick } from './from-schema.ts';
import type { Expected } from './judge.ts';
import type { Manner } from './wire.ts';

export interface FuzzRequest {
  /** What kind of trouble it is, for the report. */
  readonly kind: string;
  readonly chunks: readonly Buffer[];
  readonly manner: Manner;
  readonly expected: Expected;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly spec: Json;
}

export const operationsOf = (document: Json): Operation[] =>
  Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, spec]) => ({
      method: method.toUpperCase(),
      path,
      spec,
    })),
  );

export function httpRequest(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body?: Buffer | string,
): Buffer {
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(body as string);
  const lines = Object.entries({
    host: 'localhost',
    connection: 'close',
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(bytes.length) }),
    ...headers,
  });
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const head = `${method} ${target} HTTP/1.1\r\n${text}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}

/** Texts that are no integer to this API. */
const NO_INTEGERS = [
  '0x10',
  '1e3',
  '',
  'NaN',
  '99999999999999999999',
  ' 5',
  '５',
  '-1',
  '1.0',
  'true',
  '٣',
];

export function shapedRequest(
  operation: Operation,
  random: Random,
  ids: readonly string[],
): FuzzRequest {
  const { method, path, spec } = operation;
  const parameters: Json[] = spec.parameters ?? [];
  const schema = spec.requestBody?.content['application/json'].schema;
  const inQuery = parameters.filter((one) => one.in === 'query');
  // Only what the schemas can refuse: a path matches or it is another one.
  const breakable = [
    ...inQuery.map((one) => one.name),
    ...(schema ? ['body', 'body', 'body', 'body'] : []),
  ];
  const broken = breakable.length > 0 && random() < 0.35 ? pick(random, breakable) : null;
  let outcome: Expected['outcome'] = 'response';

  const filled = path.replace(/\{(\w+)\}/g, (_, name) => {
    const parameter = parameters.find((one) => one.name === name);
    return encoded(fitting(parameter.schema, random, ids, name));
  });
  const pairs = inQuery.flatMap(({ name, schema: of }) => {
    if (name === broken) {
      outcome = 'refuse';
      return [random() < 0.1 ? `${name}=5&${name}=6` : `${name}=${brokenText(of, random)}`];
    }
    return random() < 0.5 ? [`${name}=${encoded(fitting(of, random, ids, name))}`] : [];
  });
  const headers: Record<string, string> = {};
  for (const { name, schema: of } of parameters.filter((one) => one.in === 'header')) {
    // Header values are bytes of one line.
    if (name === 'If-None-Match' && random() < 0.1) headers[name] = '*';
    else if (random() < 0.3)
      headers[name] =
        String(fitting(of, random, ids, name))
          .replace(/[^\x20-\x7e]/g, '?')
          .trim() || 'x';
  }
  if (random() < 0.2)
    headers.accept = pick(random, [
      '*/*',
      'text/csv',
      'application/json;q=0.1, */*;q=0',
      'application/x-ndjson',
      'application/vnd.apache.parquet',
      'image/png',
    ]);
  let body: string | undefined;
  if (schema) {
    const wrong = broken === 'body' ? misfitting(schema, random, ids) : null;
    if (wrong) outcome = 'refuse';
    body = JSON.stringify(wrong ? wrong.value : fitting(schema, random, ids));
  }
  const target = `${filled}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
  return {
    kind: outcome === 'refuse' ? 'shaped, invalid' : 'shaped',
    chunks: [httpRequest(method, target, headers, body)],
    manner: 'plain',
    expected: { operationId: spec.operationId, outcome },
  };
}

function brokenText(schema: Json, random: Random): string {
  if (schema.type === 'integer')
    return pick(
      random,
      NO_INTEGERS.filter((text) => !(schema.minimum === 0 && text === '0')),
    ).replace(/[^\x21-\x7e]/g, encodeURIComponent);
  if (schema.enum) return pick(random, ['xml', 'JSON', '', 'csv,json', '%00']);
  return pick(random, [
    '%2e%2e%2f',
    '!',
    '%ff%fe',
    'x'.repeat((schema.maxLength ?? 64) + 1).concat('%'),
    '%20',
    '..%2f',
  ]);
}

/** As it would stand in a URL; half of a pair of surrogates cannot. */
function encoded(value: Json): string {
  return encodeURIComponent(
    String(value).replace(/[\ud800-\udfff]/g, (one, at, all) => (isPaired(all, at) ? one : '?')),
  );
}

function isPaired(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  const other = text.charCodeAt(code < 0xdc00 ? at + 1 : at - 1);
  return code < 0xdc00 ? other >= 0xdc00 && other < 0xe000 : other >= 0xd800 && other < 0xdc00;
}
