/**
 * Purpose: the OpenAPI document: what the schemas of the routes give, completed with descriptions,
 * headers, every problem by its status and code, and one component for every schema that has a
 * name.
 * Invariants: a schema with a `title` is a component of that name wherever it is used; the problems
 * shown are made by the code that returns them; a strict linter finds nothing
 * (tests/unit/services/inference/openapi-lint.test.ts).
 * Fails: INTERNAL where two schemas that differ have the same title.
 */
import { STATUS_CODES } from 'node:http';
import type { Domain } from '../../../domains/domain.ts';
import { type ErrorCode, HeadwayError } from '../../../platform/errors.ts';
import { SECURITY_SCHEMES } from '../plugins/route-access.ts';
import { HttpProblem, problemOf } from '../responses/problems.ts';
import { Problem } from './common-schemas.ts';
import {
  BEFORE_ROUTING,
  EVERYWHERE,
  GUARDED,
  LIMITED,
  NOT_READY,
  OPERATIONS,
  type Operation,
} from './operations.ts';
import {
  isHttpCode,
  PROBLEM_CODES,
  PROBLEM_MEANINGS,
  type ProblemCode,
  statusOf,
} from './problem-codes.ts';

// biome-ignore lint/suspicious/noExplicitAny: a JSON document of any shape is walked.
type Json = any;

/** @param wantsKeys false in open mode */
export function openapiInfo(domain: Domain, wantsKeys: boolean, urlPrefix: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: `Headway: ${domain.title}`,
      description:
        `Forecasts in ${domain.unit}, for every ${domain.seriesNoun}. Times are UTC starts ` +
        `of intervals.\n\n` +
        (wantsKeys
          ? 'Requests need an API key with the scope that the operation names.\n\n'
          : 'This instance is in open mode: it requires no key. Each operation names the ' +
            'scope that a key would need.\n\n') +
        'Errors are problem details (RFC 9457) with a stable `code`. The version is in the path. ' +
        'Within a version, members, parameters, codes and reasons may be added, but are never ' +
        'removed or given another meaning: ignore those you do not know. What will be removed is ' +
        'marked `deprecated` here and sent with the headers Deprecation and Sunset for at least ' +
        'six months.',
      version: '1.0.0',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    components: { securitySchemes: SECURITY_SCHEMES },
    servers: [
      {
        url: urlPrefix === '' ? '/' : urlPrefix,
        description: 'The service that this document comes from',
      },
    ],
    tags: [
      { name: 'actuals', description: 'What happened' },
      { name: 'forecasts', description: 'Quantile forecasts' },
      { name: 'groups', description: 'What series add up to' },
      { name: 'health', description: 'For orchestrators' },
      { name: 'model', description: 'What forecasts come from' },
      { name: 'monitoring', description: 'How good forecasts were, and what runs' },
      { name: 'series', description: 'What can be forecast' },
    ],
  };
}

/** Completes the document that @fastify/swagger made of the routes. */
export function completeDocument({ openapiObject: document }: Json): Json {
  const examples: Record<string, Json> = {};
  for (const methods of Object.values<Json>(document.paths)) {
    for (const operation of Object.values<Json>(methods)) {
      const known = OPERATIONS[operation.operationId];
      if (known) completeOperation(operation, known, examples);
    }
  }
  const responses = {
    NotModified: {
      description: 'The copy of the client is still valid',
      headers: { ETag: ref('headers', 'ETag'), 'X-Request-Id': ref('headers', 'RequestId') },
    },
    RequestProblem: problemResponse(
      'Any other problem with the request',
      BEFORE_ROUTING,
      null,
      examples,
    ),
    ServiceProblem: problemResponse(
      'Any other problem with the service',
      ['INTERNAL'],
      null,
      examples,
    ),
  };
  const schemas: Record<string, Json> = {};
  const paths = hoisted(document.paths, schemas);
  const { properties, ...problem } = Problem as Json;
  const code = { ...properties.code, 'x-extensible-enum': PROBLEM_CODES };
  hoisted({ ...problem, properties: { ...properties, code } }, schemas);
  document.paths = Object.fromEntries(
    Object.entries<Json>(paths).map(([path, methods]) => [path, inVerbOrder(methods)]),
  );
  document.components = {
    ...document.components,
    schemas,
    examples,
    headers: HEADERS,
    parameters: PARAMETERS,
    responses,
  };
  return document;
}

const text = (description: string, example: string) => ({
  description,
  schema: { type: 'string' },
  example,
});
const HEADERS = {
  ETag: text(
    'Weak: made from model, promotion, snapshot, shard, fallback and format',
    'W/"3.20260301T040000-1a2b3c.7.42-0f1e2d3c4b5a"',
  ),
  CacheControl: text(
    '`no-cache` (revalidate before reuse) for what has an ETag, `no-store` for the rest',
    'no-cache',
  ),
  RequestId: text('Id of this request; the log has it too', 'order-17'),
  WwwAuthenticate: text(
    'How to authenticate, and what was wrong (RFC 6750)',
    'Bearer realm="headway", error="invalid_token"',
  ),
  RetryAfter: {
    description: 'Seconds to wait before asking again',
    schema: { type: 'integer', minimum: 0 },
    example: 2,
  },
};
const PARAMETERS = {
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'The ETag of a response that the client has: 304 if it is still valid',
    schema: { type: 'string', maxLength: 8192 },
    example: '"3.20260301T040000-1a2b3c.7.42-0f1e2d3c4b5a"',
  },
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    required: false,
    description:
      'An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is ' +
      'replaced',
    schema: { type: 'string' },
    example: 'order-17',
  },
};
const ref = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });
function listed(codes: readonly ProblemCode[]): string {
  return codes.map((code) => `- \`${code}\`: ${PROBLEM_MEANINGS[code]}`).join('\n');
}

