/**
 * Purpose: accept bodies as JSON in UTF-8 only (RFC 8259, 8.1). Fastify's parser replaces invalid
 * bytes by a question mark, which would turn an id into another one; so this checks the bytes
 * first.
 * Invariants: `__proto__` and `constructor.prototype` are refused by Fastify's parser.
 * Fails: MEDIA_TYPE_UNSUPPORTED for another charset, BODY_INVALID for bytes that are no UTF-8 or no
 * JSON.
 */
import { isUtf8 } from 'node:buffer';
import { HttpProblem } from '../responses/problems.ts';
import { appPlugin } from './app.ts';

export const jsonBody = appPlugin('json-body', async (app) => {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser(['text/plain', 'application/json']);
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(
        request.headers['content-type'] ?? '',
      )?.[1];
      if (charset !== undefined && !/^utf-?8$/i.test(charset))
        return done(new HttpProblem('MEDIA_TYPE_UNSUPPORTED', 'JSON is accepted in UTF-8 only'));
      if (!isUtf8(body)) return done(new HttpProblem('BODY_INVALID', 'the body is not UTF-8'));
      return parse(request, body.toString('utf8'), done);
    },
  );
});
