/**
 * Purpose: the codes that problems carry over HTTP, with what each means: for the OpenAPI document,
 * the reference and the tests.
 * Invariants: a code is never taken away and never gets another meaning within a version of the
 * API; clients must expect new ones.
 * Fails: the type checker refuses an operation that names a code which is not here.
 */
import { ERROR_CODES, type ErrorCode } from '../../../platform/errors.ts';
import { HTTP_PROBLEMS, type HttpProblemCode } from '../responses/problems.ts';

/** Code → what it means. The detail of a problem says more, its fix what to do. */
export const PROBLEM_MEANINGS = {
  REQUEST_INVALID: 'path, query or body do not match the schema; `errors` says where',
  BODY_INVALID: 'the body is not a JSON object that this service accepts',
  BODY_TOO_LARGE: 'the body is larger than this service accepts',
  MEDIA_TYPE_UNSUPPORTED: 'the body is of another type than JSON',
  URL_INVALID: 'the path is not well formed, or a part of it is too long',
  NOT_ACCEPTABLE: 'the response is available in none of the types that Accept names',
  ROUTE_NOT_FOUND: 'there is nothing at this path',
  METHOD_NOT_ALLOWED: 'the path has no such method; Allow names those it has',
  REQUEST_MALFORMED: 'the bytes are not an HTTP request',
  REQUEST_TIMED_OUT: 'the request took too long to arrive',
  HEADERS_TOO_LARGE: 'the headers are larger than this service accepts',
  API_KEY_MISSING: 'the request has no API key as a bearer token',
  API_KEY_UNKNOWN: 'the API key is not one of this service',
  API_KEY_EXPIRED: 'the API key has expired',
  API_KEY_REVOKED: 'the API key was revoked',
  SCOPE_MISSING: 'the API key does not have the scope of this operation',
  ANSWER_TOO_LARGE:
    'the response is larger than AWS Lambda, where the service runs on it, lets through',
  RATE_LIMITED: 'this client sent more requests than it may; Retry-After says when to try again',
  OVERLOADED: 'the service is overloaded; Retry-After says when to try again',
  STOPPING: 'this instance is stopping; another one will respond',
  ACTUALS_OFF: 'this service stores no actuals',
  SERIES_UNKNOWN: 'there is no series with this id',
  SERIES_OF_ANOTHER_SHARD:
    'this service serves a shard of the series, and the id belongs to the one that `shard` names',
  GROUP_UNKNOWN: 'there is no group with this id',
  TOTAL_OF_SEVERAL_SHARDS:
    'this service serves a shard of the series, and a total needs those of all shards',
  WINDOW_INVALID: 'forecasts do not add up to windows of this length',
  HORIZON_INVALID: 'the model does not forecast so many steps',
  LEVEL_UNKNOWN: 'the model has no interval of this level',
  HISTORY_INVALID: 'a value or the start of the history cannot be used',
  HISTORY_TOO_SHORT: 'too few recent values are known',
  EXOGENOUS_INVALID: 'the model reads no such column, or a value of it cannot be used',
  ACTUALS_INVALID: 'a value or the start of the actuals cannot be used',
  IDEMPOTENCY_CONFLICT: 'this Idempotency-Key was used with other content',
  USAGE: 'this cutoff cannot be explained',
  MODEL_INCOMPATIBLE: 'the served model cannot do this',
  NO_CHAMPION: 'no model has been promoted yet',
  MODEL_NOT_FOUND: 'the promoted model is not in the store',
  MODEL_CORRUPT: 'the model cannot be read',
  SNAPSHOT_EMPTY: 'no features have been committed yet',
  SNAPSHOT_COLLECTED: 'the snapshot is no longer in the store',
  STORE_UNAVAILABLE: 'the store does not respond',
  STORE_CORRUPT: 'something in the store is damaged',
  STORE_FULL: 'the store is full',
  INTERNAL: 'an unexpected error; the log has it under the `instance` of the problem',
} as const satisfies Partial<Record<ErrorCode | HttpProblemCode, string>>;
export type ProblemCode = keyof typeof PROBLEM_MEANINGS;

export const PROBLEM_CODES = Object.keys(PROBLEM_MEANINGS) as ProblemCode[];

export const isHttpCode = (code: ProblemCode): code is ProblemCode & HttpProblemCode =>
  code in HTTP_PROBLEMS;

/** The status of a code, where nothing else is said of it. */
export const statusOf = (code: ProblemCode): number =>
  isHttpCode(code) ? HTTP_PROBLEMS[code].status : ERROR_CODES[code as ErrorCode].http;
