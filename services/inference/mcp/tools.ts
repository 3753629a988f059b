/**
 * Purpose: what an agent may ask: one tool for each question, each a GET of the HTTP API with that
 * operation's own schemas.
 * Invariants: there is no tool that writes; a tool's arguments are the path's and the query's.
 * Fails: `pathOf` throws a RangeError where the series that a path names is missing.
 */
import { SeriesId, SeriesQuery } from '../openapi/common-schemas.ts';
import { DecisionsQuery } from '../openapi/decision-schemas.ts';
import { ExplanationQuery } from '../openapi/explanation-schemas.ts';
import { ForecastQuery } from '../openapi/forecast-schemas.ts';
import { MonitoringQuery } from '../openapi/monitoring-schemas.ts';
import { RecordQuery } from '../openapi/record-schemas.ts';

interface ObjectSchema {
  readonly properties: Readonly<Record<string, object>>;
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  /** `{id}` is the argument `seriesId`. */
  readonly path: string;
  readonly query: ObjectSchema;
}

export const TOOLS: readonly Tool[] = [
  {
    name: 'list_series',
    description: 'The series that can be forecast, in pages.',
    path: '/v1/series',
    query: SeriesQuery,
  },
  {
    name: 'forecast',
    description: 'The forecast of one series that is served now, with its quantiles.',
    path: '/v1/series/{id}/forecast',
    query: ForecastQuery,
  },
  {
    name: 'explain',
    description: 'How far each group of inputs moved a forecast, and the nearest past days.',
    path: '/v1/series/{id}/explanation',
    query: ExplanationQuery,
  },
  {
    name: 'as_of',
    description: 'What was forecast for past intervals at the time, and what happened.',
    path: '/v1/series/{id}/record',
    query: RecordQuery,
  },
  {
    name: 'score',
    description: 'How good the issued forecasts were, next to baselines, and what drifts.',
    path: '/v1/monitoring',
    query: MonitoringQuery,
  },
  {
    name: 'why_promoted',
    description: 'All models, newest first, with each verdict and its reason.',
    path: '/v1/models',
    query: SeriesQuery,
  },
  {
    name: 'what_changed',
    description: 'What served at a time, and the decisions until then, with their evidence.',
    path: '/v1/decisions',
    query: DecisionsQuery,
  },
];

/** As MCP lists a tool. */
export function describedTool({ name, description, path, query }: Tool) {
  const ofPath = path.includes('{id}') ? { seriesId: SeriesId } : {};
  return {
    name,
    description,
    inputSchema: {
      type: 'object',
      properties: { ...ofPath, ...query.properties },
      required: Object.keys(ofPath),
      additionalProperties: false,
    },
    annotations: { readOnlyHint: true, destructiveHint: false, openWorldHint: false },
  };
}

/** The URL of a call. */
export function pathOf({ path }: Tool, given: Readonly<Record<string, unknown>>): string {
  const { seriesId, ...query } = given;
  if (path.includes('{id}') && typeof seriesId !== 'string')
    throw new RangeError('seriesId is missing: list_series returns the ids');
  const asked = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  const filled = path.replace('{id}', encodeURIComponent(String(seriesId)));
  return asked === '' ? filled : `${filled}?${asked}`;
}
