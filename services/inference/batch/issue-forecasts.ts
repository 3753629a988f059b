/**
 * Purpose: forecast every series at once from the champion and the online view: what the ledger
 * keeps.
 * Invariants: the same forecaster on the same panel, by the same function, as the HTTP service; the
 * cutoff is the last interval that is known of any series; the shards of a batch, one after
 * another, are the batch, bit for bit.
 * Fails: NO_CHAMPION, SNAPSHOT_EMPTY, HISTORY_TOO_SHORT, MODEL_CORRUPT, MODEL_INCOMPATIBLE,
 * HORIZON_INVALID.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { Forecaster, Prediction } from '../../../forecasting/models/forecaster.ts';
import { lastObserved, type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import { type SeriesFlag, seriesFlags } from '../../../forecasting/panel/series-flags.ts';
import { HeadwayError, isHeadwayError } from '../../../platform/errors.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import type { OnlineFeatures, RestoreForecaster, ServedModels } from '../ports.ts';
import { baselineOf } from '../serving/fallback.ts';
import { precompute, requireUsable, seriesSlice, unknownInputs } from '../serving/precompute.ts';
import { type Shard, shardRange } from './shard.ts';

export interface IssueRequest {
  readonly domain: Domain;
  readonly features: OnlineFeatures;
  readonly registry: ServedModels;
  readonly restoreForecaster: RestoreForecaster;
  readonly issuedAt: number;
  readonly horizon?: number;
  /** Only these series; the cutoff is that of the whole panel all the same. */
  readonly shard?: Shard;
  /** Without a champion the best baseline forecasts, as in the HTTP service. */
  readonly allowsBaseline?: boolean;
  /**
   * Grid index of the online view from which on nothing is known yet, where one view serves several
   * times: then all series are forecast at once, so that what is computed of the view is kept.
   */
  readonly end?: number;
}

export interface IssuedForecasts {
  /** The whole snapshot as it is stored, and which of its series are forecast. */
  readonly stored: Panel;
  readonly rows: { readonly from: number; readonly to: number };
  readonly panel: Panel;
  /** Grid index of the cutoff in the panel. */
  readonly cutoff: number;
  /** Series per turn of the event loop; undefined: the usual. */
  readonly atOnce: number | undefined;
  /** Exogenous columns that the model reads and of which nothing is known at the cutoff. */
  readonly unknownInputs: readonly string[];
  /** How far errors of different series go together; undefined where nobody measured it. */
  readonly dependence: number | undefined;
  /** The scored model of the champion's recipe, where the champion was fitted on all data. */
  readonly refitOf: string | null;
  /** What is to be said of a series, by its id; nothing of most. */
  readonly flags: ReadonlyMap<string, readonly SeriesFlag[]>;
  /** What the ledger keeps. */
  readonly entry: LedgerIssue & Prediction;
}

const WHOLE: Shard = { index: 1, count: 1 };

export async function issueForecasts(request: IssueRequest): Promise<IssuedForecasts> {
  const { domain, features, registry, issuedAt, horizon = domain.horizon } = request;
  if (!Number.isInteger(horizon) || horizon < 1 || horizon > domain.horizon) {
    throw new HeadwayError('HORIZON_INVALID', `horizon ${horizon} is outside 1…${domain.horizon}`, {
      fix: `Ask for 1 to ${domain.horizon} steps.`,
    });
  }
  const champion = await registry.champion();
  if (champion === null && request.allowsBaseline !== true) throw await noChampion(request);
  const { panel: stored, manifest } = await features.readOnline();
  const { forecaster, modelVersion, refitOf } = await forecasterOf(request, champion, stored);
  const whole = forecaster.withContext?.(stored) ?? stored;
  const rows = shardRange(whole.seriesIds.length, request.shard ?? WHOLE);
  const panel = seriesSlice(whole, rows.from, rows.to);
  const cutoff = lastObserved(whole, request.end);
  const atOnce = request.end === undefined ? undefined : panel.seriesIds.length;
  const seasons = seasonsOf(domain);
  const unknown = unknownInputs(forecaster, panel, cutoff, seasons.day, horizon);
  const forecasts = await precompute(forecaster, panel, cutoff, horizon, domain, undefined, atOnce);
  if (panel.seriesIds.length === whole.seriesIds.length) requireUsable(forecaster, forecasts);
  const entry = {
    issuedAt,
    cutoff: timestampAt(panel, cutoff),
    forecaster: forecaster.name,
    modelVersion,
    snapshotVersion: manifest.snapshotVersion,
    role: 'serving',
    origin: 'batch',
    fallback: modelVersion === null ? 'NO_CHAMPION' : null,
    quantiles: forecaster.quantiles,
    horizon,
    frequencyMinutes: panel.frequencyMinutes,
    seriesIds: panel.seriesIds,
    values: forecasts.values,
    mean: forecasts.mean,
  } as const;
  const flags = new Map(
    panel.seriesIds.flatMap((id, series): [string, SeriesFlag[]][] => {
      const found = seriesFlags(forecaster, panel, series, cutoff, seasons);
      return found.length > 0 ? [[id, found]] : [];
    }),
  );
  const { dependence } = forecaster;
  const facts = { unknownInputs: unknown, flags, refitOf, dependence };
  return { stored, rows, panel, cutoff, atOnce, ...facts, entry };
}

async function forecasterOf(
  { domain, registry, restoreForecaster }: IssueRequest,
  champion: { readonly modelVersion: string } | null,
  panel: Panel,
): Promise<{ forecaster: Forecaster; modelVersion: string | null; refitOf: string | null }> {
  if (champion === null) {
    const recent = { panel, cutoff: lastObserved(panel) };
    const forecaster = baselineOf(domain, domain.quantiles, null, recent);
    return { forecaster, modelVersion: null, refitOf: null };
  }
  const { card, model, weights } = await registry.load(champion.modelVersion);
  return {
    forecaster: restoreForecaster(model, weights),
    modelVersion: champion.modelVersion,
    refitOf: card.refit?.twin ?? null,
  };
}

/** Says how old the data is: a model of old data is seldom promoted. */
async function noChampion({ domain, features, issuedAt }: IssueRequest): Promise<HeadwayError> {
  const online = await features.readOnline().catch((error: unknown) => {
    if (isHeadwayError(error, 'SNAPSHOT_EMPTY')) return null;
    throw error;
  });
  const age = online === null ? '' : `; ${ageText(online.panel, issuedAt)}`;
  return new HeadwayError('NO_CHAMPION', `no model of ${domain.name} has been promoted yet${age}`, {
    fix:
      'Run `headway train`; if the gate refused the model, `headway models list` says why. ' +
      'Until then `headway serve`, and `headway forecast --series ID`, give a baseline.',
  });
}

function ageText(panel: Panel, now: number): string {
  const end = timestampAt(panel, lastObserved(panel) + 1);
  const days = Math.floor((now - end) / 86_400_000);
  return `the newest interval ended ${utcText(end)}${days > 0 ? `, ${days} days ago` : ''}`;
}