function completeOperation(
  operation: Json,
  known: Operation,
  examples: Record<string, Json>,
): void {
  const { description, problems, needsData, revalidates } = known;
  const isProbe = operation.tags[0] === 'health';
  operation.description = description;
  operation.parameters = [
    ...(operation.parameters ?? []),
    ...(revalidates ? [ref('parameters', 'IfNoneMatch')] : []),
    ref('parameters', 'RequestId'),
  ];
  const { 200: good, '4XX': _request, '5XX': _service, ...others } = operation.responses;
  // Examples belong next to a schema that many responses share, not into it.
  for (const [type, media] of Object.entries<Json>(good.content)) {
    const { examples: shown, ...schema } = media.schema;
    Object.assign(media, { schema }, shown ? { example: shown[0] } : {});
    // OpenAPI 3.1 has no word for the schema of a line; 3.2 will (itemSchema).
    if (type === 'application/x-ndjson') media['x-item-schema'] = ref('schemas', 'Forecast').$ref;
  }
  good.headers = {
    ...(revalidates ? { ETag: ref('headers', 'ETag') } : {}),
    'Cache-Control': ref('headers', 'CacheControl'),
    ...good.headers,
    'X-Request-Id': ref('headers', 'RequestId'),
  };
  const guarded = operation.security?.length > 0 ? GUARDED : [];
  const codes: [ProblemCode, number][] = [
    ...problems,
    ...guarded,
    ...EVERYWHERE,
    ...(isProbe ? [] : LIMITED),
  ].map((code) => [code, statusOf(code)]);
  if (needsData) codes.push(...NOT_READY.map((code): [ProblemCode, number] => [code, 503]));
  operation.responses = {
    200: good,
    ...others,
    ...(revalidates ? { 304: ref('responses', 'NotModified') } : {}),
    ...problemResponses(codes, examples),
    '4XX': ref('responses', 'RequestProblem'),
    '5XX': ref('responses', 'ServiceProblem'),
  };
}

/** One response a status. */
function problemResponses(
  codes: readonly [ProblemCode, number][],
  examples: Record<string, Json>,
): Record<string, Json> {
  const statuses = [...new Set(codes.map(([, status]) => status))].sort();
  return Object.fromEntries(
    statuses.map((status) => {
      const here = codes.filter((one) => one[1] === status).map(([code]) => code);
      return [
        String(status),
        problemResponse(STATUS_CODES[status] as string, here, status, examples),
      ];
    }),
  );
}

/** Its examples are one problem a code. @param status null: each code's own */
function problemResponse(
  title: string,
  codes: readonly ProblemCode[],
  status: number | null,
  examples: Record<string, Json>,
): Json {
  const shown = codes.map((code) => {
    const name = status === null || status === statusOf(code) ? code : `${code}.${status}`;
    examples[name] ??= {
      summary: PROBLEM_MEANINGS[code],
      value: { ...exampleProblem(code), status: status ?? statusOf(code) },
    };
    return [code, ref('examples', name)];
  });
  return {
    description: `${title}:\n\n${listed(codes)}`,
    headers: {
      'X-Request-Id': ref('headers', 'RequestId'),
      ...(status === 401 ? { 'WWW-Authenticate': ref('headers', 'WwwAuthenticate') } : {}),
      ...(status === 429 || status === 503 ? { 'Retry-After': ref('headers', 'RetryAfter') } : {}),
    },
    content: {
      'application/problem+json': {
        schema: ref('schemas', 'Problem'),
        examples: Object.fromEntries(shown),
      },
    },
  };
}

function exampleProblem(code: ProblemCode): Problem {
  const meaning = PROBLEM_MEANINGS[code];
  return problemOf(
    isHttpCode(code)
      ? new HttpProblem(code, meaning)
      : new HeadwayError(code as ErrorCode, meaning),
    'order-17',
  );
}

/**
 * The node with every titled schema in it turned into a reference; the schemas themselves go to
 * `schemas`.
 */
function hoisted(node: Json, schemas: Record<string, Json>): Json {
  if (Array.isArray(node)) return node.map((one) => hoisted(one, schemas));
  if (node === null || typeof node !== 'object') return node;
  const isData = (key: string) =>
    key === 'example' || key === 'examples' || key === 'default' || key === 'enum';
  const inner = Object.fromEntries(
    Object.entries<Json>(node).map(([key, value]) => [
      key,
      isData(key) ? value : hoisted(value, schemas),
    ]),
  );
  const { title, examples, ...schema } = inner;
  if (typeof title !== 'string' || schema.type === undefined) return inner;
  const before = schemas[title];
  schemas[title] = before ?? schema;
  if (before !== undefined && JSON.stringify(before) !== JSON.stringify(schema))
    throw new HeadwayError('INTERNAL', `two schemas that differ are named ${title}`);
  return ref('schemas', title);
}

const VERBS = ['get', 'head', 'post', 'put', 'patch', 'delete'];
const inVerbOrder = (methods: Json): Json =>
  Object.fromEntries(
    Object.entries(methods).sort(([a], [b]) => VERBS.indexOf(a) - VERBS.indexOf(b)),
  );
