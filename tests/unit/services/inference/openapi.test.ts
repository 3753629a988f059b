/**
 * Purpose: the OpenAPI document is well formed, complete, and true: its examples are sent, and
 * responses match its schemas.
 * Invariants: checked against the document as served, not against the source of it.
 * Fails: with the path that is wrong.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Compile } from 'typebox/compile';
import { OPERATIONS } from '../../../../services/inference/openapi/operations.ts';
import { PROBLEM_CODES } from '../../../../services/inference/openapi/problem-codes.ts';
import type { App } from '../../../../services/inference/plugins/app.ts';
import { HTTP_PROBLEMS } from '../../../../services/inference/responses/problems.ts';
import { createFixture, HOUR, NOW } from '../../../fakes/inference.ts';
import { dereferenced, type Json } from '../../../fixtures/dereferenced.ts';

describe('OpenAPI document', () => {
  // The series of the examples.
  const { build } = createFixture({ ids: ['16', '210', 'dead'] });
  let app: App;
  let served: Json;
  let document: Json;
  beforeAll(async () => {
    const actuals = {
      append: async () => ({ key: 'actuals/demo/5f2c.json', availableAt: NOW, isNew: true }),
    };
    // A day later, so that what the examples say happened is over.
    app = await build({ actuals, clock: { now: () => NOW + 24 * HOUR, elapsedMs: () => 0 } });
    served = (await app.inject('/openapi.json')).json();
    document = dereferenced(served);
  });
  afterAll(() => app.close());

  const operations = (): [string, string, Json][] =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods as Json).map(([method, operation]): [string, string, Json] => [
        path,
        method,
        operation,
      ]),
    );
  const schemaOf = (operation: Json) =>
    operation.responses['200'].content['application/json']?.schema ?? { type: 'object' };

  /** Calls `visit` on every schema in the document, with its place. */
  function walk(node: Json, place: string, visit: (schema: Json, place: string) => void): void {
    if (node === null || typeof node !== 'object') return;
    if (typeof node.type === 'string' || Array.isArray(node.type) || node.properties)
      visit(node, place);
    for (const [key, inner] of Object.entries(node))
      if (key !== 'examples' && key !== 'example') walk(inner, `${place}/${key}`, visit);
  }

  /** Every content of the document that has a schema, with its place. */
  function contents(): [string, Json][] {
    return operations().flatMap(([path, method, operation]) =>
      [
        ['request', operation.requestBody] as const,
        ...Object.entries<Json>(operation.responses),
      ].flatMap(([name, part]) =>
        Object.entries<Json>(part?.content ?? {}).map(([type, media]): [string, Json] => [
          `${method} ${path} ${name} ${type}`,
          media,
        ]),
      ),
    );
  }
  const examplesOf = (media: Json): Json[] => [
    ...(media.example === undefined ? [] : [media.example]),
    ...Object.values<Json>(media.examples ?? {}).map(({ value }) => value),
  ];

  test('is version 3.1, names every API route and omits the pages', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(
      operations()
        .map(([path, method]) => `${method} ${path}`)
        .sort(),
    ).toEqual([
      'get /health/live',
      'get /health/ready',
      'get /v1/actuals',
      'get /v1/decisions',
      'get /v1/events',
      'get /v1/forecasts',
      'get /v1/groups',
      'get /v1/groups/{id}/decision',
      'get /v1/groups/{id}/forecast',
      'get /v1/groups/{id}/paths',
      'get /v1/jobs',
      'get /v1/model',
      'get /v1/models',
      'get /v1/monitoring',
      'get /v1/series',
      'get /v1/series/{id}/decision',
      'get /v1/series/{id}/explanation',
      'get /v1/series/{id}/forecast',
      'get /v1/series/{id}/paths',
      'get /v1/series/{id}/record',
      'post /v1/actuals',
      'post /v1/forecasts',
    ]);
  });

  test('passes a strict validator of OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(served);
    expect([valid, errors]).toEqual([true, undefined]);
  });

  test('every operation has an id, a summary, a description, a success and its problems', () => {
    const ids = operations().map(([, , operation]) => operation.operationId);
    expect(ids.sort()).toEqual(Object.keys(OPERATIONS).sort());
    const tags = document.tags.map((tag: Json) => tag.name);
    for (const [path, , operation] of operations()) {
      expect([path, Boolean(operation.summary), tags.includes(operation.tags[0])]).toEqual([
        path,
        true,
        true,
      ]);
      expect(operation.description.length).toBeGreaterThan(40);
      expect(schemaOf(operation).type).toBe('object');
      for (const status of ['4XX', '5XX', '500', '503']) {
        const { content, description } = operation.responses[status];
        expect(description).toBeTruthy();
        expect(content['application/problem+json'].schema.properties.code).toBeDefined();
      }
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? [])
        .filter((one: Json) => one.in === 'path')
        .map((one: Json) => one.name);
      expect(declared).toEqual(named);
    }
  });

  test('every HTTP problem code is documented, and every documented code occurs', () => {
    expect(
      Object.keys(HTTP_PROBLEMS).filter((code) => !(PROBLEM_CODES as string[]).includes(code)),
    ).toEqual([]);
    const text = JSON.stringify(document.paths);
    expect(PROBLEM_CODES.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
  });

  test('every schema compiles as JSON Schema, and its examples match it', () => {
    let examples = 0;
    walk(document.paths, '', (schema, place) => {
      const check = Compile(schema);
      for (const example of [
        ...(schema.examples ?? []),
        ...(schema.example === undefined ? [] : [schema.example]),
      ]) {
        examples++;
        expect([place, example, check.Check(example)]).toEqual([place, example, true]);
      }
    });
    expect(examples).toBeGreaterThan(5);
  });

  test('every response and request has examples that match its schema exactly', () => {
    for (const [place, media] of contents()) {
      const check = Compile(media.schema);
      const examples = [...examplesOf(media), ...(media.schema.examples ?? [])];
      // Bytes have no example in text.
      if (!/[45]XX/.test(place) && media.schema.format !== 'binary')
        expect([place, examples.length > 0]).toEqual([place, true]);
      for (const example of examples) {
        expect([place, ...check.Errors(example)]).toEqual([place]);
        expect([place, unnamed(media.schema, example)]).toEqual([place, []]);
      }
    }
  });

  test('examples are accepted, and responses match their schemas and headers', async () => {
    for (const [path, method, operation] of operations()) {
      const requests =
        method === 'post'
          ? examplesOf(operation.requestBody.content['application/json']).map((payload) => ({
              method: 'POST' as const,
              url: path,
              payload,
            }))
          : urlsOf(path, operation).map((url) => ({ method: 'GET' as const, url }));
      expect(requests.length).toBeGreaterThan(0);
      for (const request of requests) {
        const response = await app.inject(request);
        const type = String(response.headers['content-type']).split(';')[0] as string;
        const { content, headers } = operation.responses[response.statusCode];
        expect([request.url, response.statusCode, type in content]).toEqual([
          request.url,
          200,
          true,
        ]);
        const body = type === 'application/json' ? response.json() : response.body;
        expect([request.url, ...Compile(content[type].schema).Errors(body)]).toEqual([request.url]);
        const sent = Object.keys(headers).filter(
          (name) => response.headers[name.toLowerCase()] !== undefined,
        );
        expect([request.url, sent.filter((name) => name !== 'X-Series-Left-Out')]).toEqual([
          request.url,
          Object.keys(headers).filter((name) => name !== 'X-Series-Left-Out'),
        ]);
      }
    }
  });

  test('examples of problems are what the service sends', async () => {
    const shown = (path: string, method: string, status: number) =>
      document.paths[path][method].responses[status].content['application/problem+json'];
    const unknown = await app.inject('/v1/series/nope/forecast');
    const media = shown('/v1/series/{id}/forecast', 'get', 404);
    expect(Compile(media.schema).Check(unknown.json())).toBe(true);
    const { type, title, status, code } = media.examples.SERIES_UNKNOWN.value;
    expect(unknown.json()).toMatchObject({ type, title, status, code });
    expect(Compile(media.schema).Check((await app.inject('/nope')).json())).toBe(true);
  });

  /** One request with every example parameter at once, and one with each alone. */
  function urlsOf(path: string, operation: Json): string[] {
    const parameters: Json[] = operation.parameters.filter((one: Json) => one.in !== 'header');
    const filled = path.replace('{id}', parameters.find((one) => one.name === 'id')?.example ?? '');
    const queries = parameters
      .filter((one) => one.in === 'query')
      .map((one) => {
        const example = one.example ?? one.schema.example ?? one.schema.examples?.[0];
        expect([path, one.name, example !== undefined]).toEqual([path, one.name, true]);
        return `${one.name}=${encodeURIComponent(example)}`;
      });
    // The last cursor belongs to a list of its own; pages and streams exclude one another.
    const kept = queries.filter((query) => !query.startsWith('cursor=') || path !== '/v1/models');
    const together = kept.filter((query) => !query.startsWith('format='));
    return [
      filled,
      ...kept.map((query) => `${filled}?${query}`),
      `${filled}?${together.join('&')}`,
    ];
  }
});

/** Paths of what a value holds and its schema does not name. */
function unnamed(schema: Json, value: Json, place = ''): string[] {
  if (value === null || typeof value !== 'object') return [];
  if (Array.isArray(value))
    return value.flatMap((one, i) => unnamed(schema.items ?? {}, one, `${place}/${i}`));
  const branch = schema.anyOf?.find((one: Json) => one.type === 'object') ?? schema;
  const { properties, additionalProperties = branch.patternProperties } = branch;
  if (!properties) return [];
  return Object.entries<Json>(value).flatMap(([key, inner]) =>
    key in properties
      ? unnamed(properties[key], inner, `${place}/${key}`)
      : additionalProperties
        ? []
        : [`${place}/${key}`],
  );
}
