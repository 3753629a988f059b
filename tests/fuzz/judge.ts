/**
 * Purpose: whether an exchange is one that the contract allows; what is wrong with it otherwise, in
 * one line.
 * Invariants: no 5xx but back-pressure that says when to come back; every 4xx a problem document
 * with a code that is documented, for the operation where there is one; every 200 an instance of
 * its schema; no secret of the inside.
 * Fails: never.
 */
import { Compile, type Validator } from 'typebox/compile';
import { PROBLEM_CODES } from '../../services/inference/openapi/problem-codes.ts';
import { dereferenced, type Json } from '../fixtures/dereferenced.ts';
import type { Exchange, WireResponse } from './wire.ts';

/** What of a request the verdict depends on. */
export interface Expected {
  /** The operation it was made for; null where it may end anywhere. */
  readonly operationId: string | null;
  /**
   * `response`: there must be one; `refuse`: one of 4xx; `maybe`: the client may lose the
   * connection for it.
   */
  readonly outcome: 'response' | 'refuse' | 'maybe';
}

export const LATE = 'no response in time';
const BACK_PRESSURE = new Set(['OVERLOADED', 'STOPPING', 'RATE_LIMITED']);
const INSIDE = /node_modules|\bat .+\(.*:\d+:\d+\)|\.ts:\d+/;

export function createJudge(
  served: Json,
): (exchange: Exchange, expected: Expected) => string | null {
  const document = dereferenced(served);
  const operations = new Map<string, Json>(
    Object.values<Json>(document.paths)
      .flatMap((methods) => Object.values<Json>(methods))
      .map((operation) => [operation.operationId, operation]),
  );
  const problem = Compile(document.components.schemas.Problem);
  const compiled = new Map<Json, Validator>();
  const validator = (schema: Json): Validator => {
    const known = compiled.get(schema) ?? (Compile(schema) as Validator);
    compiled.set(schema, known);
    return known;
  };
  const codesOf = (operation: Json, status: number): string[] =>
    [operation.responses[status], operation.responses[`${Math.floor(status / 100)}XX`]].flatMap(
      (response) => Object.keys(response?.content['application/problem+json']?.examples ?? {}),
    );

  function ofProblem(response: WireResponse, operation: Json | undefined): string | null {
    const { status, headers, body } = response;
    if (!headers['content-type']?.startsWith('application/problem+json'))
      return `${status} without a problem document`;
    const text = body.toString('utf8');
    const details = read(text);
    if (details === undefined) return `${status} with a problem that is not JSON`;
    const [error] = problem.Errors(details);
    if (error)
      return `${status} with an invalid problem document: ${error.instancePath} ${error.message}`;
    if (details.status !== status) return `${status} with a problem of status ${details.status}`;
    if (INSIDE.test(text)) return `${status} shows internals`;
    if (text.length > 4000) return `${status} with a problem of ${text.length} characters`;
    if (!(PROBLEM_CODES as string[]).includes(details.code))
      return `${status} with the unknown code ${details.code}`;
    if (operation && !codesOf(operation, status).includes(details.code))
      return `${status} ${details.code} is not in the document`;
    if ((status === 429 || status === 503) && headers['retry-after'] === undefined)
      return `${status} without Retry-After`;
    return status >= 500 && !BACK_PRESSURE.has(details.code) ? `${status} ${details.code}` : null;
  }

  function ofResponse(response: WireResponse, expected: Expected): string | null {
    const operation =
      expected.operationId === null ? undefined : operations.get(expected.operationId);
    const { status, headers, body } = response;
    if (status >= 400) return ofProblem(response, operation);
    if (expected.outcome === 'refuse') return `${status} for what the schema refuses`;
    if (!operation || status < 200) return null;
    const documented = operation.responses[status];
    if (!documented) return `${status} is not in the document`;
    const type = headers['content-type']?.split(';')[0] ?? '';
    const schema = documented.content?.[type]?.schema;
    if (status === 200 && !schema) return `${status} as ${type} is not in the document`;
    if (type !== 'application/json' || !response.isWhole) return null;
    const [error] = validator(schema).Errors(read(body.toString('utf8')));
    return error
      ? `${status} does not match its schema: ${error.instancePath} ${error.message}`
      : null;
  }

  return ({ responses, rest, isLate }, expected) => {
    if (isLate && expected.outcome !== 'maybe') return LATE;
    if (rest !== '' && !responses.some(({ isWhole }) => !isWhole))
      return `bytes after the last response: ${JSON.stringify(rest.slice(0, 60))}`;
    for (const response of responses) {
      const wrong = ofResponse(response, expected);
      if (wrong !== null) return wrong;
      if (!response.isWhole && expected.outcome !== 'maybe')
        return `${response.status} with half a body`;
    }
    return responses.length === 0 && expected.outcome !== 'maybe'
      ? 'the connection was lost without a response'
      : null;
  };
}

function read(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
