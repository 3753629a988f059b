/**
 * Purpose: a slice of the fuzzer (`npm run fuzz` sends 50,000 requests), and that each of its checks
 * can fail.
 */
import { describe, expect, test } from '@jest/globals';
import { servedDocument } from '../../clients/typescript/served-document.ts';
import { silentProgress } from '../../platform/progress.ts';
import type { Json } from '../fixtures/dereferenced.ts';
import { runs } from '../fixtures/property-runs.ts';
import { type FuzzReport, fuzz } from './fuzz.ts';
import { createJudge, type Expected } from './judge.ts';
import { reduced } from './reduce.ts';
import { complaints } from './verdict.ts';
import type { Answer } from './wire.ts';

const document = (await servedDocument()) as Json;

test('requests, valid and hostile: only documented responses, and nothing is left open', async () => {
  const report = await fuzz({ requests: runs(1500), seed: 1, progress: silentProgress });
  expect(complaints(report)).toEqual([]);
  expect(Object.keys(report.byKind).length).toBeGreaterThan(25);
  expect(Object.keys(report.byStatus)).toEqual(
    expect.arrayContaining(['200', '304', '400', '404', '413', '415', '422', '431']),
  );
}, 240_000);

describe('each check can fail', () => {
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
  const answer = (
    status: number,
    body: object | string,
    headers: Record<string, string> = {},
  ): Answer => ({
    status,
    headers: {
      'content-type': status < 400 ? 'application/json' : 'application/problem+json',
      ...headers,
    },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    isWhole: true,
  });
  const live: Expected = { operationId: 'live', outcome: 'answer' };
  const one: Expected = { operationId: 'forecastSeries', outcome: 'answer' };
  const anywhere: Expected = { operationId: null, outcome: 'answer' };
  const busy = { ...problem, status: 503, code: 'OVERLOADED' };

  test.each<[string, Answer[], Expected, string | null]>([
    ['a good answer', [answer(200, LIVE)], live, null],
    [
      'an answer of another schema',
      [answer(200, { ...LIVE, status: 'dead' })],
      live,
      'does not match its schema',
    ],
    ['a documented problem', [answer(404, problem)], one, null],
    [
      'a problem that the operation does not have',
      [answer(404, problem)],
      live,
      '404 SERIES_UNKNOWN is not in the document',
    ],
    [
      'a code nobody knows',
      [answer(404, { ...problem, code: 'ODD' })],
      anywhere,
      'unknown code ODD',
    ],
    ['another status in the problem', [answer(400, problem)], anywhere, 'a problem of status 404'],
    [
      'a member that is missing',
      [answer(404, { ...problem, detail: undefined })],
      anywhere,
      'a problem that is none',
    ],
    ['text for a problem', [answer(400, 'Bad Request')], anywhere, 'no JSON'],
    [
      'another type',
      [answer(400, problem, { 'content-type': 'text/html' })],
      anywhere,
      'without a problem document',
    ],
    [
      'a stack',
      [answer(404, { ...problem, detail: 'at f (/a/b.ts:1:2)' })],
      anywhere,
      'tells of the inside',
    ],
    [
      'an error of the service',
      [answer(500, { ...problem, status: 500, code: 'INTERNAL' })],
      anywhere,
      '500 INTERNAL',
    ],
    ['back-pressure', [answer(503, busy, { 'retry-after': '2' })], anywhere, null],
    [
      'back-pressure without a word when to come back',
      [answer(503, busy)],
      anywhere,
      'without Retry-After',
    ],
    [
      'what should be refused',
      [answer(200, LIVE)],
      { ...live, outcome: 'refuse' },
      'what the schema refuses',
    ],
    ['half an answer', [{ ...answer(200, '{'), isWhole: false }], live, 'half a body'],
    ['silence', [], live, 'without an answer'],
    ['silence that is allowed', [], { ...anywhere, outcome: 'maybe' }, null],
  ])('%s', (_name, answers, expected, wrong) => {
    const said = createJudge(document)({ answers, rest: '', isLate: false }, expected);
    if (wrong === null) expect(said).toBeNull();
    else expect(said).toContain(wrong);
  });

  test('no answer in time, and bytes behind the last answer', () => {
    const judge = createJudge(document);
    expect(judge({ answers: [], rest: '', isLate: true }, live)).toBe('no answer in time');
    expect(judge({ answers: [], rest: 'HELLO', isLate: false }, live)).toContain(
      'bytes that are no answer',
    );
  });

  test('trouble, sockets, handles and memory that grows are told, with the seed', () => {
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

  test('a failing request is reduced to what makes it fail', async () => {
    const bytes = Buffer.from(`GET /${'a'.repeat(40)}!${'b'.repeat(40)} HTTP/1.1`);
    const request = { kind: 'path', pieces: [bytes], manner: 'plain' as const, expected: anywhere };
    const small = await reduced(request, async ({ pieces }) => Buffer.concat(pieces).includes('!'));
    expect(Buffer.concat(small.pieces).toString()).toBe('!');
  });
});
