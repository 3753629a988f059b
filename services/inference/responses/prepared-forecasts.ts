/**
 * Purpose: answers as text, made once: a stored forecast is the same for everybody until the model,
 * the snapshot or its label changes.
 * Invariants: a text is of exactly one Serving and goes when that goes; it is made when it is first
 * asked for, so that a swap costs nothing; of the usual question every series is kept, of unusual
 * ones (a horizon, levels, a history) only so many.
 * Fails: as `storedResponse`; what failed is not kept.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import type { FallbackReason } from '../serving/fallback.ts';
import { storedResponse } from './forecast-response.ts';

export interface PreparedForecast {
  /** JSON, as `storedResponse` has it. */
  readonly text: string;
  /** The same in UTF-8: what is sent as it is is not encoded again for everybody. */
  readonly bytes: Buffer;
  readonly fallback: FallbackReason | null;
}

export interface PreparedForecasts {
  (
    serving: Serving,
    seriesId: string,
    horizon?: number,
    levels?: readonly number[],
    history?: number,
  ): PreparedForecast;
  /** The usual answer of a series where it has been made. */
  kept(serving: Serving, seriesId: string): PreparedForecast | undefined;
}

/** Some megabytes. */
const MAX_UNUSUAL = 4096;

export function prepareForecasts(domain: Domain): PreparedForecasts {
  const kept = new WeakMap<
    Serving,
    { usual: Map<string, PreparedForecast>; unusual: Map<string, PreparedForecast> }
  >();
  const prepare = (
    serving: Serving,
    seriesId: string,
    horizon?: number,
    levels?: readonly number[],
    history = 0,
  ) => {
    let of = kept.get(serving);
    if (of === undefined) {
      of = { usual: new Map(), unusual: new Map() };
      kept.set(serving, of);
    }
    const isUsual = horizon === undefined && levels === undefined && history === 0;
    const texts = isUsual ? of.usual : of.unusual;
    const key = isUsual
      ? seriesId
      : `${horizon ?? ''} ${levels?.join() ?? ''} ${history} ${seriesId}`;
    const found = texts.get(key);
    if (found !== undefined) return found;
    const answer = storedResponse(serving, domain, seriesId, {
      ...(horizon === undefined ? {} : { horizon }),
      levels,
      history,
    });
    const text = JSON.stringify(answer);
    const made = { text, bytes: Buffer.from(text), fallback: answer.fallback?.reason ?? null };
    if (!isUsual && texts.size >= MAX_UNUSUAL) texts.clear();
    texts.set(key, made);
    return made;
  };
  return Object.assign(prepare, {
    kept: (serving: Serving, seriesId: string) => kept.get(serving)?.usual.get(seriesId),
  });
}

/** Several as the items of one JSON array. */
export const arrayOf = (prepared: readonly PreparedForecast[]): string =>
  `[${prepared.map(({ text }) => text).join(',')}]`;

export const JSON_TYPE = 'application/json; charset=utf-8';
