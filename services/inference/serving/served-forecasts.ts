/**
 * Purpose: what the service has served, for the ledger: of each series the whole forecast that its
 * response was made of, once for as long as the same is served.
 * Invariants: a response never waits and never fails for it: it marks a series, and no more. What
 * is marked is written every `flushMs` and at the end; a crash loses what was marked since. At most
 * MAX_PENDING states wait for a store that does not reply, the newest ones. All replicas pick the
 * same series of a snapshot. Responses to overrides and ad-hoc histories are not marked: they are
 * no forecast of what will happen.
 * Fails: never; a flush that fails is logged once, and tried again.
 */
import { seededRandom, seedFrom } from '../../../platform/random.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import { repeat, withTimeout } from '../../../platform/timers.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import type { ForecastLedger } from '../ports.ts';
import type { Serving } from './build-serving-snapshot.ts';
import { type ServedIssue, servedIssues } from './served-issues.ts';

export interface ServedForecasts {
  /** @param seriesId one that has a forecast */
  mark(serving: Serving, seriesId: string): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface ServedForecastsOptions {
  /** null: nothing is written. */
  readonly ledger: ForecastLedger | null;
  /** Share of the series, 0 to 1. */
  readonly sample: number;
  readonly flushMs: number;
  /** How long the end waits for the store. */
  readonly closeMs: number;
  readonly logger: Logger;
  readonly onOutcome?: (outcome: 'written' | 'dropped', forecasts: number) => void;
}

const MAX_PENDING = 4;

export const NOTHING_SERVED: ServedForecasts = {
  mark: () => undefined,
  flush: async () => undefined,
  close: async () => undefined,
};

export function openServedForecasts(options: ServedForecastsOptions): ServedForecasts {
  const { ledger, sample } = options;
  return ledger === null || sample <= 0 ? NOTHING_SERVED : new Marks({ ...options, ledger });
}

class Marks implements ServedForecasts {
  readonly #options: ServedForecastsOptions & { readonly ledger: ForecastLedger };
  /** 1 for the series that were marked, or are not of the sample. */
  readonly #seen = new WeakMap<Serving, Uint8Array>();
  /** Series that are to be written. */
  readonly #pending = new Map<Serving, number[]>();
  readonly #stop: () => Promise<void>;
  #isFailing = false;

  constructor(options: ServedForecastsOptions & { readonly ledger: ForecastLedger }) {
    this.#options = options;
    this.#stop = repeat(
      options.flushMs,
      () => this.flush(),
      () => undefined,
    );
  }

  mark(serving: Serving, seriesId: string): void {
    const series = serving.snapshot.indexOf.get(seriesId) as number;
    let seen = this.#seen.get(serving);
    if (seen === undefined) {
      seen = new Uint8Array(serving.snapshot.panel.seriesIds.length);
      this.#seen.set(serving, seen);
    }
    if (seen[series] === 1) return;
    seen[series] = 1;
    if (!this.#isSampled(serving, seriesId)) return;
    const pending = this.#pending.get(serving);
    if (pending) pending.push(series);
    else this.#wait(serving, series);
  }

  #isSampled({ snapshot }: Serving, seriesId: string): boolean {
    const { sample } = this.#options;
    const draw = () => seededRandom(seedFrom(snapshot.manifest.snapshotVersion, seriesId))();
    return sample >= 1 || draw() < sample;
  }

  #wait(serving: Serving, series: number): void {
    if (this.#pending.size >= MAX_PENDING) {
      const [[oldest, lost]] = this.#pending as Iterable<[Serving, number[]]> as [
        [Serving, number[]],
      ];
      this.#pending.delete(oldest);
      this.#options.onOutcome?.('dropped', lost.length);
    }
    this.#pending.set(serving, [series]);
  }

  async flush(): Promise<void> {
    if (this.#pending.size === 0) return;
    const { ledger, logger, onOutcome } = this.#options;
    const taken = [...this.#pending];
    this.#pending.clear();
    try {
      await ledger.append(taken.flatMap(([serving, series]) => issuesOf(serving, series)));
      this.#isFailing = false;
      onOutcome?.(
        'written',
        taken.reduce((sum, [, series]) => sum + series.length, 0),
      );
    } catch (error) {
      if (!this.#isFailing)
        logger.warn({ err: error }, 'served forecasts cannot be written; trying again');
      this.#isFailing = true;
      // What was marked meanwhile is newer.
      const newer = [...this.#pending];
      this.#pending.clear();
      for (const [serving, series] of [...taken, ...newer])
        for (const one of series) {
          const pending = this.#pending.get(serving);
          if (pending) pending.push(one);
          else this.#wait(serving, one);
        }
    }
  }

  async close(): Promise<void> {
    const end = async () => {
      await this.#stop();
      await this.flush();
    };
    await withTimeout(this.#options.closeMs, end());
  }
}

function issuesOf(
  { model, snapshot, forecasts, baseline, replaced, fallback, issuedAt, cutoffTimestamp }: Serving,
  series: readonly number[],
): LedgerIssue[] {
  const { modelVersion, quantiles, horizon } = model.card;
  const whole: ServedIssue = {
    issuedAt,
    cutoff: cutoffTimestamp,
    forecaster: model.forecaster.name,
    modelVersion: model.champion === null ? null : modelVersion,
    snapshotVersion: snapshot.manifest.snapshotVersion,
    role: 'serving',
    origin: 'served',
    fallback: fallback?.reason ?? null,
    ...{ quantiles, horizon },
    frequencyMinutes: snapshot.panel.frequencyMinutes,
    seriesIds: snapshot.panel.seriesIds,
    values: forecasts.values,
    mean: forecasts.mean,
  };
  return servedIssues({ whole, baseline: baseline.name, replaced, series });
}
