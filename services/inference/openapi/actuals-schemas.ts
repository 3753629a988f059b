/**
 * Purpose: the request and the response of actuals posted back, written once, as schemas.ts does
 * for the others.
 * Invariants: as schemas.ts.
 * Fails: as schemas.ts.
 */
import * as Type from 'typebox';
import { isoTime, nullableNumbers, SeriesId, utcTime } from './common-schemas.ts';
import { RECEIPT } from './response-examples.ts';

export const ActualsBody = Type.Object(
  {
    actuals: Type.Array(
      Type.Object(
        {
          seriesId: SeriesId,
          start: utcTime('UTC start of the first interval, on the grid of the domain'),
          values: nullableNumbers({
            minItems: 1,
            maxItems: 2000,
            description:
              'What happened, one value per interval, oldest first; null is unknown (not zero)',
          }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 1000 },
    ),
  },
  {
    title: 'ActualsRequest',
    additionalProperties: false,
    examples: [
      { actuals: [{ seriesId: '16', start: '2026-03-01T22:00:00Z', values: [12, null] }] },
    ],
  },
);

export const ActualsHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      description:
        'Makes a retry safe. Without it the content is compared: the same actuals sent twice are ' +
        'stored once',
      examples: ['2026-03-01-16'],
    }),
  ),
});

export const ActualsReceipt = Type.Object(
  {
    id: Type.String({ description: 'Id of the post: the same post has the same id' }),
    isNew: Type.Boolean({ description: 'false if it was received before' }),
    availableAt: isoTime('When it was first received: no forecast made before then knew it'),
    series: Type.Integer({ description: 'Number of series in it' }),
    values: Type.Integer({ description: 'Known values' }),
  },
  { title: 'ActualsReceipt', examples: [RECEIPT] },
);
