/**
 * Purpose: the request and the response of the event stream.
 * Invariants: as common-schemas.ts.
 * Fails: a request that does not match gets REQUEST_INVALID and the path of what is wrong.
 */
import * as Type from 'typebox';
import { responsesOf } from './common-schemas.ts';
import { READY } from './response-examples.ts';

export const EventsQuery = Type.Object(
  {
    seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 3600,
        default: 0,
        description:
          'How long to keep the stream open: an instance may end it earlier. 0: only what is ' +
          'served now',
        examples: [0],
      }),
    ),
  },
  { additionalProperties: false },
);

const Events = Type.String({
  description:
    'Events named `serving`, whose data is what GET /health/ready returns, and comments that ' +
    'keep the connection open',
  examples: [`retry: 15000\n\nevent: serving\ndata: ${JSON.stringify(READY)}\n\n`],
});

export const eventsResponses = {
  ...responsesOf(Events, ''),
  200: {
    description: 'Server-sent events, until the stream ends',
    content: { 'text/event-stream': { schema: Events } },
  },
};
