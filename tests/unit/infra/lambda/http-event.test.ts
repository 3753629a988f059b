/**
 * Purpose: between AWS's HTTP events and requests: paths, headers, responses that are large. What
 * the app makes of them is lambda.test.ts's.
 */
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  asRequested,
  asResponse,
  isHttpEvent,
  type LambdaHttpEvent,
  type LambdaResponse,
} from '../../../../infra/lambda/http-event.ts';
import { functionUrlEvent, httpApiEvent } from '../../../fakes/lambda-emulator.ts';

const requested = (path: string, changes: Record<string, unknown> = {}) =>
  asRequested(httpApiEvent('GET', path, changes) as LambdaHttpEvent, 'aws-id');
const onStage = (path: string, stage: string) =>
  requested(path, { requestContext: { ...httpApiEvent('GET', path).requestContext, stage } })
    .rawPath;

describe('request', () => {
  test.each([
    ['/v1/series', '/v1/series'],
    ['/v1/series?limit=2&limit=3&cursor=a%2Bb', '/v1/series?limit=2&limit=3&cursor=a%2Bb'],
    ['/v1/series/a%2Fb', '/v1/series/a%2Fb'],
    ['/v1/series/ü ☃', '/v1/series/%C3%BC%20%E2%98%83'],
    ['/v1/series/50%', '/v1/series/50%25'],
    ['/v1/series/a#b', '/v1/series/a%23b'],
    ['/v1/series/a\\b', '/v1/series/a%5Cb'],
    ['/v1/series/\ud800', '/v1/series/%EF%BF%BD'],
    ['no slash', '/no%20slash'],
  ])('%s is requested as %s', (path, url) => {
    expect(requested(path).rawPath).toBe(url);
  });

  test('keeps the path of a Function URL unchanged', () => {
    const ids = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(ids, (id) => {
        const path = `/v1/series/${encodeURIComponent(id)}/forecast`;
        expect(asRequested(functionUrlEvent('GET', path) as LambdaHttpEvent, 'x').rawPath).toBe(
          path,
        );
      }),
    );
  });

  test('removes the stage from the path, and no longer prefix', () => {
    expect([onStage('/prod/v1/series', 'prod'), onStage('/prod', 'prod')]).toEqual([
      '/v1/series',
      '/',
    ]);
    expect([
      onStage('/production/x', 'prod'),
      onStage('/v1/prod/x', 'prod'),
      onStage('/$default/x', '$default'),
    ]).toEqual(['/production/x', '/v1/prod/x', '/$default/x']);
  });

  test('takes a safe id of the caller, else that of the invocation', () => {
    const idOf = (id: string) =>
      requested('/', { headers: { 'X-Request-Id': id } }).headers?.['x-request-id'];
    expect([
      idOf('mine-1'),
      idOf('a\nb'),
      idOf('x'.repeat(65)),
      requested('/').headers?.['x-request-id'],
    ]).toEqual(['mine-1', 'aws-id', 'aws-id', 'aws-id']);
  });

  test.each([
    null,
    undefined,
    7,
    'text',
    {},
    { rawPath: '/' },
    { rawPath: '/', requestContext: { http: { method: 'BREW' } } },
  ])('refuses %j as an HTTP event', (event) => {
    expect(isHttpEvent(event)).toBe(false);
  });
});

describe('response', () => {
  const response = (body: string, headers: Record<string, string> = {}): LambdaResponse => ({
    ...{ statusCode: 200, body, isBase64Encoded: false },
    headers: {
      'content-type': 'application/json',
      connection: 'keep-alive',
      'content-length': String(body.length),
      ...headers,
    },
  });
  const to = (accept?: string) =>
    requested('/', { headers: accept === undefined ? {} : { 'accept-encoding': accept } });
  const large = JSON.stringify(Array.from({ length: 20_000 }, (_, i) => i % 97));

  test('has no connection headers', () => {
    expect(asResponse(response('{}'), to('gzip'))).toEqual({
      ...{
        statusCode: 200,
        headers: { 'content-type': 'application/json' },
        body: '{}',
        isBase64Encoded: false,
      },
    });
  });

  test.each(['gzip', 'br, gzip', 'GZIP;q=0.5'])('is compressed for %s if it is large', (accept) => {
    const packed = asResponse(response(large, { vary: 'accept' }), to(accept));
    expect(packed).toMatchObject({
      isBase64Encoded: true,
      headers: { 'content-encoding': 'gzip', vary: 'accept, accept-encoding' },
    });
    expect(gunzipSync(Buffer.from(packed.body, 'base64')).toString()).toBe(large);
  });

  test.each([undefined, '', 'br', 'gzip;q=0', 'gzip; q=0.0', 'x-gzipped'])(
    'is not compressed for %j',
    (accept) => {
      expect(asResponse(response(large), to(accept))).toMatchObject({
        isBase64Encoded: false,
        body: large,
      });
    },
  );

  test('is a problem with a fix if Lambda would refuse it', () => {
    const huge = '"'.repeat(4_000_000); // twice that as JSON
    const { statusCode, headers, body } = asResponse(response(huge), to());
    expect({ statusCode, type: headers['content-type'] }).toEqual({
      statusCode: 400,
      type: 'application/problem+json',
    });
    expect(JSON.parse(body)).toMatchObject({
      code: 'ANSWER_TOO_LARGE',
      fix: expect.stringContaining('gzip'),
      instance: 'urn:headway:request:aws-id',
    });
    expect(asResponse(response(huge), to('gzip'))).toMatchObject({
      statusCode: 200,
      isBase64Encoded: true,
    });
    expect(asResponse(response('x'.repeat(4_000_000)), to()).statusCode).toBe(200);
  });

  test('is an unexpected error if it is empty', () => {
    const { statusCode, body } = asResponse(
      { statusCode: 500, headers: {}, body: '', isBase64Encoded: false },
      to(),
    );
    expect([statusCode, JSON.parse(body).code]).toEqual([500, 'INTERNAL']);
  });
});
