/**
 * Purpose: the OpenAPI document is well formed, complete, and true: its examples are sent, and answers match its schemas.
 * Invariants: checked against the document as served, not against the source of it.
 * Fails: with the path that is wrong.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Compile } from 'typebox/compile';
import type { App } from '../../../services/inference/routes/context.ts';
import { createWorld } from './fakes.ts';

// biome-ignore lint/suspicious/noExplicitAny: a JSON document of any shape is walked.
type Json = any;

describe('OpenAPI document', () => {
  const { build } = createWorld();
  let app: App;
  let document: Json;
  beforeAll(async () => {
    app = await build();
    document = (await app.inject('/openapi.json')).json();
  });
  afterAll(() => app.close());

  const operations = (): [string, string, Json][] =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods as Json).map(([method, operation]): [string, string, Json] => [path, method, operation]),
    );
  const schemaOf = (operation: Json) => operation.responses['200'].content['application/json'].schema;

  /** Calls `visit` on every schema in the document, with its place. */
  function walk(node: Json, place: string, visit: (schema: Json, place: string) => void): void {
    if (node === null || typeof node !== 'object') return;
    if (typeof node.type === 'string' || Array.isArray(node.type) || node.properties) visit(node, place);
    for (const [key, inner] of Object.entries(node))
      if (key !== 'examples' && key !== 'example') walk(inner, `${place}/${key}`, visit);
  }

  test('it is 3.1, names every route there is, and leaves the pages out', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(
      operations()
        .map(([path, method]) => `${method} ${path}`)
        .sort(),
    ).toEqual([
      'get /health/live',
      'get /health/ready',
      'get /v1/forecasts',
      'get /v1/model',
      'get /v1/models',
      'get /v1/series',
      'get /v1/series/{id}/explanation',
      'get /v1/series/{id}/forecast',
      'post /v1/actuals',
      'post /v1/forecasts',
    ]);
  });

  test('a strict validator of OpenAPI 3.1 finds nothing', async () => {
    const { valid, errors } = await new Validator().validate(document);
    expect([valid, errors]).toEqual([true, undefined]);
  });

  test('every operation has an id of its own, a summary, a good answer and problems', () => {
    const ids = operations().map(([, , operation]) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = document.tags.map((tag: Json) => tag.name);
    for (const [path, , operation] of operations()) {
      expect([path, Boolean(operation.summary), tags.includes(operation.tags[0])]).toEqual([path, true, true]);
      expect(schemaOf(operation).type).toBe('object');
      for (const status of ['4XX', '5XX']) {
        const { content, description } = operation.responses[status];
        expect(description).toBeTruthy();
        expect(content['application/problem+json'].schema.properties.code).toBeDefined();
      }
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((one: Json) => one.in === 'path').map((one: Json) => one.name);
      expect(declared).toEqual(named);
    }
  });

  test('every schema compiles as JSON Schema, and every example in it is an instance of it', () => {
    let examples = 0;
    walk(document.paths, '', (schema, place) => {
      const check = Compile(schema);
      for (const example of [...(schema.examples ?? []), ...(schema.example === undefined ? [] : [schema.example])]) {
        examples++;
        expect([place, example, check.Check(example)]).toEqual([place, example, true]);
      }
    });
    expect(examples).toBeGreaterThan(5);
  });

  test('the example bodies are answered, and every answer matches its schema', async () => {
    const body = document.paths['/v1/forecasts'].post.requestBody.content['application/json'];
    const bodies = [...Object.values(body.examples ?? {}).map((one: Json) => one.value), ...(body.schema.examples ?? [])];
    expect(bodies.length).toBeGreaterThanOrEqual(2);
    const answer = Compile(schemaOf(document.paths['/v1/forecasts'].post));
    for (const payload of bodies) {
      const response = await app.inject({ method: 'POST', url: '/v1/forecasts', payload });
      expect([response.statusCode, answer.Check(response.json())]).toEqual([200, true]);
    }
    for (const [path, method, operation] of operations()) {
      if (method !== 'get') continue;
      const response = await app.inject(
        path.replace('{id}', operation.parameters?.find((one: Json) => one.name === 'id')?.example ?? ''),
      );
      expect([path, response.statusCode]).toEqual([path, 200]);
      const errors = Compile(schemaOf(operation)).Errors(response.json());
      expect([path, [...errors]]).toEqual([path, []]);
    }
    const problem = Compile(document.paths['/v1/model'].get.responses['4XX'].content['application/problem+json'].schema);
    expect(problem.Check((await app.inject('/nope')).json())).toBe(true);
  });
});
