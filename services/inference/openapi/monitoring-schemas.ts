/**
 * Purpose: the requests and responses of what monitoring found and of jobs, written once, as
 * common-schemas.ts does for the others.
 * Invariants: as common-schemas.ts.
 * Fails: as common-schemas.ts.
 */
import type { Static } from 'typebox';
import * as Type from 'typebox';
import { FORECASTER_PLACES } from '../../../storage/monitoring/overviews.ts';
import { growingList, isoTime, nullable, nullableString } from './common-schemas.ts';
import { JOBS, MONITORING } from './monitoring-examples.ts';

export const MonitoringQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        default: 10,
        description: 'Number of series in each of the three lists',
        examples: [5],
      }),
    ),
  },
  { additionalProperties: false },
);

const figure = (description: string) =>
  Type.Unsafe<number | null>({ type: ['number', 'null'], description });

const figures = {
  pairs: Type.Integer({ description: 'Pairs of a forecast and its actual' }),
  mae: figure('Mean absolute error of the median, in `unit`'),
  wape: figure('Sum of absolute errors over the sum of actuals'),
  bias: figure('Mean of forecast − actual: positive is too high'),
  pinball: figure('Mean pinball loss; null for a point forecast'),
  coverage: figure('Share of actuals between the outermost quantiles'),
  nominal: figure('What that share should be'),
  skill: figure('1 − loss / loss of the best naive baseline on the same pairs'),
};
const Score = Type.Object(figures, { title: 'LiveScore' });

const pair = {
  served: nullable(Score),
  naive: nullable(Score),
};

const Forecasters = Type.Array(
  Type.Object({
    place: growingList(FORECASTER_PLACES, {
      description:
        'What it is at the time of the check; `served`: a former champion; `shadow`: another model',
    }),
    forecaster: Type.String(),
    modelVersion: nullableString({ description: 'null for a baseline' }),
    ...figures,
  }),
  { description: 'In the order of `place`, naive baselines last' },
);

const Series = Type.Array(
  Type.Object({
    seriesId: Type.String(),
    title: Type.String(),
    share: figure('Share of all absolute error of what was served'),
    ...pair,
  }),
);

const Verdict = Type.Object({
  name: Type.String({ description: 'As in docs/monitoring.md: level, stale, skill …' }),
  since: isoTime('The first interval that belongs to it'),
  detectedAt: isoTime('When a check found it'),
  endedAt: nullableString({ description: 'When a check found it ended; null while it is open' }),
  seriesIds: Type.Array(Type.String()),
  message: Type.String({ description: 'One sentence for people' }),
  evidence: Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    description: 'Statistic, value, limit',
  }),
});

const Overview = Type.Object({
  checkedAt: isoTime('Time of the check'),
  check: Type.Integer({ description: 'Number of the check' }),
  from: isoTime('Scores are of targets from here to `checkedAt`'),
  freshness: Type.Object({
    dataUntil: nullableString({ description: 'End of the last observed interval' }),
    forecastAt: nullableString({ description: 'Last issue time of the ledger' }),
    scoredUntil: nullableString({ description: 'End of the last interval that was scored' }),
  }),
  champion: nullableString({ description: 'Model version that served at the time' }),
  bestNaive: nullableString({ description: 'The naive baseline with the least loss' }),
  pending: Type.Integer({ description: 'Forecast values whose actual is not known yet' }),
  served: nullable(Score),
  forecasters: Forecasters,
  days: Type.Array(
    Type.Object({ day: isoTime('UTC start of the day'), ...pair, forecasters: Forecasters }),
  ),
  steps: Type.Array(Type.Object({ step: Type.Integer(), ...pair }), {
    description: 'By lead time, step 1 first',
  }),
  hoursOfWeek: Type.Array(Type.Object(pair), {
    description: '168, by local time: at 24 · weekday + hour, Monday first',
  }),
  series: Type.Object({
    total: Type.Integer({ description: 'Series that were scored' }),
    worst: Series,
    best: Series,
    largest: Series,
  }),
  verdicts: Type.Array(Verdict, { description: 'By their first interval, oldest first' }),
  knownDays: Type.Array(
    Type.Object({ at: isoTime('Start of the local day'), name: Type.String() }),
    {
      description: 'Holidays and clock changes: days that differ without being drift',
    },
  ),
});

export const MonitoringResponse = Type.Object(
  {
    domain: Type.String(),
    unit: Type.String(),
    timeZone: Type.String({ description: 'Of the hours of the week' }),
    state: growingList(['none', 'checked'], {
      description: 'none: no check has been made yet, and `overview` is null',
    }),
    overview: nullable(Overview),
  },
  { title: 'Monitoring', examples: [MONITORING] },
);
export type MonitoringResponse = Static<typeof MonitoringResponse>;

export const JobsQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 200,
        default: 50,
        description: 'Runs, newest first',
        examples: [10],
      }),
    ),
  },
  { additionalProperties: false },
);

export const JobsResponse = Type.Object(
  {
    runs: Type.Array(
      Type.Object({
        job: Type.String({ description: 'features, training or monitoring' }),
        slot: isoTime('The time of the schedule that it ran for'),
        attempt: Type.Integer({ description: '1, 2 … within the slot' }),
        state: growingList(['running', 'ok', 'failed', 'stopped', 'lost'], {
          description: '`lost`: its process ended without a result, and its lease ran out',
        }),
        startedAt: isoTime('When it began'),
        tookSeconds: Type.Number({ description: 'Until its end, or its last sign of life' }),
        problem: nullableString({ description: 'Why it failed' }),
      }),
      { description: 'Newest first' },
    ),
  },
  { title: 'Jobs', examples: [JOBS] },
);
