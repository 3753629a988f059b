/** Purpose: each check of the fuzzer (`npm run fuzz`) can fail. */
import { describe, expect, test } from '@jest/globals';
import { servedDocument } from '../../clients/typescript/served-document.ts';
import type { Json } from '../fixtures/dereferenced.ts';
import type { FuzzReport } from './fuzz.ts';
import { createJudge, type Expected } from './judge.ts';
import { reduced } from './reduce.ts';
import { complaints } from './verdict.ts';
import type { WireResponse } from './wire.ts';

const document = (await servedDocument()) as Json;

describe('each check of the fuzzer can fail', () => {
  const LIVE =
    document.paths['/health/live'].get.responses['200'].content['application/json'].example;
  const problem = {
    type: 'urn:headway:problem:series-unknown',
    title: 'Series unknown',
    status: 404,
    detail: 'there is no series "x"',
    instance: 'urn:headway:request:1',
    code: 'SERIES_UNKNOWN',
  };
  const response = (
    status: number,
    body: object | string,
    headers: Record<string, string> = {},
  ): WireResponse => ({
    status,
    headers: {
      'content-type': status < 400 ? 'application/json' : 'application/problem+json',
      ...headers,
    },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    isWhole: true,
  });
  const live: Expected = { operationId: 'live', outcome: 'response' };
  const one: Expected = { operationId: 'forecastSeries', outcome: 'response' };
  const anywhere: Expected = { operationId: null, outcome: 'response' };
  const busy = { ...problem, status: 503, code: 'OVERLOADED' };

  test.each<[string, WireResponse[], Expected, string | null]>([
    ['a good response', [response(200, LIVE)], live, null],
    [
      'a response of another schema',
      [response(200, { ...LIVE, status: 'dead' })],
      live,
      'does not match its schema',
    ],
    ['a documented problem', [response(404, problem)], one, null],
    [
      'a problem that the operation does not have',
      [response(404, problem)],
      live,
      '404 SERIES_UNKNOWN is not in the document',
    ],
    ['an unknown code', [response(404, { ...problem, code: 'ODD' })], anywhere, 'unknown code ODD'],
    [
      'another status in the problem',
      [response(400, problem)],
      anywhere,
      'a problem of status 404',
    ],
    [
      'a member that is missing',
      [response(404, { ...problem, detail: undefined })],
      anywhere,
      'an invalid problem document',
    ],
    ['text for a problem', [response(400, 'Bad Request')], anywhere, 'not JSON'],
    [
      'another type',
      [response(400, problem, { 'content-type': 'text/html' })],
      anywhere,
      'without a problem document',
    ],
    [
      'a stack',
      [response(404, { ...problem, detail: 'at f (/a/b.ts:1:2)' })],
      anywhere,
      'shows internals',
    ],
    [
      'an error of the service',
      [response(500, { ...problem, status: 500, code: 'INTERNAL' })],
      anywhere,
      '500 INTERNAL',
    ],
    ['back-pressure', [response(503, busy, { 'retry-after': '2' })], anywhere, null],
    [
      'back-pressure without a word when to come back',
      [response(503, busy)],
      anywhere,
      'without Retry-After',
    ],
    [
      'what should be refused',
      [response(200, LIVE)],
      { ...live, outcome: 'refuse' },
      'what the schema refuses',
    ],
    ['half a response', [{ ...response(200, '{'), isWhole: false }], live, 'half a body'],
    ['silence', [], live, 'without a response'],
    ['silence that is allowed', [], { ...anywhere, outcome: 'maybe' }, null],
  ])('%s', (_name, responses, expected, wrong) => {
    const said = createJudge(document)({ responses, rest: '', isLate: false }, expected);
    if (wrong === null) expect(said).toBeNull();
    else expect(said).toContain(wrong);
  });

  test('reports a response out of time and bytes after the last response', () => {
    const judge = createJudge(document);
    expect(judge({ responses: [], rest: '', isLate: true }, live)).toBe('no response in time');
    expect(judge({ responses: [], rest: 'HELLO', isLate: false }, live)).toContain(
      'bytes after the last response',
    );
  });

  test('reports errors, sockets, handles and growing memory with the seed', () => {
    const good: FuzzReport = {
      ...{
        seed: 7,
        requests: 50_000,
        byKind: {},
        byStatus: {},
        failures: [],
        troubles: [],
        heapMb: [],
      },
      ...{ heapBytesPerRequest: 0, socketsLeft: 0, handlesGrown: 0 },
    };
    expect(complaints(good)).toEqual([]);
    const failure = { index: 12, kind: 'path', problem: '500 INTERNAL', bytes: '"GET"' };
    const bad = {
      ...good,
      failures: [failure],
      troubles: ['unhandled rejection: x'],
      heapBytesPerRequest: 500,
      socketsLeft: 1,
      handlesGrown: 9,
    };
    expect(complaints(bad)).toHaveLength(5);
    expect(complaints(bad)[0]).toContain('npm run fuzz -- --seed 7 --only 12');
  });

  test('reduces a failing request to its cause', async () => {
    const bytes = Buffer.from(`GET /${'a'.repeat(40)}!${'b'.repeat(40)} HTTP/1.1`);
    const request = { kind: 'path', chunks: [bytes], manner: 'plain' as const, expected: anywhere };
    const small = await reduced(request, async ({ chunks }) => Buffer.concat(chunks).includes('!'));
    expect(Buffer.concat(small.chunks).toString()).toBe('!');
  });
});
