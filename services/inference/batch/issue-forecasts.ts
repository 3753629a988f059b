/**
 * Purpose: forecast every series at once from the champion and the online view: what the ledger
 * keeps.
 * Invariants: the same forecaster on the same panel, by the same function, as the HTTP service, and
 * a baseline for the series for which that serves one; no numbers for a series without either; the
 * cutoff is the last interval that is known of any series; the shards of a batch, one after
 * another, are the batch, bit for bit.
 * Fails: NO_CHAMPION, SNAPSHOT_EMPTY, HISTORY_TOO_SHORT, MODEL_CORRUPT, MODEL_INCOMPATIBLE,
 * HORIZON_INVALID.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import { openSteps } from '../../../forecasting/panel/closed-days.ts';
import { concatenated } from '../../../forecasting/panel/concatenated.ts';
import { type Panel, seriesSlice, timestampAt } from '../../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../../forecasting/panel/seasons.ts';
import { type SeriesFlag, seriesFlags } from '../../../forecasting/panel/series-flags.ts';
import { onlySteps } from '../../../forecasting/paths/totals.ts';
import { HeadwayError, isHeadwayError } from '../../../platform/errors.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import {
  joinPanels,
  type OnlineSnapshot,
  type RangeRows,
  rangeRowsOf,
  type SeriesRange,
} from '../../../storage/features/online/online-snapshot.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import type { OnlineFeatures, RestoreForecaster, ServedModels } from '../ports.ts';
import { baselineOf } from '../serving/fallback.ts';
import { fallBackPerSeries, type PerSeriesFallback } from '../serving/per-series-fallback.ts';
import {
  type Precomputed,
  precompute,
  requireUsable,
  unknownInputs,
} from '../serving/precompute.ts';
import { type ServedIssue, servedIssues } from '../serving/served-issues.ts';
import { contextOf } from '../serving/shared-context.ts';
import { type Shard, shardRange, WHOLE } from '../shards/shard.ts';

export interface IssueRequest {
  readonly domain: Domain;
  readonly features: OnlineFeatures;
  readonly registry: ServedModels;
  readonly restoreForecaster: RestoreForecaster;
  readonly issuedAt: number;
  /** So many steps on open days, as in the HTTP service; all that the model gives where absent. */
  readonly horizon?: number;
  /** Only these series; the cutoff is that of the whole panel all the same. */
  readonly shard?: Shard;
  /** Only the range of the online view in which this series is, if the snapshot has it. */
  readonly seriesId?: string;
  /** Without a champion the best baseline forecasts, as in the HTTP service. */
  readonly allowsBaseline?: boolean;
  /**
   * Grid index of the online view from which on nothing is known yet, where one view serves several
   * times: then all series are forecast at once, so that what is computed of the view is kept.
   */
  readonly end?: number;
}

export interface IssuedForecasts {
  readonly snapshot: OnlineSnapshot;
  /** The series that are forecast as they are stored, and with what the model reads of others. */
  readonly stored: Panel;
  readonly panel: Panel;
  /** Grid index of the cutoff in the panel. */
  readonly cutoff: number;
  /** Series per turn of the event loop; undefined: the usual. */
  readonly atOnce: number | undefined;
  /** Exogenous columns that the model reads and of which nothing is known at the cutoff. */
  readonly unknownInputs: readonly string[];
  /** How far errors of different series go together; undefined if it was not measured. */
  readonly dependence: number | undefined;
  /** The scored model of the champion's recipe, where the champion was fitted on all data. */
  readonly refitOf: string | null;
  /** What is to be said of a series, by its id; nothing of most. */
  readonly flags: ReadonlyMap<string, readonly SeriesFlag[]>;
  /** Series that a baseline forecasts in the place of the model, and the name of that baseline. */
  readonly replaced: PerSeriesFallback;
  readonly baseline: string;
  /** All that is served; NaN for a series without a forecast. */
  readonly entry: ServedIssue;
}

/** All series, or those of a shard, at once: of a snapshot that fits into memory. */
export async function issueForecasts(request: IssueRequest): Promise<IssuedForecasts> {
  const parts: IssuedForecasts[] = [];
  for await (const part of issueInRanges(request)) parts.push(part);
  const [first] = parts as [IssuedForecasts];
  if (parts.length === 1) return first;
  return {
    ...first,
    stored: await joinPanels(parts.map(({ stored }) => stored)),
    panel: await joinPanels(parts.map(({ panel }) => panel)),
    flags: new Map(parts.flatMap(({ flags }) => [...flags])),
    replaced: new Map(parts.flatMap(({ replaced }) => [...replaced])),
    entry: {
      ...first.entry,
      seriesIds: parts.flatMap(({ entry }) => entry.seriesIds),
      values: concatenated(parts.map(({ entry }) => entry.values)),
      mean: concatenated(parts.map(({ entry }) => entry.mean)),
    },
  };
}

