/**
 * Purpose: bodies are JSON in UTF-8 (RFC 8259, 8.1), and what is not is refused: a byte that was
 * replaced by a question mark in silence would make an id of another series.
 * Invariants: `__proto__` and `constructor.prototype` are refused, as Fastify's own parser does it.
 * Fails: MEDIA_TYPE_UNSUPPORTED for another charset, BODY_INVALID for bytes that are no UTF-8 or no
 * JSON.
 */
import { isUtf8 } from 'node:buffer';
import { HttpProblem } from '../responses/problems.ts';
import type { App } from '../routes/context.ts';

export function takeJsonAlone(app: App): void {
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
        return done(new HttpProblem('MEDIA_TYPE_UNSUPPORTED', 'JSON is taken in UTF-8 alone'));
      if (!isUtf8(body)) return done(new HttpProblem('BODY_INVALID', 'the body is not UTF-8'));
      return parse(request, body.toString('utf8'), done);
    },
  );
}
