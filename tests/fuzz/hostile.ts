/**
 * Purpose: what clients do that no schema foresees: bodies that are no JSON, paths with tricks, and
 * bytes that are hardly HTTP.
 * Invariants: the same draws make the same request; where the protocol lets a server hang up, so
 * may this one.
 * Fails: never.
 */
import type { Random } from '../../platform/random.ts';
import { between, pick } from './from-schema.ts';
import { type FuzzRequest, httpRequest } from './shaped.ts';
import type { Manner } from './wire.ts';

const ANYWHERE = { operationId: null, outcome: 'response' } as const;
const MAYBE = { operationId: null, outcome: 'maybe' } as const;
const REFUSED = { operationId: null, outcome: 'refuse' } as const;

/** Stand in the place of a value of JSON. */
const TOKENS = [
  ...[
    'NaN',
    'Infinity',
    '-Infinity',
    '1e308',
    '-1e308',
    '1e999',
    '-0',
    '0x10',
    '01',
    '1.',
    '.5',
    '+1',
    '9007199254740993',
    '1e-400',
  ],
  ...[
    '123456789'.repeat(40),
    '"\\ud800"',
    '"\\u0000"',
    '"\\x41"',
    "'74'",
    'undefined',
    '[,]',
    '{"a":1,}',
    '/* c */ 1',
    '"',
    '\\',
    '{}{}',
  ],
];
const KEYS = [
  '"__proto__"',
  '"constructor"',
  '"\\u005f_proto__"',
  '"toString"',
  '"seriesIds"',
  '"horizon"',
  '""',
];
const CONTENT_TYPES = [
  ...[
    'application/json; charset=utf-16',
    'application/json;charset=latin1',
    'application/json; charset=',
    'text/plain',
    'text/json',
  ],
  ...[
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/JSON',
    'application/json; charset="UTF-8"',
  ],
  ...[
    'application/vnd.api+json',
    'a/b/c',
    ';',
    '*/*',
    'application/json, text/plain',
    'x'.repeat(500),
  ],
];

