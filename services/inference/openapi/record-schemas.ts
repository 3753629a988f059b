/**
 * Purpose: the requests and responses of what was forecast and what happened, written once, as
 * common-schemas.ts does for the others.
 * Invariants: as common-schemas.ts.
 * Fails: as common-schemas.ts.
 */
import type { Static } from 'typebox';
import * as Type from 'typebox';
import {
  Cursor,
  growingList,
  isoTime,
  nullable,
  nullableNumbers,
  nullableString,
  SeriesId,
  utcTime,
} from './common-schemas.ts';
import { ACTUALS, RECORD } from './monitoring-examples.ts';

/** @param span what is asked for without `from` */
const range = (span: string) => ({
  from: Type.Optional(
    utcTime(`The first target time; default: ${span} before \`until\``, {
      examples: ['2026-03-01T00:00:00Z'],
    }),
  ),
  until: Type.Optional(
    utcTime('End of the target times, exclusive; default: now', {
      examples: ['2026-03-02T00:00:00Z'],
    }),
  ),
});

export const RecordQuery = Type.Object(range('7 days'), { additionalProperties: false });

const RecordScore = Type.Object({
  pairs: Type.Integer({ description: 'Pairs of a forecast and its actual' }),
  mae: Type.Number({ description: 'Mean absolute error of the median' }),
  bias: Type.Number({ description: 'Mean of forecast − actual' }),
  coverage: Type.Number({ description: 'Share of actuals between the outermost quantiles' }),
  nominal: Type.Number({ description: 'What that share should be' }),
});

const RecordedForecast = Type.Object({
  issuedAt: isoTime('When it was made'),
  cutoff: isoTime('The last interval that was known'),
  forecaster: Type.String(),
  modelVersion: nullableString({ description: 'null for a baseline' }),
  origin: growingList(['batch', 'served', 'replayed'], {
    description:
      'Computed by a batch, served by the service, or computed afterwards for a past time',
  }),
  fallback: nullableString({ description: 'Why a baseline forecast in the place of the model' }),
  start: isoTime('The first target time'),
  step: Type.Integer({ description: 'The step of the first target time' }),
  quantiles: Type.Unsafe<Record<string, (number | null)[]>>({
    type: 'object',
    description: 'Quantile → one value per interval',
    additionalProperties: { type: 'array', items: { type: ['number', 'null'] } },
  }),
  mean: Type.Optional(nullableNumbers({ description: 'Absent if the forecaster has none' })),
  errors: nullableNumbers({ description: 'Median − actual; null while it is not known' }),
});

export const RecordResponse = Type.Object(
  {
    domain: Type.String(),
    seriesId: Type.String(),
    title: Type.String(),
    unit: Type.String(),
    frequency: Type.String({ description: 'ISO 8601 duration of an interval' }),
    from: isoTime('First target time'),
    until: isoTime('End of the target times, exclusive'),
    scoredAt: nullableString({
      description: 'When monitoring wrote the newest of it; null: there is no record',
    }),
    score: nullable(RecordScore),
    timestamps: Type.Array(Type.String(), { description: 'Intervals that have a record' }),
    actuals: nullableNumbers({ description: 'What happened in each, as far as it is known' }),
    forecasts: Type.Array(RecordedForecast, {
      description:
        'What was served for these intervals, in order of the cutoff: several for each interval',
    }),
  },
  { title: 'SeriesRecord', examples: [RECORD] },
);
export type RecordResponse = Static<typeof RecordResponse>;

export const ActualsQuery = Type.Object(
  {
    ...range('24 intervals'),
    seriesId: Type.Optional(SeriesId),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        description: 'Series per page of JSON; default: 100',
        examples: [50],
      }),
    ),
    cursor: Type.Optional(Cursor),
  },
  { additionalProperties: false },
);

export const ActualsResponse = Type.Object(
  {
    domain: Type.String(),
    unit: Type.String(),
    frequency: Type.String({ description: 'ISO 8601 duration of an interval' }),
    snapshotVersion: Type.String(),
    timestamps: Type.Array(Type.String(), { description: 'UTC starts of the intervals' }),
    total: Type.Integer({ description: 'Series that were asked for' }),
    series: Type.Array(
      Type.Object({
        seriesId: Type.String(),
        title: Type.String(),
        values: nullableNumbers({ description: 'One per interval; null is unknown (not zero)' }),
      }),
    ),
    nextCursor: nullableString({ description: 'null on the last page' }),
  },
  { title: 'Actuals', examples: [ACTUALS] },
);
