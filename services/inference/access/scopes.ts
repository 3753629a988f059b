/**
 * Purpose: what a key may be allowed to do. Each route declares one of these, or that it is open to
 * everybody.
 * Invariants: a scope names a thing and what is done with it; within /v1 none is removed or given
 * another meaning, because keys in the field carry them.
 * Fails: never.
 */
export const SCOPES = {
  'forecasts:read': 'series and their forecasts, also from a history of your own',
  'explanations:read': 'why a forecast is what it is: it costs more than any other request',
  'actuals:write': 'posting what happened: it is stored',
  'models:read': 'the served model and the history of all models',
  'metrics:read': 'the figures for Prometheus at /metrics',
} as const;

export type Scope = keyof typeof SCOPES;
export const SCOPE_NAMES = Object.keys(SCOPES) as Scope[];

/** What a route asks for: a scope, or nothing at all. */
export type Access = Scope | 'open';