/** @param body of a valid post */
export function mutatedBody(random: Random, path: string, body: string): FuzzRequest {
  const request = (
    kind: string,
    bytes: Buffer | string,
    headers: Record<string, string> = {},
    refused = false,
  ): FuzzRequest => ({
    kind: `body: ${kind}`,
    chunks: [httpRequest('POST', path, headers, bytes)],
    manner: 'plain',
    expected: refused ? REFUSED : ANYWHERE,
  });
  const bytes = Buffer.from(body);
  const at = between(random, 0, bytes.length - 1);
  const values = [...body.matchAll(/(?<=[:[,])(?:"[^"]*"|-?\d[\d.e+-]*|null)/g)];
  switch (between(random, 0, 13)) {
    case 0: {
      const copy = Buffer.from(bytes);
      for (let i = between(random, 1, 4); i > 0; i--)
        copy[between(random, 0, copy.length - 1)] = between(random, 0, 255);
      return request('flipped bytes', copy);
    }
    case 1:
      return request('cut off', bytes.subarray(0, at), {}, true);
    case 2: {
      const depth = pick(random, [100, 5000, 200_000]);
      const [open, close] = pick(random, [
        ['[', ']'],
        ['{"a":', '}'],
      ] as const);
      return request('deep', `${open.repeat(depth)}1${close.repeat(depth)}`, {}, true);
    }
    case 3:
    case 4: {
      if (values.length === 0) return request('empty', '', {}, true);
      const value = pick(random, values);
      const token = pick(random, TOKENS);
      return request(
        'odd token',
        body.slice(0, value.index) + token + body.slice(value.index + value[0].length),
      );
    }
    case 5:
    case 6:
      return request(
        'odd key',
        `{${pick(random, KEYS)}:${pick(random, ['{}', '1', '["74"]', 'null', '{"x":1}'])},${body.slice(1)}`,
      );
    case 7:
      return request(
        'byte order mark',
        Buffer.concat([
          pick(random, [Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from([0xff, 0xfe])]),
          bytes,
        ]),
      );
    case 8:
      return request(
        'UTF-16',
        Buffer.from(body, 'utf16le'),
        { 'content-type': 'application/json; charset=utf-16le' },
        true,
      );
    case 9: {
      const inside = body.indexOf('"', 2) + 1;
      return request(
        'bytes that are no UTF-8',
        Buffer.concat([
          bytes.subarray(0, inside),
          pick(random, [
            Buffer.from([0xff]),
            Buffer.from([0xed, 0xa0, 0x80]),
            Buffer.from([0xc0, 0xaf]),
          ]),
          bytes.subarray(inside),
        ]),
        {},
        true,
      );
    }
    case 10:
      return request('white space', `${'\r\n\t '.repeat(between(random, 1, 20_000))}${body}`);
    case 11:
      return request('other type', body, { 'content-type': pick(random, CONTENT_TYPES) });
    case 12: {
      const seriesIds = Array.from({ length: pick(random, [999, 1001, 10_000]) }, (_, i) =>
        i % 7 === 0 ? `${i}` : `s${i}`,
      );
      return request('ten thousand series', JSON.stringify({ seriesIds, horizon: 1 }));
    }
    default: {
      const size = pick(random, [1_048_570, 1_048_577, 1_500_000]);
      return request('large', `{"seriesIds":["${'x'.repeat(size - 18)}"]}`, {}, true);
    }
  }
}

const PARTS_OF_PATHS = [
  '..',
  '.',
  '%2e%2e',
  '%2f',
  '%5c',
  '%00',
  '%',
  '%zz',
  '%ff',
  '%c0%af',
  '%ed%a0%80',
  '//',
  ';a=b',
  '%252e',
  '~',
  '%20',
  '%0d%0aX: y',
  '*',
  ':',
  '@',
];
const PLACES = [
  '/v1/series',
  '/v1/series/74/forecast',
  '/v1/forecasts',
  '/v1/model',
  '/docs',
  '/docs/static',
  '/docs/static/index.html',
  '/dashboard',
  '/openapi.json',
  '/metrics',
  '/health',
  '',
];

const CONDITIONS: readonly Record<string, string>[] = [
  ...Array.from({ length: 6 }, () => ({})),
  { range: 'bytes=5-1' },
  { range: 'bytes=99999999-' },
  { 'if-match': '"a"' },
  { 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' },
];

export function oddPath(random: Random): FuzzRequest {
  const draw = between(random, 0, 5);
  const chunk = () =>
    Array.from({ length: between(random, 1, 6) }, () => pick(random, PARTS_OF_PATHS)).join(
      pick(random, ['', '/']),
    );
  const target = [
    () => `${pick(random, PLACES)}/${chunk()}`,
    () => `/v1/series/${chunk()}/${pick(random, ['forecast', 'explanation', ''])}`,
    () =>
      `${pick(random, PLACES)}?${Array.from({ length: between(random, 1, 40) }, () => `${pick(random, ['a', 'horizon', 'limit', '__proto__', '', 'a[b]'])}=${chunk()}`).join('&')}`,
    () => `/v1/series/${'x'.repeat(pick(random, [128, 129, 513, 4000, 20_000]))}/forecast`,
    () =>
      pick(random, [
        '*',
        'http://localhost/v1/model',
        'v1/model',
        '/v1/model#x',
        '\\v1\\model',
        'https://example.org:443',
        '?',
        '/v1/model\t',
        '/\u00fc',
      ]),
    () => `${pick(random, PLACES)}${'/a'.repeat(between(random, 1, 3000))}`,
  ][draw]?.() as string;
  return {
    kind: 'path',
    chunks: [httpRequest('GET', target, pick(random, CONDITIONS))],
    manner: 'plain',
    expected: ANYWHERE,
  };
}

const METHODS = [
  'PUT',
  'DELETE',
  'PATCH',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'CONNECT',
  'PURGE',
  'get',
  'G\u00cbT',
  'QUERY',
  'GETGET',
];
const GET = 'GET /v1/series/74/forecast?horizon=1 HTTP/1.1\r\nHost: x\r\n';
const POST = 'POST /v1/forecasts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const BODY = '{"seriesIds":["74"],"horizon":1}';
const CLOSE = 'Connection: close\r\n\r\n';
const LENGTH = `Content-Length: ${BODY.length}\r\n`;
const CHUNKS = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;

const HOST = 'HTTP/1.1\r\nHost: x\r\n';
const LENGTHS = ['-1', '1e3', '0x20', '99999999999999999999', '', 'x', '31', '32, 32', '5'];
const ENCODINGS = [
  ...['xchunked', 'chunked, identity', 'gzip, chunked', 'chunked\r\nTransfer-Encoding: x'],
  ...['\x0bchunked', ' chunked'],
];
const BROKEN_CHUNKS = [
  ...['zz\r\n', `ffffffffffffffff\r\n${BODY}`, `20\r\n${BODY.slice(0, 9)}`],
  ...['20;'.padEnd(20_000, 'a'), '-1\r\n', `20\n${BODY}\n0\n\n`],
];
const PIPELINED = [`${GET}\r\n`, `${POST}${LENGTH}\r\n${BODY}`, `GET /nope ${HOST}\r\n`];
const EXPECTATIONS = ['100-continue', 'something', '100-continue, x'];
const HOSTS = [
  ...['', 'Host: a\r\nHost: b\r\n', 'Host: \r\n', 'Host: a b/c\r\n'],
  `Host: ${'a'.repeat(3000)}\r\n`,
];
const ODD_HEADERS = [
  ...['x: a\u0000b', 'x y: z', ': z', 'x: a\r\n b', 'x:\u00e9\u0080', 'x\r'],
  ...['x-request-id: a\u007fb', `If-None-Match: ${'W/"a", '.repeat(900)}`],
];
const ROUTES = ['model', 'forecasts', 'nope'];
const ETAGS = ['*', '"', 'W/', ',,,', '"a"'.repeat(50)];

type Draw = (random: Random) => {
  readonly kind: string;
  readonly sent: string | string[];
  readonly manner?: Manner;
  readonly sure?: boolean;
};

/** Each of them once in so many; `sure`: there must be a response. */
const PROTOCOL: readonly Draw[] = [
  (random) => ({
    kind: 'many headers',
    sent: [
      GET,
      ...Array.from({ length: pick(random, [50, 500, 3000]) }, (_, i) => `x-${i}: ${i}\r\n`),
      '\r\n',
    ].join(''),
  }),
  (random) => ({
    kind: 'one large header',
    sent: `${GET}x: ${'a'.repeat(pick(random, [4000, 17_000, 100_000]))}\r\n\r\n`,
  }),
  (random) => ({
    kind: 'content-length',
    sent: `${POST}Content-Length: ${pick(random, LENGTHS)}\r\n${CLOSE}${BODY}`,
    manner: 'half',
  }),
  () => ({
    kind: 'content-length too long',
    sent: `${POST}Content-Length: 5000\r\n\r\n${BODY}`,
    manner: 'half',
  }),
  () => ({
    kind: 'two lengths',
    sent: `${POST}Content-Length: 32\r\nContent-Length: 33\r\n\r\n${BODY}`,
    manner: 'half',
  }),
  () => ({
    kind: 'length and chunks',
    sent: `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
    manner: 'half',
  }),
  (random) => ({
    kind: 'transfer-encoding',
    sent: `${POST}Transfer-Encoding: ${pick(random, ENCODINGS)}\r\n${CLOSE}${CHUNKS}`,
    manner: 'half',
  }),
  () => ({
    kind: 'chunks',
    sent: [
      `${POST}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
      CHUNKS.slice(0, 9),
      CHUNKS.slice(9),
    ],
    sure: true,
  }),
  (random) => ({
    kind: 'broken chunks',
    sent: `${POST}Transfer-Encoding: chunked\r\n\r\n${pick(random, BROKEN_CHUNKS)}`,
    manner: pick(random, ['half', 'abort'] as const),
  }),
  (random) => ({
    kind: 'aborted upload',
    sent: [`${POST}Content-Length: 900000\r\n\r\n`, 'x'.repeat(between(random, 0, 60_000))],
    manner: 'abort',
  }),
  () => ({ kind: 'gone before the response', sent: `${GET}\r\n`, manner: 'abort' }),
  (random) => ({
    kind: 'slow reader',
    sent: `GET /v1/forecasts?format=${pick(random, ['ndjson', 'csv'])} ${HOST}${CLOSE}`,
    manner: 'slow',
  }),
  () => ({ kind: 'byte by byte', sent: [...`${GET}Connection: close\r\n\r\n`], sure: true }),
  () => ({ kind: 'HTTP/1.0', sent: 'GET /v1/model HTTP/1.0\r\n\r\n', sure: true }),
  (random) => ({
    kind: 'HTTP version',
    sent: pick(random, [
      'GET /\r\n\r\n',
      'GET / HTTP/9.9\r\nHost: x\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'GET / HTTP/1.1 \r\n\r\n',
      'GET  / HTTP/1.1\r\n\r\n',
    ]),
    manner: 'half',
  }),
  (random) => ({
    kind: 'pipelining',
    sent: [
      ...Array.from({ length: between(random, 2, 30) }, () => pick(random, PIPELINED)),
      `${GET}${CLOSE}`,
    ].join(''),
    sure: true,
  }),
  (random) => ({
    kind: 'expect',
    sent: `${POST}${LENGTH}Expect: ${pick(random, EXPECTATIONS)}\r\n${CLOSE}${BODY}`,
    sure: true,
  }),
  (random) => ({
    kind: 'host',
    sent: `GET /v1/model HTTP/1.1\r\n${pick(random, HOSTS)}${CLOSE}`,
    sure: true,
  }),
  (random) => ({
    kind: 'header bytes',
    sent: `${GET}${pick(random, ODD_HEADERS)}\r\n${CLOSE}`,
    manner: 'half',
  }),
  (random) => ({
    kind: 'method',
    sent: `${pick(random, METHODS)} /v1/${pick(random, ROUTES)} ${HOST}${CLOSE}`,
    manner: 'half',
  }),
  () => ({
    kind: 'head',
    sent: 'HEAD /v1/series/74/forecast HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    sure: true,
  }),
  (random) => ({
    kind: 'upgrade',
    sent: [
      `${GET}Connection: Upgrade\r\nUpgrade: ${pick(random, ['websocket', 'h2c', 'x'])}\r\n`,
      'Sec-WebSocket-Key: x\r\n\r\n',
    ].join(''),
    manner: 'half',
  }),
  () => ({
    kind: 'TLS',
    sent: '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    manner: 'half',
  }),
  (random) => ({
    kind: 'noise',
    sent: Array.from({ length: between(random, 1, 300) }, () =>
      String.fromCharCode(between(random, 0, 255)),
    ).join(''),
    manner: 'half',
  }),
  (random) => ({
    kind: 'body of a GET',
    sent: [
      `${GET}Content-Type: application/json\r\n${LENGTH}${CLOSE}`,
      pick(random, [BODY, BODY.slice(0, -1).concat(' ')]),
    ].join(''),
    sure: true,
  }),
  (random) => ({
    kind: 'conditions',
    sent: `${GET}Range: bytes=0-1\r\nIf-None-Match: ${pick(random, ETAGS)}\r\n${CLOSE}`,
    sure: true,
  }),
];

export function oddProtocol(random: Random): FuzzRequest {
  const { kind, sent, manner = 'plain', sure = false } = pick(random, PROTOCOL)(random);
  // Without an end to the connection a kept-alive one would be waited for.
  const isOpen = manner === 'plain' && !/Connection: close/.test([sent].flat().join(''));
  return {
    kind: `protocol: ${kind}`,
    chunks: [sent].flat().map((text) => Buffer.from(text, 'latin1')),
    manner: isOpen ? 'half' : manner,
    expected: sure ? ANYWHERE : MAYBE,
  };
}
