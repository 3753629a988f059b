/**
 * Purpose: every error leaves the service as RFC 9457 problem details.
 * Invariants: the URN of a code never changes; a problem holds no stack, no payload and nothing
 * about an unexpected error but its instance, under which the log has the rest.
 * Fails: never; what it does not know becomes INTERNAL.
 */
import { STATUS_CODES } from 'node:http';
import type { FastifyError } from 'fastify';
import { HeadwayError, isHeadwayError } from '../../../platform/errors.ts';
import type { Problem } from '../openapi/common-schemas.ts';
import { overloaded } from '../overloaded.ts';

/** Codes that only HTTP has: code → status, and what to do about it. */
export const HTTP_PROBLEMS = {
  ROUTE_NOT_FOUND: { status: 404, fix: 'GET /openapi.json lists what there is; /docs shows it.' },
  METHOD_NOT_ALLOWED: { status: 405, fix: 'Use one of the methods that Allow names.' },
  NOT_ACCEPTABLE: { status: 406, fix: 'Accept one of these types, or leave Accept out.' },
  ACTUALS_OFF: {
    status: 403,
    fix: 'Set HEADWAY_ACTUALS=on if this service may write to its store.',
  },
  REQUEST_INVALID: {
    status: 400,
    fix: 'Correct what `errors`, or else the detail, names; /docs shows the schema.',
  },
  BODY_INVALID: {
    status: 400,
    fix: 'Send one well-formed JSON object as application/json, in UTF-8.',
  },
  BODY_TOO_LARGE: { status: 413, fix: 'Send fewer series or a shorter history at once.' },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, fix: 'Send JSON, with Content-Type: application/json.' },
  URL_INVALID: {
    status: 400,
    fix: 'Percent-encode the path as UTF-8; ids have at most 128 characters.',
  },
  REQUEST_MALFORMED: { status: 400, fix: 'Send a well-formed HTTP/1.1 request.' },
  REQUEST_TIMED_OUT: { status: 408, fix: 'Send the request faster.' },
  HEADERS_TOO_LARGE: { status: 431, fix: 'Send fewer or shorter headers.' },
  API_KEY_MISSING: {
    status: 401,
    fix: 'Send `Authorization: Bearer hw_…`; the operator of this service creates keys.',
  },
  API_KEY_UNKNOWN: {
    status: 401,
    fix: 'Check that the whole key was copied, and that it is one of this service.',
  },
  API_KEY_EXPIRED: { status: 401, fix: 'Ask for a new key: `headway keys rotate` makes one.' },
  API_KEY_REVOKED: { status: 401, fix: 'Ask for a new key: `headway keys create` makes one.' },
  SCOPE_MISSING: {
    status: 403,
    fix: 'Ask for a key with this scope; the docs name the scope of each route.',
  },
  ANSWER_TOO_LARGE: {
    status: 400,
    fix:
      'Accept gzip, or ask for less at once: pages (limit, cursor), a shorter horizon, ' +
      'fewer levels.',
  },
  RATE_LIMITED: {
    status: 429,
    fix:
      'Wait for the seconds that Retry-After names; POST /v1/forecasts takes many series ' +
      'at once.',
  },
  STOPPING: { status: 503, fix: 'Try again: another instance will respond.' },
  SERIES_OF_ANOTHER_SHARD: {
    status: 421,
    fix: 'Send the request to the service of the shard that `shard` names.',
  },
} as const;
export type HttpProblemCode = keyof typeof HTTP_PROBLEMS;

/** Fastify's own error codes → ours. */
const FASTIFY_CODES: Record<string, HttpProblemCode> = {
  FST_ERR_VALIDATION: 'REQUEST_INVALID',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'MEDIA_TYPE_UNSUPPORTED',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'BODY_INVALID',
  FST_ERR_CTP_INVALID_JSON_BODY: 'BODY_INVALID',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'BODY_INVALID',
  FST_ERR_BAD_URL: 'URL_INVALID',
  FST_ERR_MAX_PARAM_LENGTH: 'URL_INVALID',
  FST_ERR_NOT_FOUND: 'ROUTE_NOT_FOUND',
};

/** In place of Fastify's text, which repeats the whole URL. */
const URL_DETAIL = 'the path is not well formed, or a part of it is too long';

/** An error that only HTTP has, for hooks to throw. */
export class HttpProblem extends Error {
  readonly problemCode: HttpProblemCode;
  /** Members of the problem that only its code has. */
  readonly members: Pick<Problem, 'shard'>;

  constructor(problemCode: HttpProblemCode, message: string, members: Pick<Problem, 'shard'> = {}) {
    super(message);
    this.problemCode = problemCode;
    this.members = members;
  }
}