/**
 * The same range after range of the online view: one is in memory. One after another they are the
 * batch, bit for bit.
 */
export async function* issueInRanges(request: IssueRequest): AsyncGenerator<IssuedForecasts> {
  const { domain, features, registry } = request;
  const champion = await registry.champion();
  if (champion === null && request.allowsBaseline !== true) throw await noChampion(request);
  const snapshot = await features.openOnline();
  const cutoff = await snapshot.lastObserved(request.end);
  const chosen = await forecasterOf(request, champion, snapshot, cutoff);
  const steps = checkedSteps(request.horizon, chosen.horizon);
  const baseline = baselineOf(domain, chosen.forecaster.quantiles, chosen.metrics);
  const inContext = await contextOf(chosen.forecaster, snapshot);
  const work = { request, snapshot, cutoff, chosen, steps, baseline };
  const parts = partsOf(snapshot, request);
  const isWhole = parts.reduce((sum, { from, to }) => sum + to - from, 0) === snapshot.series;
  let isUsable = false;
  for (const [i, { index, from, to }] of parts.entries()) {
    const range = await snapshot.range(index);
    const stored = seriesSlice(range, from, to);
    const panel = seriesSlice(inContext(range), from, to);
    const { issued, judged } = await issueRange(work, stored, panel);
    isUsable ||= judged.usable.includes(1);
    if (isWhole && !isUsable && i === parts.length - 1) requireUsable(chosen.forecaster, judged);
    yield issued;
  }
}

/** The rows of each range that are asked for. */
function partsOf(snapshot: OnlineSnapshot, { shard = WHOLE, seriesId }: IssueRequest): RangeRows[] {
  if (seriesId === undefined) return rangeRowsOf(snapshot, shardRange(snapshot.series, shard));
  const index = snapshot.rangeOf(seriesId);
  return rangeRowsOf(snapshot, snapshot.ranges[index] as SeriesRange);
}

interface Work {
  readonly request: IssueRequest;
  readonly snapshot: OnlineSnapshot;
  readonly cutoff: number;
  readonly chosen: Chosen;
  readonly steps: number;
  readonly baseline: Forecaster;
}

/**
 * @param panel the stored series with what the forecaster reads of all series together
 * @returns `judged` decides whether the forecaster is of any use: of a baseline with what stands in
 */
async function issueRange(
  { request, snapshot, cutoff, chosen, steps, baseline }: Work,
  stored: Panel,
  panel: Panel,
): Promise<{ issued: IssuedForecasts; judged: Precomputed }> {
  const { domain, issuedAt } = request;
  const { forecaster, modelVersion, refitOf, horizon } = chosen;
  const atOnce = request.end === undefined ? undefined : panel.seriesIds.length;
  const seasons = seasonsOf(domain);
  const unknown = unknownInputs(forecaster, panel, cutoff, seasons.day, horizon);
  const made = await precompute(forecaster, panel, cutoff, horizon, domain, undefined, atOnce);
  const { forecasts, replaced } = await fallBackPerSeries({
    ...{ forecasts: made, baseline, panel, cutoff, horizon, nonNegative: domain.nonNegative },
    ...{ before: new Map(), now: issuedAt },
  });
  blankUnusable(forecasts, forecaster.quantiles.length, horizon);
  const open = openSteps(panel, cutoff, horizon, domain.closedWeekdays);
  const kept = upTo(open, steps, horizon);
  const entry = {
    issuedAt,
    cutoff: timestampAt(panel, cutoff),
    forecaster: forecaster.name,
    modelVersion,
    snapshotVersion: snapshot.manifest.snapshotVersion,
    role: 'serving',
    origin: 'batch',
    fallback: modelVersion === null ? 'NO_CHAMPION' : null,
    quantiles: forecaster.quantiles,
    horizon: kept.length,
    frequencyMinutes: panel.frequencyMinutes,
    seriesIds: panel.seriesIds,
    values: onlySteps(forecasts.values, horizon, kept),
    mean: onlySteps(forecasts.mean, horizon, kept),
  } as const;
  const flags = new Map(
    panel.seriesIds.flatMap((id, series): [string, SeriesFlag[]][] => {
      const found = seriesFlags(forecaster, panel, series, cutoff, seasons);
      return found.length > 0 ? [[id, found]] : [];
    }),
  );
  const { dependence } = forecaster;
  const facts = { unknownInputs: unknown, flags, refitOf, dependence, replaced };
  const issued = { snapshot, stored, panel, cutoff, atOnce, ...facts, baseline: baseline.name };
  return { issued: { ...issued, entry }, judged: modelVersion === null ? forecasts : made };
}

