/**
 * Purpose: every request and answer, written once: validation, types, fast serialisation and the OpenAPI document.
 * Invariants: objects that clients send refuse unknown properties; every string and array they send is bounded; examples are
 * sent by a test.
 * Fails: a request that does not match is answered with REQUEST_INVALID and the path of what is wrong.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { FLAG_MEANINGS, SERIES_FLAGS } from '../../forecasting/series-flags.ts';
import { type AnswerFlag, BOUNDED_MEANING, FALLBACK_MEANINGS, FALLBACK_REASONS, type FallbackReason } from './fallback.ts';

/** Nullable through a type array: serialised far faster than a union, and plain in OpenAPI 3.1. */
const nullableString = (options = {}) => Type.Unsafe<string | null>({ type: ['string', 'null'], ...options });
const nullableNumbers = (options = {}) =>
  Type.Unsafe<(number | null)[]>({ type: 'array', items: { type: ['number', 'null'] }, ...options });
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const isoTime = (description: string) => Type.String({ format: 'date-time', description });

/** What a client sends: in UTC, and nothing but that. */
export const utcTime = (description: string, options = {}) =>
  Type.String({
    maxLength: 40,
    pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,3})?)?Z$',
    description,
    ...options,
  });

export const SeriesId = Type.String({ minLength: 1, maxLength: 128, description: 'The id of a series', examples: ['74'] });
const Horizon = Type.Integer({
  minimum: 1,
  maximum: 10_000,
  description: "Steps to forecast, from 1 to the model's own horizon; that is also the default",
  examples: [24],
});

export const SeriesParams = Type.Object({ id: SeriesId }, { additionalProperties: false });

export const SeriesQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Series per page' })),
    cursor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 700,
        pattern: '^[A-Za-z0-9_-]+$',
        description: '`nextCursor` of the page before; leave it out for the first page',
      }),
    ),
  },
  { additionalProperties: false },
);

export const ForecastQuery = Type.Object(
  {
    horizon: Type.Optional(Horizon),
    history: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 2000, default: 0, description: 'Recent actual values to send along', examples: [168] }),
    ),
  },
  { additionalProperties: false },
);

export const ForecastsBody = Type.Object(
  {
    seriesIds: Type.Optional(
      Type.Array(SeriesId, { minItems: 1, maxItems: 1000, uniqueItems: true, description: 'Series of the snapshot' }),
    ),
    history: Type.Optional(
      Type.Object(
        {
          start: utcTime('UTC start of the first interval, on the grid of the domain'),
          values: nullableNumbers({
            minItems: 1,
            maxItems: 20_000,
            description: 'One value an interval, oldest first; null is unknown (not zero)',
          }),
          seriesId: Type.Optional(
            Type.String({ minLength: 1, maxLength: 128, description: 'The series these values continue, if the model knows it' }),
          ),
        },
        { additionalProperties: false, description: 'Recent values of your own' },
      ),
    ),
    horizon: Type.Optional(Horizon),
  },
  {
    additionalProperties: false,
    oneOf: [{ required: ['seriesIds'] }, { required: ['history'] }],
    description:
      'Either `seriesIds` or `history`. A history must be as long as the model needs (weeks of hours, usually); the example is ' +
      'shortened, and a history that is too short is answered with the length that is needed.',
    examples: [
      { seriesIds: ['74', '75'], horizon: 24 },
      { history: { start: '2026-03-01T00:00:00Z', values: [12, 9, null, 7, 8] }, horizon: 3 },
    ],
  },
);

/** A list of words with what each means. */
const meanings = (of: Readonly<Record<string, string>>): string =>
  Object.entries(of)
    .map(([word, meaning]) => `\`${word}\`: ${meaning}`)
    .join('; ');

export const Fallback = Type.Object(
  {
    reason: Type.Unsafe<FallbackReason>({
      type: 'string',
      enum: FALLBACK_REASONS,
      description: meanings(FALLBACK_MEANINGS),
      examples: ['NO_CHAMPION'],
    }),
    since: isoTime('Since when it has been so, as far as this instance knows'),
  },
  {
    description:
      'Why these are not the numbers that the newest model makes of the newest data. Absent where they are. Where a baseline answers, ' +
      '`modelVersion` names it: `baseline-mean_4_weeks`',
  },
);

const HistoryAnswer = Type.Object(
  { timestamps: Type.Array(Type.String()), values: nullableNumbers() },
  { description: 'Actual values up to the cutoff, oldest first; null is unknown' },
);

