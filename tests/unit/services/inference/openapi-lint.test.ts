/**
 * Purpose: a strict linter with every rule it has finds nothing in the document as served; what it
 * is not asked is justified here.
 */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import type { App } from '../../../../services/inference/plugins/app.ts';
import { createFixture } from '../../../fakes/inference.ts';

const MEDIA_TYPES = [
  'application/json',
  'application/problem+json',
  'application/vnd.apache.arrow.stream',
  'application/vnd.apache.parquet',
  'application/x-ndjson',
  'text/csv',
  'text/event-stream',
];

/** Rules of the linter's whole set that are off or changed → why. */
const EXCEPTIONS: Record<string, { readonly set: 'off' | object; readonly why: string }> = {
  'response-mime-type': {
    set: { severity: 'error', allowedValues: MEDIA_TYPES },
    why: 'it knows application/json alone; problems and streams have media types of their own',
  },
  'path-segment-plural': {
    set: 'off',
    why: 'a series has one forecast, the service one model; v1 and health have no plural',
  },
  'info-contact': {
    set: 'off',
    why: 'whom to ask is known to those who run the service, not to its source',
  },
  'scalar-property-missing-example': {
    set: 'off',
    why: 'every response has a whole example; one at every property would drown the document',
  },
  'required-string-property-missing-min-length': {
    set: 'off',
    why: 'a title or a reason in a response may be empty',
  },
};

describe('OpenAPI linter', () => {
  let app: App;
  let source: string;
  beforeAll(async () => {
    app = await createFixture().build();
    source = (await app.inject('/openapi.json')).body;
  });
  afterAll(() => app.close());

  async function problems(text: string, exceptions = EXCEPTIONS) {
    const rules = Object.fromEntries(
      Object.entries(exceptions).map(([rule, { set }]) => [rule, set]),
    );
    const config = await createConfig({ extends: ['all'], rules: rules as never });
    return lintFromString({ source: text, absoluteRef: '/openapi.json', config });
  }
  async function lint(text: string): Promise<string[]> {
    const found = await problems(text);
    return found.map(
      ({ severity, ruleId, message, location }) =>
        `${severity} ${ruleId}: ${message} ${location[0]?.pointer}`,
    );
  }

  test('finds neither an error nor a warning', async () => {
    expect(await lint(source)).toEqual([]);
  });

  test('needs every exception on the list', async () => {
    const found = new Set((await problems(source, {})).map(({ ruleId }) => ruleId));
    expect([...found].sort()).toEqual(Object.keys(EXCEPTIONS).sort());
  });

  test('detects a violation', async () => {
    expect(
      (await lint(source.replace('"operationId":"live"', '"operationId":"ready"'))).join(),
    ).toContain('operationId-unique');
    expect((await lint(source.replace('"horizon":2,', '"horizon":"2",'))).join()).toContain(
      'examples',
    );
  });
});