function checkedSteps(asked: number | undefined, horizon: number): number {
  if (asked === undefined) return horizon;
  if (Number.isInteger(asked) && asked >= 1 && asked <= horizon) return asked;
  throw new HeadwayError('HORIZON_INVALID', `horizon ${asked} is outside 1…${horizon}`, {
    fix: `Ask for 1 to ${horizon} steps.`,
  });
}

/** All steps up to the open one of that number; all of the horizon where it has fewer. */
const upTo = (open: readonly number[], steps: number, horizon: number): number[] => [
  ...Array(steps < open.length ? 1 + (open[steps - 1] as number) : horizon).keys(),
];

/** What the ledger keeps of a batch. */
export const issuesOf = ({ entry: whole, baseline, replaced }: IssuedForecasts): LedgerIssue[] =>
  servedIssues({ whole, baseline, replaced, series: [...whole.seriesIds.keys()] });

/** Whether a series has a forecast that is served. */
export function hasForecast(
  { values, quantiles, horizon }: IssuedForecasts['entry'],
  row: number,
): boolean {
  const size = quantiles.length * horizon;
  return values.subarray(row * size, (row + 1) * size).every(Number.isFinite);
}

/** Numbers that may not be served do not count as a forecast. */
function blankUnusable({ values, mean, usable }: Precomputed, quantiles: number, horizon: number) {
  for (const [series, isUsable] of usable.entries()) {
    if (isUsable === 1) continue;
    values.fill(Number.NaN, series * quantiles * horizon, (series + 1) * quantiles * horizon);
    mean.fill(Number.NaN, series * horizon, (series + 1) * horizon);
  }
}

interface Chosen {
  readonly forecaster: Forecaster;
  readonly modelVersion: string | null;
  readonly refitOf: string | null;
  readonly horizon: number;
  /** Of the card: which baseline stands in. */
  readonly metrics: unknown;
}

async function forecasterOf(
  { domain, registry, restoreForecaster }: IssueRequest,
  champion: { readonly modelVersion: string } | null,
  snapshot: OnlineSnapshot,
  cutoff: number,
): Promise<Chosen> {
  if (champion === null) {
    // Of very many series the first thousands stand for all.
    const recent = { panel: await snapshot.range(0), cutoff };
    const forecaster = baselineOf(domain, domain.quantiles, null, recent);
    return {
      forecaster,
      modelVersion: null,
      refitOf: null,
      horizon: domain.horizon,
      metrics: null,
    };
  }
  const { card, model, weights } = await registry.load(champion.modelVersion);
  return {
    forecaster: restoreForecaster(model, weights),
    modelVersion: champion.modelVersion,
    refitOf: card.refit?.twin ?? null,
    horizon: card.horizon,
    metrics: card.metrics,
  };
}

/** Says how old the data is: a model of old data is seldom promoted. */
async function noChampion({ domain, features, issuedAt }: IssueRequest): Promise<HeadwayError> {
  const online = await features.openOnline().catch((error: unknown) => {
    if (isHeadwayError(error, 'SNAPSHOT_EMPTY')) return null;
    throw error;
  });
  const age = online === null ? '' : `; ${await ageText(online, issuedAt)}`;
  return new HeadwayError('NO_CHAMPION', `no model of ${domain.name} has been promoted yet${age}`, {
    fix:
      'Run `headway train`; if the gate refused the model, `headway models list` says why. ' +
      'Until then `headway serve`, and `headway forecast --series ID`, return a baseline.',
  });
}

async function ageText(online: OnlineSnapshot, now: number): Promise<string> {
  const { start, frequencyMinutes } = online;
  const end = start + ((await online.lastObserved()) + 1) * frequencyMinutes * 60_000;
  const days = Math.floor((now - end) / 86_400_000);
  return `the newest interval ended ${utcText(end)}${days > 0 ? `, ${days} days ago` : ''}`;
}
