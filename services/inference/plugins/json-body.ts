/**
 * Purpose: accept bodies as JSON in UTF-8 only (RFC 8259, 8.1). Fastify's parser replaces invalid
 * bytes by a question mark, which would turn an id into another one; so this checks the bytes
 * first.
 * Invariants: nesting is counted before the body is parsed, so that a megabyte of brackets costs
 * nothing. `__proto__` and `constructor.prototype` are refused by Fastify's parser.
 * Fails: MEDIA_TYPE_UNSUPPORTED for another charset and for a compressed body, BODY_INVALID for
 * bytes that are no UTF-8 or no JSON or is nested deeper than any request.
 */
import { isUtf8 } from 'node:buffer';
import { HttpProblem } from '../responses/problems.ts';
import { appPlugin } from './app.ts';

/** Requests of the API have six levels at most. */
const MAX_LEVELS = 20;
const [QUOTE, BACKSLASH] = [0x22, 0x5c];
/** `[` and `{`, `]` and `}` differ in this bit alone. */
const CURLY = 0x20;
const [OPENING, CLOSING] = [0x7b, 0x7d];

/** Whether brackets outside of texts are nested deeper than `levels`. */
function isDeeperThan(levels: number, json: Buffer): boolean {
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const byte = json[i] as number;
    if (byte === QUOTE) {
      for (i++; i < json.length && json[i] !== QUOTE; i++) if (json[i] === BACKSLASH) i++;
    } else if ((byte | CURLY) === OPENING) {
      if (++depth > levels) return true;
    } else if ((byte | CURLY) === CLOSING) depth--;
  }
  return false;
}

/** What Python and JavaScript write for numbers that JSON does not have. */
const NO_JSON_NUMBER = /[:[,]\s*(-?(?:NaN|nan|Infinity|inf))\b/;

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
      const encoding = request.headers['content-encoding'] ?? 'identity';
      if (encoding !== 'identity')
        return done(
          new HttpProblem(
            'MEDIA_TYPE_UNSUPPORTED',
            'a body with Content-Encoding is not read: send it as it is',
          ),
        );
      if (charset !== undefined && !/^utf-?8$/i.test(charset))
        return done(new HttpProblem('MEDIA_TYPE_UNSUPPORTED', 'JSON is accepted in UTF-8 only'));
      if (!isUtf8(body)) return done(new HttpProblem('BODY_INVALID', 'the body is not UTF-8'));
      if (isDeeperThan(MAX_LEVELS, body))
        return done(
          new HttpProblem('BODY_INVALID', `the body is nested deeper than ${MAX_LEVELS} levels`),
        );
      const text = body.toString('utf8');
      return parse(request, text, (error: Error | null, value?: unknown) => {
        const word = error && NO_JSON_NUMBER.exec(text)?.[1];
        if (word)
          return done(
            new HttpProblem('BODY_INVALID', `${word} is not JSON: send null for an unknown value`),
          );
        return done(error, value);
      });
    },
  );
});
