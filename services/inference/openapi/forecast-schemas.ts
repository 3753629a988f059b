/**
 * Purpose: the requests and the responses of forecasts, written once, as schemas.ts does for the
 * others.
 * Invariants: as schemas.ts: unknown properties are refused, what clients send is bounded, examples
 * are sent by a test.
 * Fails: a request that does not match gets REQUEST_INVALID and the path of what is
 * wrong.
 */
import type { Static } from 'typebox';
import * as Type from 'typebox';
import { FLAG_MEANINGS, SERIES_FLAGS } from '../../../forecasting/panel/series-flags.ts';
import { BOUNDED_MEANING, type SeriesFlagEntry } from '../serving/fallback.ts';
import {
  Cursor,
  Fallback,
  growingList,
  isoTime,
  meanings,
  nullableNumbers,
  nullableString,
  SeriesId,
  utcTime,
} from './common-schemas.ts';
import { FORECAST, FORECASTS, FORECASTS_PAGE } from './response-examples.ts';

const Horizon = Type.Integer({
  minimum: 1,
  maximum: 10_000,
  description: "Steps to forecast, from 1 to the model's own horizon; that is also the default",
  examples: [24],
});

export const LevelsText = Type.String({
  maxLength: 100,
  pattern: '^\\d{1,2}(\\.\\d{1,3})?(,\\d{1,2}(\\.\\d{1,3})?)*$',
  description:
    'Intervals to return, by level, with the median: 80 is the quantiles 0.1 and 0.9. ' +
    'Default: all that the model has',
  examples: ['80'],
});
const Levels = Type.Array(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 100 }), {
  minItems: 1,
  maxItems: 15,
  uniqueItems: true,
  description: 'The same as in the query string of GET',
  examples: [[80]],
});

/** Column → values. */
const exogenousColumns = (description: string) =>
  Type.Unsafe<Record<string, (number | null)[]>>({
    type: 'object',
    description,
    maxProperties: 32,
    propertyNames: { maxLength: 128 },
    additionalProperties: { type: 'array', maxItems: 21_000, items: { type: ['number', 'null'] } },
  });

export const History = Type.Integer({
  minimum: 0,
  maximum: 2000,
  default: 0,
  description: 'Number of recent actual values to return',
  examples: [168],
});

export const AllForecastsQuery = Type.Object(
  {
    format: Type.Optional(
      Type.Unsafe<'json' | 'ndjson' | 'csv' | 'arrow' | 'parquet'>({
        type: 'string',
        enum: ['json', 'ndjson', 'csv', 'arrow', 'parquet'],
        description:
          'json: pages. ndjson: every forecast, one per line. csv, arrow (IPC stream), parquet: ' +
          'every forecast, one row per step. Default: by the Accept header',
        examples: ['ndjson'],
      }),
    ),
    horizon: Type.Optional(Horizon),
    levels: Type.Optional(LevelsText),
    history: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2000,
        default: 0,
        description:
          'Number of recent actual values to return with each forecast; in JSON and NDJSON only',
        examples: [24],
      }),
    ),
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

export const ForecastQuery = Type.Object(
  {
    horizon: Type.Optional(Horizon),
    levels: Type.Optional(LevelsText),
    history: Type.Optional(History),
  },
  { additionalProperties: false },
);

export const ForecastsBody = Type.Object(
  {
    seriesIds: Type.Optional(
      Type.Array(SeriesId, {
        minItems: 1,
        maxItems: 1000,
        uniqueItems: true,
        description: 'Series of the snapshot',
      }),
    ),
    history: Type.Optional(
      Type.Object(
        {
          start: utcTime('UTC start of the first interval, on the grid of the domain'),
          values: nullableNumbers({
            minItems: 1,
            maxItems: 20_000,
            description: 'One value per interval, oldest first; null is unknown (not zero)',
          }),
          seriesId: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 128,
              description: 'The series these values continue, if the model knows it',
            }),
          ),
          exogenous: Type.Optional(
            exogenousColumns(
              'Exogenous columns that the model reads, one value per interval from `start` ' +
                'on; those known in advance may continue for a horizon after the last ' +
                'value. Columns that are not named come from the snapshot',
            ),
          ),
        },
        { additionalProperties: false, description: 'Recent values of your own' },
      ),
    ),
    whatIf: Type.Optional(
      Type.Object(
        {
          future: Type.Optional(
            exogenousColumns('Columns known in advance: the values of step 1, 2, …'),
          ),
          past: Type.Optional(
            exogenousColumns(
              'Columns known only afterwards: their last values, the last at the cutoff',
            ),
          ),
        },
        {
          additionalProperties: false,
          minProperties: 1,
          description:
            'Exogenous values to override: the forecast as if they were these. Only columns that ' +
            'GET /v1/model names; null is unknown. For at most 100 series at once',
        },
      ),
    ),
    horizon: Type.Optional(Horizon),
    levels: Type.Optional(Levels),
  },
  {
    title: 'ForecastsRequest',
    additionalProperties: false,
    oneOf: [{ required: ['seriesIds'] }, { required: ['history'] }],
    description:
      'Either `seriesIds` or `history`. A history must be as long as the model needs (weeks ' +
      'of hours, usually); the example is ' +
      'shortened, and a history that is too short is refused with the length that is needed.',
    examples: [
      { seriesIds: ['16', '210'], horizon: 24, levels: [80] },
      { history: { start: '2026-03-01T00:00:00Z', values: [12, 9, null, 7, 8] }, horizon: 3 },
    ],
  },
);

