/**
 * Purpose: values that fit a JSON schema, and values that do not, drawn at random, for requests
 * that reach as deep as they can.
 * Invariants: the same draws give the same value; ids and times are mostly ones that exist, or
 * every request would end at the first check.
 * Fails: never; a schema that it does not know gives null.
 */
import { Compile } from 'typebox/compile';
import type { Random } from '../../platform/random.ts';
import { HOUR, START } from '../fakes/inference.ts';
import type { Json } from '../fixtures/dereferenced.ts';

export const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random() * list.length)] as T;
export const between = (random: Random, least: number, most: number): number =>
  least + Math.floor(random() * (most - least + 1));
const chance = (random: Random, share: number): boolean => random() < share;

const WORDS = [
  '',
  ' ',
  'a',
  '74',
  'ü ☃',
  '\u0000',
  '\ud800',
  '__proto__',
  'constructor',
  '../..',
  '%',
  "' OR 1=1",
  '<b>',
  'null',
  '𝒛'.repeat(9),
];
const NUMBERS = [
  0,
  -0,
  1,
  -1,
  0.1,
  1e308,
  -1e308,
  5e-324,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  3.5e38,
  24,
  25,
];

/** A value that the schema accepts. */
export function fitting(schema: Json, random: Random, ids: readonly string[], name = ''): Json {
  if ('const' in schema) return schema.const;
  if (schema.enum) return pick(random, schema.enum);
  if (schema.oneOf && schema.properties)
    return objectOf(schema, random, ids, new Set(pick<Json>(random, schema.oneOf).required));
  if (schema.anyOf) return fitting(pick(random, schema.anyOf), random, ids, name);
  const type = Array.isArray(schema.type)
    ? pick<string>(random, chance(random, 0.8) ? schema.type.slice(0, 1) : schema.type)
    : schema.type;
  switch (type) {
    case 'object':
      return objectOf(schema, random, ids, new Set(schema.required ?? []));
    case 'array':
      return arrayOf(schema, random, ids, name);
    case 'string':
      return stringOf(schema, random, ids, name);
    case 'integer':
      return chance(random, 0.7)
        ? between(random, schema.minimum ?? 0, Math.min(schema.maximum ?? 24, 24))
        : between(random, schema.minimum ?? 0, schema.maximum ?? 1000);
    case 'number':
      return numberOf(schema, random);
    default:
      return null;
  }
}

function objectOf(
  schema: Json,
  random: Random,
  ids: readonly string[],
  needed: ReadonlySet<string>,
): Json {
  const made: Record<string, Json> = {};
  const alternatives = new Set<string>((schema.oneOf ?? []).flatMap((one: Json) => one.required));
  for (const [key, member] of Object.entries<Json>(schema.properties ?? {})) {
    if (needed.has(key) || (!alternatives.has(key) && chance(random, 0.4)))
      made[key] = fitting(member, random, ids, key);
  }
  if (!schema.properties && schema.additionalProperties)
    for (const key of chance(random, 0.8) ? ['plan'] : ['heat', 'plan'])
      made[key] = fitting(schema.additionalProperties, random, ids, key);
  const missing = (schema.minProperties ?? 0) - Object.keys(made).length;
  for (const [key, member] of Object.entries<Json>(schema.properties ?? {}).slice(
    0,
    Math.max(0, missing),
  ))
    made[key] = fitting(member, random, ids, key);
  return made;
}

function arrayOf(schema: Json, random: Random, ids: readonly string[], name: string): Json[] {
  const least = schema.minItems ?? 0;
  const most = Math.min(
    schema.maxItems ?? 10,
    chance(random, 0.02) ? 2000 : name === 'values' ? 200 : 6,
  );
  const items = Array.from({ length: between(random, least, Math.max(least, most)) }, () =>
    fitting(schema.items, random, ids, name),
  );
  if (!schema.uniqueItems) return items;
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

function stringOf(schema: Json, random: Random, ids: readonly string[], name: string): string {
  const { pattern = '', minLength = 0, maxLength = 64 } = schema;
  if (pattern.startsWith('^\\d{4}-')) {
    const time = new Date(START + between(random, 0, 1500) * HOUR).toISOString();
    return pick(random, [
      time,
      time.replace('.000Z', 'Z'),
      time.replace(':00.000Z', 'Z'),
      '2026-02-30T00:00:00Z',
      '9999-12-31T23:59:59Z',
    ]);
  }
  if (pattern.startsWith('^\\d{1,2}'))
    return pick(random, ['80', '50', '80,80', '0.5', '99.9,80', '00']);
  if (pattern) return Buffer.from(pick(random, ids)).toString('base64url');
  if (/^(id|seriesIds?)$/.test(name) && chance(random, 0.9)) return pick(random, ids);
  const word = chance(random, 0.9) ? pick(random, WORDS) : 'x'.repeat(maxLength);
  return word.length >= minLength && word.length <= maxLength
    ? word
    : 'x'.repeat(Math.max(1, minLength));
}

function numberOf(
  { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Json,
  random: Random,
): number {
  const usual = chance(random, 0.5) ? between(random, 1, 99) : Math.round(random() * 1000) / 10;
  const value = chance(random, 0.95) ? usual : pick(random, NUMBERS);
  const least = minimum ?? exclusiveMinimum ?? -Infinity;
  const most = maximum ?? exclusiveMaximum ?? Infinity;
  return value > least && value < most ? value : 80;
}

/**
 * A value that the schema refuses, by one thing that is wrong in it; null where chance found none.
 */
export function misfitting(
  schema: Json,
  random: Random,
  ids: readonly string[],
): { value: Json } | null {
  const check = Compile(schema);
  for (let tries = 0; tries < 8; tries++) {
    const value = broken(schema, fitting(schema, random, ids), random);
    // JSON has no word for these: they would be sent as something else.
    const sent = value === undefined ? undefined : JSON.parse(JSON.stringify(value));
    if (sent !== undefined && !check.Check(sent)) return { value: sent };
  }
  return null;
}

function broken(schema: Json, value: Json, random: Random): Json {
  if (Array.isArray(value) && value.length > 0 && chance(random, 0.6)) {
    const at = between(random, 0, value.length - 1);
    return value.with(at, broken(schema.items ?? {}, value[at], random));
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const keys = Object.keys(value);
    const draw = random();
    if (draw < 0.2) return { ...value, [pick(random, ['extra', 'Horizon', ' ', 'toString'])]: 1 };
    if (draw < 0.35 && keys.length > 0) return Object.fromEntries(Object.entries(value).slice(1));
    const key = keys.length > 0 ? pick(random, keys) : '';
    const member = schema.properties?.[key] ?? schema.additionalProperties;
    if (draw < 0.9 && member) return { ...value, [key]: broken(member, value[key], random) };
  }
  return pick<Json>(random, [
    null,
    true,
    -1,
    1.5,
    1e308,
    2 ** 53,
    '',
    'x'.repeat(200),
    '2026-03-01',
    [],
    [[]],
    {},
    { a: 1 },
    [null],
    'NaN',
    '5',
    10_001,
  ]);
}
