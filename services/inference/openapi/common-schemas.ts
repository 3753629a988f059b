/**
 * Purpose: every request and response, written once: validation, types, fast serialisation and the
 * OpenAPI document.
 * Invariants: objects that clients send refuse unknown properties; every string and array they send
 * is bounded; examples are sent by a test.
 * Fails: a request that does not match gets REQUEST_INVALID and the path of what is
 * wrong.
 */
import type { Static, TSchema } from 'typebox';
import * as Type from 'typebox';
import { TABLE_TYPES } from '../../../platform/tables/table.ts';
import { FALLBACK_MEANINGS, FALLBACK_REASONS, type FallbackReason } from '../serving/fallback.ts';
import {
  FORECAST_LINES,
  FORECAST_ROWS,
  MODELS_PAGE,
  READY,
  SERIES_PAGE,
  SERVED_MODEL,
} from './response-examples.ts';

/** Nullable through a type array: serialised far faster than a union, and plain in OpenAPI 3.1. */
export const nullableString = (options = {}) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], ...options });
export const nullableNumbers = (options = {}) =>
  Type.Unsafe<(number | null)[]>({
    type: 'array',
    items: { type: ['number', 'null'] },
    ...options,
  });
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const isoTime = (description: string) => Type.String({ format: 'date-time', description });

/**
 * A list of words that may grow within a version of the API: a strict client must not refuse a new
 * one, as an enum would have it do.
 */
export const growingList = <Word extends string>(words: readonly Word[], options = {}) =>
  Type.Unsafe<Word>({ type: 'string', 'x-extensible-enum': words, ...options });

/** What a client sends: in UTC, and nothing but that. */
export const utcTime = (description: string, options = {}) =>
  Type.String({
    maxLength: 40,
    pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?Z$',
    description,
    ...options,
  });

export const SeriesId = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'The id of a series',
  examples: ['16'],
});
export const SeriesParams = Type.Object({ id: SeriesId }, { additionalProperties: false });

export const Cursor = Type.String({
  minLength: 1,
  maxLength: 700,
  pattern: '^[A-Za-z0-9_-]+$',
  description: '`nextCursor` of the previous page; omit it for the first page',
  examples: ['NzQ'],
});

export const SeriesQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        default: 100,
        description: 'Items per page',
        examples: [50],
      }),
    ),
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);

/** A list of words with what each means. */
export const meanings = (of: Readonly<Record<string, string>>): string =>
  Object.entries(of)
    .map(([word, meaning]) => `\`${word}\`: ${meaning}`)
    .join('; ');

export const Fallback = Type.Object(
  {
    reason: growingList<FallbackReason>(FALLBACK_REASONS, {
      description: meanings(FALLBACK_MEANINGS),
      examples: ['NO_CHAMPION'],
    }),
    since: isoTime('Since when, as far as this instance knows'),
  },
  {
    title: 'Fallback',
    description:
      'Why these numbers are not from the newest model on the newest data. Absent if they are. ' +
      'If a baseline forecasts, `modelVersion` names it: `baseline-mean_4_weeks`',
  },
);

export const SeriesResponse = Type.Object(
  {
    domain: Type.String(),
    unit: Type.String(),
    seriesNoun: Type.String({ description: 'Noun for one series' }),
    total: Type.Integer({ description: 'Series in the snapshot; of a shard, its own' }),
    series: Type.Array(
      Type.Object({
        seriesId: Type.String(),
        title: Type.String(),
        mean: Type.Unsafe<number | null>({
          type: ['number', 'null'],
          description: 'Mean of the recent weeks, in `unit`',
        }),
        lastValueAt: nullableString({
          description: 'UTC start of the last interval with a known value',
        }),
        forecast: Type.Boolean({ description: 'False if there is not enough recent history' }),
      }),
    ),
    nextCursor: nullableString({ description: 'null on the last page' }),
  },
  { title: 'SeriesPage', examples: [SERIES_PAGE] },
);