/**
 * Nothing is served yet, and why. Always a 503: the store's own status (404, 500) would blame the
 * request, which is fine, and the state may heal.
 */
export class NotReady extends Error {
  readonly reason: HeadwayError;

  constructor(reason: HeadwayError | null) {
    super('nothing is served yet');
    this.reason =
      reason ??
      new HeadwayError('STORE_UNAVAILABLE', 'the store has not replied yet', {
        fix: 'Try again in a few seconds.',
      });
  }
}

/** To catch with: what the store cannot say now is a 503, and not a fault of the request. */
export function asNotReady(error: unknown): never {
  throw isHeadwayError(error) ? new NotReady(error) : error;
}

export function problemOf(error: unknown, requestId: string): Problem {
  const instance = `urn:headway:request:${requestId}`;
  if (isHeadwayError(error)) {
    const detail = error.message;
    return {
      ...named(error.code, error.httpStatus),
      detail,
      instance,
      ...(error.fix ? { fix: error.fix } : {}),
    };
  }
  if (error instanceof NotReady) return { ...problemOf(error.reason, requestId), status: 503 };
  if ((error as Partial<FastifyError> | null)?.code === 'FST_ERR_HANDLER_TIMEOUT')
    return problemOf(overloaded((error as Error).message), requestId);
  const code = httpCode(error);
  if (code === null) {
    const fix = 'Report it with the instance; the log says more under that name.';
    return {
      ...named('INTERNAL', 500),
      detail: 'An unexpected error happened in the service.',
      instance,
      fix,
    };
  }
  const { status, fix } = HTTP_PROBLEMS[code];
  const { message, validation, validationContext = 'body' } = error as FastifyError;
  // A choice that was not met also lists what each branch lacks: noise next to the choice itself.
  const choice = validation?.filter((one) => one.keyword === 'oneOf') ?? [];
  const errors = (choice.length > 0 ? choice : validation)?.map((one) => ({
    path: `${validationContext}${one.instancePath}`,
    message: validationMessage(one),
  }));
  const detail = errors
    ? `${errors[0].path} ${errors[0].message}`
    : code === 'URL_INVALID'
      ? URL_DETAIL
      : message;
  const members = error instanceof HttpProblem ? error.members : {};
  return { ...named(code, status), detail, instance, fix, ...members, ...(errors && { errors }) };
}

/**
 * A whole HTTP response to bytes that are not an HTTP request.
 * @param errorCode of Node's parser
 */
export function brokenConnectionResponse(errorCode: string | undefined): string {
  const code: HttpProblemCode =
    errorCode === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? 'REQUEST_TIMED_OUT'
      : errorCode === 'HPE_HEADER_OVERFLOW'
        ? 'HEADERS_TOO_LARGE'
        : 'REQUEST_MALFORMED';
  const { status, fix } = HTTP_PROBLEMS[code];
  const detail = STATUS_CODES[status];
  const instance = 'urn:headway:request:unparsed';
  const body = JSON.stringify({ ...named(code, status), detail, instance, fix });
  const head = [
    `HTTP/1.1 ${status} ${detail}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function named(code: string, status: number) {
  const words = code.toLowerCase().split('_');
  const sentence = words.join(' ');
  return {
    type: `urn:headway:problem:${words.join('-')}`,
    title: sentence[0].toUpperCase() + sentence.slice(1),
    status,
    code,
  };
}

function httpCode(error: unknown): HttpProblemCode | null {
  if (error instanceof HttpProblem) return error.problemCode;
  if (!(error instanceof Error)) return null;
  const { code, statusCode, validation } = error as FastifyError;
  if (validation) return 'REQUEST_INVALID';
  if (code in FASTIFY_CODES) return FASTIFY_CODES[code];
  // A refusal by the JSON parser (for example of __proto__) has a status but no code.
  if (statusCode === 400) return 'BODY_INVALID';
  // So has one of the files of /docs: what may not be had is not there.
  if (statusCode === 403 || statusCode === 404) return 'ROUTE_NOT_FOUND';
  return statusCode === 412 || statusCode === 416 ? 'REQUEST_MALFORMED' : null;
}

function validationMessage(one: NonNullable<FastifyError['validation']>[number]): string {
  const { additionalProperty } = one.params as { additionalProperty?: string };
  if (one.keyword === 'oneOf')
    return 'must be an object with either `seriesIds` or `history`, and not both';
  if (additionalProperty !== undefined)
    return `must not have the property ${JSON.stringify(additionalProperty.slice(0, 64))}`;
  if (one.keyword === 'pattern' && String(one.params.pattern).endsWith('Z$'))
    return 'must be a time in UTC that ends in Z (not +00:00), e.g. 2026-03-01T22:00:00Z';
  return one.message ?? 'is not valid';
}