export const ForecastAnswer = Type.Object(
  {
    domain: Type.String(),
    seriesId: nullableString({ description: 'null for a history of your own that names no series' }),
    title: nullableString(),
    unit: Type.String({ description: 'Unit of every quantile' }),
    cutoff: isoTime('UTC start of the last observed interval; step k is cutoff + k intervals'),
    issuedAt: isoTime('When these numbers were computed'),
    modelVersion: Type.String({ description: 'What made the numbers: a model, or `baseline-…` where a baseline stands in' }),
    snapshotVersion: nullableString({ description: 'null for a history of your own' }),
    frequency: Type.String({ description: 'ISO 8601 duration of one interval', examples: ['PT1H'] }),
    horizon: Type.Integer(),
    timestamps: Type.Array(Type.String(), { description: 'UTC start of every forecast interval' }),
    quantiles: Type.Record(Type.String(), Type.Array(Type.Number()), {
      description:
        "Columns: quantile → one value for every timestamp, at the model's own quantiles. 0.5 is the median; 0.1 and 0.9 bound the 80 % interval",
    }),
    history: Type.Optional(HistoryAnswer),
    unknownInputs: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'Exogenous columns that the model reads and of which nothing was known: their usual values were used. Absent where all were known',
      }),
    ),
    flags: Type.Optional(
      Type.Array(Type.Unsafe<AnswerFlag>({ type: 'string', enum: [...SERIES_FLAGS, 'bounded'] }), {
        description: `Why to trust it less: ${meanings({ ...FLAG_MEANINGS, bounded: BOUNDED_MEANING })}. Absent where nothing is to be said`,
      }),
    ),
    fallback: Type.Optional(Fallback),
  },
  {
    examples: [
      {
        domain: 'demo',
        seriesId: '74',
        title: 'North Harbour',
        unit: 'orders per hour',
        cutoff: '2026-03-01T23:00:00.000Z',
        issuedAt: '2026-03-02T00:05:00.000Z',
        modelVersion: '20260301T040000-1a2b3c',
        snapshotVersion: '42-0f1e2d3c4b5a',
        frequency: 'PT1H',
        horizon: 2,
        timestamps: ['2026-03-02T00:00:00.000Z', '2026-03-02T01:00:00.000Z'],
        quantiles: { '0.1': [8.1, 6.2], '0.5': [11.4, 9.03], '0.9': [15.2, 12.7] },
      },
    ],
  },
);
export type ForecastAnswer = Static<typeof ForecastAnswer>;
export type HistoryAnswer = Static<typeof HistoryAnswer>;

export const ForecastsAnswer = Type.Object({
  forecasts: Type.Array(ForecastAnswer, { description: 'In the order of `seriesIds`' }),
});

export const SeriesAnswer = Type.Object({
  domain: Type.String(),
  unit: Type.String(),
  seriesNoun: Type.String({ description: 'What one series is called' }),
  total: Type.Integer({ description: 'Series in the snapshot' }),
  series: Type.Array(
    Type.Object({
      seriesId: Type.String(),
      title: Type.String(),
      mean: Type.Unsafe<number | null>({ type: ['number', 'null'], description: 'Mean of the recent weeks, in `unit`' }),
      lastValueAt: nullableString({ description: 'UTC start of the last interval with a known value' }),
      forecast: Type.Boolean({ description: 'False where the recent history does not suffice' }),
    }),
  ),
  nextCursor: nullableString({ description: 'null on the last page' }),
});

export const ModelAnswer = Type.Object({
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
        minimumHistory: Type.Integer({ description: 'Values a history of your own must have' }),
        exogenous: Type.Optional(
          Type.Array(Type.String(), { description: 'Columns beside the demand that it reads; absent where it reads none' }),
        ),
        metrics: Type.Unsafe<unknown>({ description: 'Out-of-sample figures as the training service wrote them' }),
      },
      { description: 'null while a baseline stands in for a model' },
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
    series: Type.Integer(),
  }),
});

export const LiveAnswer = Type.Object({ status: Type.Literal('live') });
export const ReadyAnswer = Type.Object({
  status: Type.Unsafe<'ready' | 'degraded'>({
    type: 'string',
    enum: ['ready', 'degraded'],
    description: 'degraded: forecasts are answered, but they are a fallback',
  }),
  modelVersion: Type.String(),
  snapshotVersion: Type.String(),
  cutoff: isoTime('UTC start of the last observed interval'),
  dataAgeSeconds: Type.Integer({ description: 'Since the end of the last observed interval' }),
  fallback: Type.Optional(Fallback),
  rescuedSeries: Type.Integer({
    description: 'Series for which a baseline answers, because the model has no sound forecast of them',
  }),
  refreshFailure: Type.Unsafe<{ code: string; at: string } | null>({
    type: ['object', 'null'],
    properties: { code: { type: 'string' }, at: { type: 'string', format: 'date-time' } },
    description: 'Not null while the newest model or snapshot cannot be loaded, and the one before is served',
  }),
});

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'A stable URN', examples: ['urn:headway:problem:series-unknown'] }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String({ description: 'Names this occurrence; the log has it too' }),
    code: Type.String({ examples: ['SERIES_UNKNOWN'] }),
    fix: Type.Optional(Type.String({ description: 'What to do about it' })),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), { description: 'What is wrong, and where' }),
    ),
  },
  { description: 'RFC 9457 problem details' },
);
export type Problem = Static<typeof Problem>;

const problem = (description: string) => ({ description, content: { 'application/problem+json': { schema: Problem } } });

/** The answers of a route: the good one, 304 where it can be revalidated, and problems. */
export const answers = <T extends TSchema>(schema: T, description: string) => ({
  200: { description, content: { 'application/json': { schema } } },
  '4xx': problem('What is wrong with the request'),
  '5xx': problem('What is wrong with the service'),
});