export const ModelResponse = Type.Object(
  {
    domain: Type.Object({
      name: Type.String(),
      title: Type.String(),
      unit: Type.String(),
      seriesNoun: Type.String(),
      timeZone: Type.String({ description: 'IANA name, for local labels' }),
      frequency: Type.String(),
      seasonLengths: Type.Array(Type.Integer()),
    }),
    model: nullable(
      Type.Object(
        {
          modelVersion: Type.String(),
          forecaster: Type.String(),
          createdAt: isoTime('When it was trained'),
          trainingCutoff: isoTime('The last interval it was trained on'),
          snapshotVersion: Type.String({ description: 'The snapshot it was trained on' }),
          trainingSeconds: Type.Number(),
          backend: Type.String(),
          seed: Type.Number(),
          quantiles: Type.Array(Type.Number()),
          horizon: Type.Integer(),
          minimumHistory: Type.Integer({
            description: 'Number of values that a history of your own must have',
          }),
          exogenous: Type.Optional(
            Type.Array(Type.String(), {
              description:
                'Columns that it reads in addition to the demand; absent if it reads none',
            }),
          ),
          knownInAdvance: Type.Optional(
            Type.Array(Type.String(), {
              description: 'Those of them that are known for the whole horizon',
            }),
          ),
          metrics: Type.Unsafe<unknown>({
            description: 'Out-of-sample figures as the training service wrote them',
          }),
        },
        { description: 'null while a baseline is served instead of a model' },
      ),
    ),
    promotion: nullable(
      Type.Object({
        number: Type.Integer(),
        promotedAt: Type.String({ format: 'date-time' }),
        kind: Type.String(),
        reason: Type.String(),
      }),
    ),
    fallback: Type.Optional(Fallback),
    snapshot: Type.Object({
      snapshotVersion: Type.String(),
      committedAt: Type.String({ format: 'date-time' }),
      cutoff: Type.String({ format: 'date-time' }),
      series: Type.Integer({ description: 'Series that this service serves' }),
    }),
    shard: Type.Optional(
      Type.Object(
        {
          name: Type.String({ description: 'Which of how many', examples: ['2/8'] }),
          storeSeries: Type.Integer({ description: 'Series of all shards together' }),
        },
        { description: 'Absent where this service serves all series of its store' },
      ),
    ),
  },
  { title: 'ServedModel', examples: [SERVED_MODEL] },
);

export const ModelsResponse = Type.Object(
  {
    total: Type.Integer({ description: 'Models in the registry' }),
    models: Type.Array(
      Type.Object({
        modelVersion: Type.String(),
        isChampion: Type.Boolean({
          description:
            'According to the promotion log; GET /v1/model says what this instance serves',
        }),
        forecaster: Type.String(),
        createdAt: isoTime('When it was trained'),
        trainingCutoff: isoTime('The last interval it was trained on'),
        snapshotVersion: Type.String({ description: 'The snapshot it was trained on' }),
        trainingSeconds: Type.Number(),
        quantiles: Type.Array(Type.Number()),
        horizon: Type.Integer(),
        history: Type.Array(
          Type.Object({
            number: Type.Integer({ description: 'Place in the promotion log' }),
            at: isoTime('When it was decided'),
            kind: Type.String({ description: 'promoted, rolled-back, rejected or inconclusive' }),
            reason: Type.String(),
          }),
          { description: 'What was decided about it, oldest first' },
        ),
      }),
    ),
    nextCursor: nullableString({ description: 'null on the last page' }),
  },
  { title: 'ModelsPage', examples: [MODELS_PAGE] },
);

