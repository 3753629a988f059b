/**
 * Purpose: the request and the response of decisions, written once, as common-schemas.ts does for
 * the others.
 * Invariants: as common-schemas.ts.
 * Fails: as common-schemas.ts.
 */
import * as Type from 'typebox';
import {
  DECISION_ACTORS,
  DECISION_KINDS,
  type DecisionActor,
  type DecisionKind,
} from '../../../storage/decisions/decision-log.ts';
import { growingList, isoTime, nullable, nullableString, utcTime } from './common-schemas.ts';
import { DECISIONS } from './response-examples.ts';

export const DecisionsQuery = Type.Object(
  {
    at: Type.Optional(
      utcTime(
        'The time to look at: what was served then, and what was decided until then; default: now',
        {
          examples: ['2026-03-01T12:00:00Z'],
        },
      ),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 200,
        default: 50,
        description: 'How many decisions, newest first',
        examples: [10],
      }),
    ),
  },
  { additionalProperties: false },
);

const Served = Type.Object({
  modelVersion: Type.String(),
  since: isoTime('Since when it was champion'),
  kind: growingList(['promoted', 'rolled-back'], { description: 'How it became champion' }),
  reason: Type.String({ description: 'Why' }),
  promotion: Type.Integer({ description: 'Place in the promotion log' }),
});

const Decision = Type.Object({
  number: Type.Integer({ description: 'Place in the decision log' }),
  at: isoTime('When it was decided'),
  kind: growingList<DecisionKind>(DECISION_KINDS, {
    description:
      '`challenge`: a new model runs in shadow; `reject`: a model is not served; `keep`: ' +
      'something was considered and not done',
  }),
  actor: growingList<DecisionActor>(DECISION_ACTORS, {
    description: 'The policy, a scheduled training with its gate, or a person',
  }),
  modelVersion: nullableString({ description: 'The model that it is about' }),
  before: nullableString({ description: 'What was served before; null: no model' }),
  after: nullableString({ description: 'What was served after' }),
  reason: Type.String({ description: 'One sentence for people' }),
  evidence: Type.Unsafe<unknown>({ description: 'The figures that it rests on' }),
  policyHash: nullableString({ description: 'Id of the policy that decided' }),
  promotion: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    description: 'The entry of the promotion log that it explains',
  }),
});

export const DecisionsResponse = Type.Object(
  {
    at: nullableString({ description: 'The time that was asked for; null: now' }),
    served: nullable(Served),
    decisions: Type.Array(Decision, { description: 'Newest first' }),
  },
  { title: 'Decisions', examples: [DECISIONS] },
);
