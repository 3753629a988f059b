/**
 * Purpose: the request and the response of an explanation, written once, as schemas.ts does for the
 * others.
 * Invariants: an unknown parameter is refused; the example sums, as every response does.
 * Fails: as schemas.ts.
 */
import type { Static } from 'typebox';
import * as Type from 'typebox';
import { isoTime, utcTime } from './common-schemas.ts';

export const ExplanationQuery = Type.Object(
  {
    cutoff: Type.Optional(
      utcTime(
        'UTC start of the last interval that the forecast may know: the current cutoff (the ' +
          'default) or one of the last days, ' +
          'as far as the service holds the history',
        { examples: ['2026-03-01T23:00:00Z'] },
      ),
    ),
  },
  { additionalProperties: false },
);

/** The values of every step, and their sum over the horizon. */
const summed = (description: string) =>
  Type.Object({ values: Type.Array(Type.Number()), total: Type.Number() }, { description });

export const ExplanationResponse = Type.Object(
  {
    domain: Type.String(),
    seriesId: Type.String(),
    title: Type.String(),
    unit: Type.String({ description: 'Unit of every value' }),
    cutoff: isoTime('UTC start of the last interval that the forecast knows'),
    modelVersion: Type.String(),
    snapshotVersion: Type.String(),
    frequency: Type.String({
      description: 'ISO 8601 duration of one interval',
      examples: ['PT1H'],
    }),
    horizon: Type.Integer(),
    timestamps: Type.Array(Type.String(), { description: 'UTC start of every forecast interval' }),
    baseline: summed(
      'What is usual at this hour of the week: its share of the week over up to 26 weeks, ' +
        'at the level of the last 4',
    ),
    parts: Type.Array(
      Type.Object({
        name: Type.String({
          description: 'typical, recent, weeks, calendar, exogenous, series or rounding',
        }),
        title: Type.String({ description: 'For people' }),
        values: Type.Array(Type.Number(), { description: 'How far it moved each step' }),
        total: Type.Number({ description: 'The sum of the steps' }),
      }),
      {
        description:
          'At every step and in sum: baseline + parts = forecast. Numbers are not rounded',
      },
    ),
    forecast: summed('The median forecast'),
    similarDays: Type.Array(
      Type.Object({
        cutoff: isoTime('The same local time on a past day'),
        distance: Type.Number({
          description:
            'How different that day was, in units of the level of the series; 0 is identical',
        }),
        values: Type.Array(Type.Number(), {
          description: 'What happened over the horizon after it',
        }),
      }),
      {
        description:
          'The nearest past days, nearest first; empty if the service holds none to compare',
      },
    ),
  },
  {
    title: 'Explanation',
    examples: [
      {
        domain: 'demo',
        seriesId: '16',
        title: 'North Harbour',
        unit: 'orders per hour',
        cutoff: '2026-03-01T23:00:00.000Z',
        modelVersion: '20260301T040000-1a2b3c',
        snapshotVersion: '42-0f1e2d3c4b5a',
        frequency: 'PT1H',
        horizon: 2,
        timestamps: ['2026-03-02T00:00:00.000Z', '2026-03-02T01:00:00.000Z'],
        baseline: { values: [10.5, 8.25], total: 18.75 },
        parts: [
          { name: 'typical', title: 'typical correction', values: [-0.25, -0.25], total: -0.5 },
          { name: 'recent', title: 'last two days', values: [1.5, 1], total: 2.5 },
          { name: 'weeks', title: 'last weeks', values: [-0.5, 0.25], total: -0.25 },
          { name: 'calendar', title: 'calendar', values: [0.25, 0], total: 0.25 },
          { name: 'series', title: 'series and its level', values: [0, 0], total: 0 },
          { name: 'rounding', title: 'rounding', values: [-0.5, -0.25], total: -0.75 },
        ],
        forecast: { values: [11, 9], total: 20 },
        similarDays: [{ cutoff: '2026-02-22T23:00:00.000Z', distance: 0.21, values: [12, 8] }],
      },
    ],
  },
);
export type ExplanationResponse = Static<typeof ExplanationResponse>;