export const LiveResponse = Type.Object(
  {
    status: Type.Literal('live'),
    access: Type.Unsafe<'open' | 'api-keys'>({
      type: 'string',
      enum: ['open', 'api-keys'],
      description: 'open: this instance requires no API key',
    }),
  },
  { title: 'Live', examples: [{ status: 'live', access: 'api-keys' }] },
);
export const ReadyResponse = Type.Object(
  {
    status: Type.Unsafe<'ready' | 'degraded'>({
      type: 'string',
      enum: ['ready', 'degraded'],
      description: 'degraded: forecasts are served, but they are a fallback',
    }),
    modelVersion: Type.String(),
    snapshotVersion: Type.String(),
    shard: Type.Optional(
      Type.String({ description: 'Which of how many shards, if not all series are served' }),
    ),
    cutoff: isoTime('UTC start of the last observed interval'),
    dataAgeSeconds: Type.Integer({ description: 'Since the end of the last observed interval' }),
    fallback: Type.Optional(Fallback),
    rescuedSeries: Type.Integer({
      description:
        'Series for which a baseline forecasts, because the model has no usable forecast of them',
    }),
    refreshFailure: Type.Unsafe<{ code: string; at: string } | null>({
      type: ['object', 'null'],
      properties: { code: { type: 'string' }, at: { type: 'string', format: 'date-time' } },
      description:
        'Not null while the newest model or snapshot cannot be loaded, and the previous one is ' +
        'served',
    }),
  },
  { title: 'Ready', examples: [READY] },
);

export const Problem = Type.Object(
  {
    type: Type.String({
      description: 'A stable URN',
      examples: ['urn:headway:problem:series-unknown'],
    }),
    title: Type.String({ description: 'Short description of the code' }),
    status: Type.Integer({ description: 'The HTTP status' }),
    detail: Type.String({ description: 'What was wrong with this request' }),
    instance: Type.String({ description: 'Id of this occurrence; the log has it too' }),
    code: Type.String({
      description: 'Stable: what programs should check',
      examples: ['SERIES_UNKNOWN'],
    }),
    fix: Type.Optional(Type.String({ description: 'What to do about it' })),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), {
        description: 'What is wrong, and where',
      }),
    ),
    shard: Type.Optional(
      Type.String({
        description: 'Of SERIES_OF_ANOTHER_SHARD: the shard to ask',
        examples: ['5/8'],
      }),
    ),
  },
  { title: 'Problem', description: 'RFC 9457 problem details' },
);
export type Problem = Static<typeof Problem>;

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: Problem } },
});

/** The responses of a route: the good one, 304 where it can be revalidated, and problems. */
export const responsesOf = <T extends TSchema>(schema: T, description: string) => ({
  200: { description, content: { 'application/json': { schema } } },
  '4xx': problem('What is wrong with the request'),
  '5xx': problem('What is wrong with the service'),
});

const BINARY = Type.Unsafe<string>({ type: 'string', format: 'binary' });
/** The binary forms of a table. */
const TABLE_CONTENT = {
  [TABLE_TYPES.arrow]: { schema: BINARY },
  [TABLE_TYPES.parquet]: { schema: BINARY },
};

/** The same for a route that also sends a table. */
export const tabledResponses = <T extends TSchema>(schema: T, description: string) => ({
  ...responsesOf(schema, description),
  200: { description, content: { 'application/json': { schema }, ...TABLE_CONTENT } },
});

/** The same for a route that also streams. */
export const streamedResponses = <T extends TSchema>(schema: T, description: string) => {
  const text = (of: string, example: string) => ({
    schema: Type.String({ description: of, examples: [example] }),
  });
  return {
    ...responsesOf(schema, description),
    200: {
      description,
      content: {
        'application/json': { schema },
        'application/x-ndjson': text(
          'One forecast per line, as GET /v1/series/{id}/forecast returns it',
          FORECAST_LINES,
        ),
        'text/csv': text(
          'unique_id, ds, cutoff, one column per quantile (q0.5), model_version, ' +
            'snapshot_version, flags, fallback_reason, fallback_since',
          FORECAST_ROWS,
        ),
        ...TABLE_CONTENT,
      },
    },
  };
};
