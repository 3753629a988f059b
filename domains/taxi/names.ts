/**
 * Purpose: what the definition and its sources both name. Apart from the sources, so that a command
 * that reads no raw data does not load what reads it (a database engine, an HTTP client,
 * calendars).
 * Invariants: the sources know every name here, which the type checker holds.
 * Fails: never.
 */

export const TIME_ZONE = 'America/New_York';

export const WEATHER_COLUMNS = ['temperature', 'precipitation', 'snow'] as const;
export type WeatherColumn = (typeof WEATHER_COLUMNS)[number];
