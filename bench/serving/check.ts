/**
 * Purpose: whether every different response of a load is, number by number, what the versions it
 * names must return.
 * Invariants: a response that names versions nobody made, or that holds forecasts of two pairs of
 * them, is wrong; one that is labelled as a fallback is counted apart.
 * Fails: never; a response that cannot be read is wrong.
 */

import type { PostedHistory, ServeFixture } from './fixture.ts';
import type { LoadResult } from './load.ts';

interface Forecast {
  readonly seriesId: string | null;
  readonly modelVersion: string;
  readonly snapshotVersion: string | null;
  readonly quantiles: Readonly<Record<string, readonly number[]>>;
  readonly fallback?: unknown;
}

export interface Checked {
  readonly responses: number;
  readonly different_responses: number;
  readonly versions: number;
  readonly wrong: number;
  readonly fallbacks: number;
  /** The first that was wrong, and why. */
  readonly example: string | null;
}

export function checkBodies(
  bodies: LoadResult['bodies'],
  fixture: ServeFixture,
  histories: readonly PostedHistory[],
): Checked {
  const versions = new Set<string>();
  let [responses, wrong, fallbacks] = [0, 0, 0];
  let example: string | null = null;
  for (const [kind, request, body, times] of bodies) {
    responses += times;
    try {
      const parsed = JSON.parse(body) as Forecast | { forecasts: Forecast[] };
      const forecasts = 'forecasts' in parsed ? parsed.forecasts : [parsed];
      const pairs = new Set(
        forecasts.map(({ modelVersion, snapshotVersion }) => `${modelVersion} ${snapshotVersion}`),
      );
      if (pairs.size !== 1)
        throw new Error(`forecasts of ${[...pairs].join(' and ')} in one response`);
      for (const pair of pairs) versions.add(pair);
      if (forecasts.some(({ fallback }) => fallback !== undefined)) {
        fallbacks += times;
        continue;
      }
      for (const forecast of forecasts)
        check(forecast, fixture, kind === 'post' ? (histories[request] as PostedHistory) : null);
    } catch (error) {
      wrong += times;
      example ??= `${error instanceof Error ? error.message : error}: ${body.slice(0, 300)}`;
    }
  }
  return {
    responses,
    different_responses: bodies.length,
    versions: versions.size,
    wrong,
    fallbacks,
    example,
  };
}

function check(
  { seriesId, modelVersion, snapshotVersion, quantiles }: Forecast,
  fixture: ServeFixture,
  own: PostedHistory | null,
): void {
  const values = own
    ? fixture.expectedOwn(modelVersion, own)
    : fixture.expected(modelVersion, String(snapshotVersion), String(seriesId));
  const served = Object.values(quantiles).flat();
  // As the service rounds: a forecast has six significant digits.
  const expected = Array.from(values, (value) => Number(value.toPrecision(6)));
  const at = expected.findIndex((value, i) => value !== served[i]);
  if (served.length !== expected.length || at >= 0)
    throw new Error(`number ${at} is ${served[at]} instead of ${expected[at]}`);
}