export const HistoryResponse = Type.Object(
  { timestamps: Type.Array(Type.String()), values: nullableNumbers() },
  {
    title: 'RecentValues',
    description: 'Actual values up to the cutoff, oldest first; null is unknown',
  },
);

export const ForecastResponse = Type.Object(
  {
    domain: Type.String(),
    seriesId: nullableString({
      description: 'null for a history of your own that names no series',
    }),
    title: nullableString(),
    unit: Type.String({ description: 'Unit of every quantile' }),
    cutoff: isoTime('UTC start of the last observed interval; step k is cutoff + k intervals'),
    issuedAt: isoTime('When these numbers were computed'),
    modelVersion: Type.String({
      description: 'What made the numbers: a model, or a baseline as `baseline-…`',
    }),
    snapshotVersion: nullableString({ description: 'null for a history of your own' }),
    frequency: Type.String({
      description: 'ISO 8601 duration of one interval',
      examples: ['PT1H'],
    }),
    horizon: Type.Integer(),
    timestamps: Type.Array(Type.String(), { description: 'UTC start of every forecast interval' }),
    point: growingList(['median', 'mean'], {
      description:
        'Which of the two is the point forecast: the median, the best guess of a single value, ' +
        'or the mean, the best guess of values that are added up',
    }),
    quantiles: Type.Record(Type.String(), Type.Array(Type.Number()), {
      description:
        "Columns: quantile → one value for every timestamp, at the model's own quantiles. " +
        '0.5 is the median; 0.1 and 0.9 bound the 80 % interval',
    }),
    mean: Type.Array(Type.Number(), {
      description:
        'The mean for every timestamp. Add means, never medians or other quantiles: the sum of ' +
        'means is the mean of the sum',
    }),
    history: Type.Optional(HistoryResponse),
    whatIf: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Columns whose values the caller overrode. Absent if there are none',
      }),
    ),
    unknownInputs: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'Exogenous columns that the model reads and whose values were unknown: usual values ' +
          'were used. Absent if all were known',
      }),
    ),
    flags: Type.Optional(
      Type.Array(growingList<SeriesFlagEntry>([...SERIES_FLAGS, 'bounded']), {
        description:
          'Why to trust it less: ' +
          `${meanings({ ...FLAG_MEANINGS, bounded: BOUNDED_MEANING })}. ` +
          'Absent if there is no reason',
      }),
    ),
    fallback: Type.Optional(Fallback),
  },
  { title: 'Forecast', examples: [FORECAST] },
);
export type ForecastResponse = Static<typeof ForecastResponse>;
export type HistoryResponse = Static<typeof HistoryResponse>;

export const ForecastsResponse = Type.Object(
  {
    forecasts: Type.Array(ForecastResponse, { description: 'In the order of `seriesIds`' }),
  },
  { title: 'Forecasts', examples: [FORECASTS] },
);

export const ForecastsPage = Type.Object(
  {
    total: Type.Integer({ description: 'Series in the snapshot' }),
    forecasts: Type.Array(ForecastResponse, { description: 'In text order of the series' }),
    withoutForecast: Type.Array(Type.String(), {
      description: 'Series of this page without enough recent history',
    }),
    nextCursor: nullableString({ description: 'null on the last page' }),
  },
  { title: 'ForecastsPage', examples: [FORECASTS_PAGE] },
);
