/**
 * Purpose: the requests and the responses of groups of series, written once, as common-schemas.ts
 * does for the others.
 * Invariants: as common-schemas.ts.
 * Fails: as common-schemas.ts.
 */
import type { Static } from 'typebox';
import * as Type from 'typebox';
import { PATHS } from '../serving/group-totals.ts';
import { Fallback, growingList, isoTime, nullableString } from './common-schemas.ts';
import { History, HistoryResponse, LevelsText } from './forecast-schemas.ts';
import { DECISION, GROUP_FORECAST, GROUPS, PATHS_EXAMPLE } from './group-examples.ts';

const GroupId = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'The id of a group; `all` is the total of all series',
  examples: ['all'],
});
export const GroupParams = Type.Object({ id: GroupId }, { additionalProperties: false });

export const Window = Type.String({
  maxLength: 8,
  pattern: '^[1-9]\\d{0,4}(m|h|d)$',
  description:
    'Add so many minutes, hours or days up: whole intervals, at most the horizon. Windows start ' +
    'at the first step; a remainder at the end is left out. Default: one interval',
  examples: ['8h'],
});

export const Capacity = Type.Number({
  minimum: 0,
  description: 'Also return how likely the total is to exceed this in a window',
  examples: [120],
});

export const GroupForecastQuery = Type.Object(
  {
    window: Type.Optional(Window),
    levels: Type.Optional(LevelsText),
    capacity: Type.Optional(Capacity),
    history: Type.Optional(History),
  },
  { additionalProperties: false },
);

export const GroupsResponse = Type.Object(
  {
    domain: Type.String(),
    unit: Type.String(),
    groups: Type.Array(
      Type.Object({
        groupId: Type.String(),
        title: Type.String(),
        parent: nullableString({
          description: 'The group that it is inside; null for the total of all series',
        }),
        seriesIds: Type.Array(Type.String(), { description: 'In text order' }),
      }),
      { description: 'The total of all series first' },
    ),
  },
  { title: 'Groups', examples: [GROUPS] },
);

const columns = (description: string) =>
  Type.Record(Type.String(), Type.Array(Type.Number()), { description });

export const Exceeds = Type.Object(
  {
    capacity: Type.Number(),
    probability: Type.Array(Type.Number(), { description: 'For every timestamp, 0 to 1' }),
    anyWindow: Type.Number({ description: 'Probability that it is exceeded at least once' }),
  },
  { title: 'Exceeds' },
);

export const GroupForecastResponse = Type.Object(
  {
    domain: Type.String(),
    groupId: Type.String(),
    title: Type.String(),
    unit: Type.String({ description: 'Unit of one interval; a window adds intervals up' }),
    cutoff: isoTime('UTC start of the last observed interval'),
    issuedAt: isoTime('When the forecasts of the series were computed'),
    modelVersion: Type.String(),
    snapshotVersion: Type.String(),
    frequency: Type.String({ description: 'ISO 8601 duration of one interval' }),
    window: Type.String({ description: 'ISO 8601 duration of one window', examples: ['PT8H'] }),
    timestamps: Type.Array(Type.String(), { description: 'UTC start of every window' }),
    point: growingList(['mean', 'median'], {
      description: 'Which is the point forecast of a total: the mean',
    }),
    quantiles: columns(
      'Quantile → one value for every window. Computed from sample paths of all series together: ' +
        'quantiles of the series do not add up to them',
    ),
    mean: Type.Array(Type.Number(), {
      description: 'For every window: the sum of the means of the series',
    }),
    peak: Type.Object(
      {
        mean: Type.Number({ description: 'Mean of the greatest window of a path' }),
        quantiles: Type.Record(Type.String(), Type.Number(), {
          description: 'Quantiles of the greatest window of a path',
        }),
        probability: Type.Array(Type.Number(), {
          description: 'For every window: how likely it is the greatest',
        }),
      },
      { description: 'The greatest window' },
    ),
    exceeds: Type.Optional(Exceeds),
    history: Type.Optional(HistoryResponse),
    paths: Type.Integer({ description: 'Number of sample paths that this is computed from' }),
    series: Type.Integer({ description: 'Series in the total' }),
    withoutForecast: Type.Array(Type.String(), {
      description: 'Series of the group without a forecast: not in the total',
    }),
    fallback: Type.Optional(Fallback),
  },
  { title: 'GroupForecast', examples: [GROUP_FORECAST] },
);
export type GroupForecastResponse = Static<typeof GroupForecastResponse>;

const cost = (description: string, example: number) =>
  Type.Number({ minimum: 0, default: 1, description, examples: [example] });

export const DecisionQuery = Type.Object(
  {
    window: Type.Optional(Window),
    under: Type.Optional(cost('What one too few costs', 3)),
    over: Type.Optional(cost('What one too many costs', 1)),
    capacity: Type.Optional(Capacity),
  },
  { additionalProperties: false },
);

export const DecisionResponse = Type.Object(
  {
    domain: Type.String(),
    groupId: nullableString({ description: 'null for one series' }),
    seriesId: nullableString({ description: 'null for a group' }),
    title: Type.String(),
    unit: Type.String({ description: 'Unit of one interval; a window adds intervals up' }),
    cutoff: isoTime('UTC start of the last observed interval'),
    modelVersion: Type.String(),
    snapshotVersion: Type.String(),
    window: Type.String({ description: 'ISO 8601 duration of one window', examples: ['PT8H'] }),
    timestamps: Type.Array(Type.String(), { description: 'UTC start of every window' }),
    quantile: Type.Number({ description: 'under / (under + over): the quantile that costs least' }),
    quantity: Type.Array(Type.Number(), {
      description: 'How much to have ready in every window; whole numbers if counts are forecast',
    }),
    exceeds: Type.Optional(Exceeds),
    paths: Type.Integer({ description: 'Number of sample paths that this is computed from' }),
    fallback: Type.Optional(Fallback),
  },
  { title: 'QuantityDecision', examples: [DECISION] },
);
export type DecisionResponse = Static<typeof DecisionResponse>;

export const PathsQuery = Type.Object(
  {
    count: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: PATHS,
        default: 10,
        description: 'How many paths; a smaller number returns the first of them',
        examples: [10],
      }),
    ),
  },
  { additionalProperties: false },
);

export const PathsResponse = Type.Object(
  {
    domain: Type.String(),
    groupId: nullableString({ description: 'null for one series' }),
    seriesId: nullableString({ description: 'null for a group' }),
    title: Type.String(),
    unit: Type.String({ description: 'Unit of every value' }),
    cutoff: isoTime('UTC start of the last observed interval'),
    modelVersion: Type.String(),
    snapshotVersion: Type.String(),
    timestamps: Type.Array(Type.String(), { description: 'UTC start of every interval' }),
    paths: Type.Array(Type.Array(Type.Number()), {
      description:
        'Equally likely futures: each has one value for every timestamp. The n-th path of a ' +
        'group is the sum of the n-th paths of its series',
    }),
    fallback: Type.Optional(Fallback),
  },
  { title: 'Paths', examples: [PATHS_EXAMPLE] },
);
export type PathsResponse = Static<typeof PathsResponse>;
