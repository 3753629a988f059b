/**
 * Purpose: between AWS's HTTP events (payload 2.0: HTTP API and Function URL) and requests as Node
 * would have got them.
 * Invariants: the path is without the stage and well formed, whether AWS decoded it (HTTP API) or
 * not (Function URL); the query stays as it was sent; the request id is the caller's if it is
 * harmless, else AWS's own; a response carries no header of a connection, and is below what Lambda
 * lets through: a large one is compressed where the caller takes that.
 * Fails: a response that is too large even so becomes a problem document.
 */
import { METHODS } from 'node:http';
import { constants, gzipSync } from 'node:zlib';
import { HttpProblem, problemOf } from '../../services/inference/responses/problems.ts';

export interface LambdaHttpEvent {
  readonly version?: string;
  readonly rawPath: string;
  readonly rawQueryString?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: {
    readonly http: { readonly method: string; readonly sourceIp?: string };
    readonly stage?: string;
    readonly requestId?: string;
  };
}

export interface LambdaResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
  readonly cookies?: readonly string[];
}

/** Of the whole response as JSON, less some room: Lambda itself allows 6,291,556 bytes. */
const MAX_BYTES = 6_200_000;
/** From here on compressing saves more than it costs. */
const WORTH_COMPRESSING = 32_768;
/**
 * Of the connection to us, which there is none of; and a length that counts bytes before they were
 * compressed.
 */
const LEFT_OUT = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);
const HARMLESS_ID = /^[\w.-]{1,64}$/;

export function isHttpEvent(event: unknown): event is LambdaHttpEvent {
  const { rawPath, requestContext } = (event ?? {}) as Partial<LambdaHttpEvent>;
  return typeof rawPath === 'string' && METHODS.includes(requestContext?.http?.method ?? '');
}

/** The event with path, query and request id as a server would have seen them. */
export function asRequested(event: LambdaHttpEvent, awsRequestId: string): LambdaHttpEvent {
  const { stage = '$default' } = event.requestContext;
  const given = Object.entries(event.headers ?? {}).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  const headers = Object.fromEntries(given.filter(([, value]) => typeof value === 'string'));
  const id = headers['x-request-id'];
  headers['x-request-id'] = id !== undefined && HARMLESS_ID.test(id) ? id : awsRequestId;
  const query = event.rawQueryString ? `?${event.rawQueryString}` : '';
  const {
    rawPath,
    requestContext,
    version = '2.0',
    cookies,
    body,
    isBase64Encoded = false,
  } = event;
  return {
    ...{
      version,
      requestContext,
      headers,
      isBase64Encoded,
      rawPath: wellFormed(withoutStage(rawPath, stage)) + query,
    },
    ...(cookies === undefined ? {} : { cookies }),
    ...(body === undefined ? {} : { body }),
  };
}

function withoutStage(path: string, stage: string): string {
  if (stage === '$default' || !(path === `/${stage}` || path.startsWith(`/${stage}/`))) return path;
  return path.slice(stage.length + 1) || '/';
}

/**
 * An HTTP API decodes paths. What no encoded path can hold is encoded again; what was never decoded
 * stays as it is.
 */
function wellFormed(path: string): string {
  const rooted = path.startsWith('/') ? path : `/${path}`;
  return rooted.replace(/%(?![0-9a-f]{2})|[^!-~]|[?#"<>\\^`{|}]/giu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  );
}

/** @param response as @fastify/aws-lambda made it */
export function asResponse(response: LambdaResponse, event: LambdaHttpEvent): LambdaResponse {
  const requestId = event.headers?.['x-request-id'] ?? '';
  // The library responds so where the app gave none at all: it has written why to the log.
  if (response.statusCode === 500 && response.body === '')
    return problemResponse(new Error('no response'), requestId);
  const headers = Object.fromEntries(
    Object.entries(response.headers).filter(([name]) => !LEFT_OUT.has(name)),
  );
  const plain = { ...response, headers };
  const sent = mayCompress(plain, event) ? compressed(plain) : plain;
  // JSON needs two bytes for some characters, and six for a few that forecasts have none of.
  const isSmall = sent.body.length * 3 < MAX_BYTES;
  if (isSmall || Buffer.byteLength(JSON.stringify(sent)) < MAX_BYTES) return sent;
  return problemResponse(
    new HttpProblem('ANSWER_TOO_LARGE', 'the response is larger than Lambda lets through'),
    requestId,
  );
}

function mayCompress(
  { headers, body, isBase64Encoded }: LambdaResponse,
  event: LambdaHttpEvent,
): boolean {
  if (isBase64Encoded || body.length < WORTH_COMPRESSING || 'content-encoding' in headers)
    return false;
  const accepted = (event.headers?.['accept-encoding'] ?? '')
    .split(',')
    .map((one) => one.trim().toLowerCase());
  return accepted.some((one) => /^gzip($|\s*;)/.test(one) && !/;\s*q=0(\.0*)?$/.test(one));
}

function compressed(response: LambdaResponse): LambdaResponse {
  const bytes = gzipSync(response.body, { level: constants.Z_BEST_SPEED });
  const { vary } = response.headers;
  const headers = {
    ...response.headers,
    'content-encoding': 'gzip',
    vary: vary === undefined ? 'accept-encoding' : `${vary}, accept-encoding`,
  };
  return { ...response, headers, body: bytes.toString('base64'), isBase64Encoded: true };
}

/** A problem document for what never reached the app, or what of the app's cannot be sent. */
export function problemResponse(error: unknown, requestId: string): LambdaResponse {
  const problem = problemOf(error, requestId);
  const headers = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-request-id': requestId,
  };
  return {
    statusCode: problem.status,
    headers,
    body: JSON.stringify(problem),
    isBase64Encoded: false,
  };
}
