/**
 * Purpose: forecast all series, or some, at one moment, and write them to the ledger: a batch.
 * Invariants: range after range of the online view, so that memory does not grow with the number of
 * series; what serves is written before what others forecast next to it, which cannot fail the
 * batch.
 * Fails: as issuing forecasts does (services/inference/batch/issue-forecasts.ts), and the ledger.
 */
import type { SeriesFlag } from '../../forecasting/panel/series-flags.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import {
  type IssuedForecasts,
  type IssueRequest,
  issueForecasts,
  issueInRanges,
  issuesOf,
} from '../../services/inference/batch/issue-forecasts.ts';
import { issueShadows } from '../../services/inference/batch/issue-shadows.ts';
import type { FallbackReason } from '../../services/inference/serving/fallback.ts';
import type { LedgerIssue } from '../../storage/ledger/ledger.ts';
import { restoreForecaster } from '../../storage/models/restore-forecaster.ts';
import type { CommandContext } from '../context.ts';

/** What is asked of a batch. */
export type Asked = Pick<IssueRequest, 'horizon' | 'shard' | 'allowsBaseline' | 'seriesId'> & {
  issuedAt?: number;
};

/** A batch, range after range. */
export interface Batch {
  /** The last range; the whole batch where it has one. */
  readonly issued: IssuedForecasts;
  readonly ranges: number;
  readonly series: number;
  readonly flagged: ReadonlyMap<SeriesFlag, { count: number; examples: string[] }>;
  readonly fallbacks: ReadonlyMap<FallbackReason, number>;
  readonly shadows: readonly string[];
}

/** All of it, into the ledger. */
export async function issueAll(
  context: CommandContext,
  asked: Asked,
  challengers: readonly string[] | undefined,
): Promise<Batch> {
  const keeper = await issueKeeper(context, challengers);
  const flagged = new Map<SeriesFlag, { count: number; examples: string[] }>();
  const fallbacks = new Map<FallbackReason, number>();
  let series = 0;
  let ranges = 0;
  let last: IssuedForecasts | null = null;
  for await (const issued of issueInRanges(await requestOf(context, asked))) {
    if (ranges === 0) warnOfUnknown(context, issued);
    if (last !== null) await keeper.add(last);
    last = issued;
    ranges++;
    series += issued.entry.seriesIds.length;
    for (const [id, flags] of issued.flags)
      for (const flag of flags) {
        const { count, examples } = flagged.get(flag) ?? { count: 0, examples: [] };
        flagged.set(flag, { count: count + 1, examples: [...examples, id].slice(0, 5) });
      }
    for (const { reason } of issued.replaced.values())
      fallbacks.set(reason, (fallbacks.get(reason) ?? 0) + 1);
  }
  const issued = last as IssuedForecasts;
  const shadows = await keeper.end(issued);
  return { issued, ranges, series, flagged, fallbacks, shadows };
}

/** Series of which a batch collects forecasts before it writes them: 30 MB of 24 steps. */
const SERIES_AT_ONCE = 65_536;

/**
 * Writes what was issued, and then what others forecast at the same moment, which cannot fail the
 * batch. With more shards than series some are empty: they write nothing.
 * @returns the names of the others
 */
export async function keepIssue(
  context: CommandContext,
  issued: IssuedForecasts,
  challengers: readonly string[] = [],
): Promise<string[]> {
  return (await issueKeeper(context, challengers)).end(issued);
}

/** The same of a batch that comes range after range, so many series at once. */
async function issueKeeper(context: CommandContext, challengers: readonly string[] = []) {
  const { domain, logger } = context;
  const ledger = await context.ledger();
  const registry = await context.registry();
  const others = [...new Set([...challengers, ...(await challengerOf(context))])];
  const request = {
    ...{ domain, registry, challengers: others, restoreForecaster },
    onFailure: (shadow: string, error: unknown) =>
      logger.warn({ err: error, shadow }, 'a shadow cannot forecast; the batch is complete'),
  };
  const names = new Set<string>();
  let serving: LedgerIssue[] = [];
  let shadows: LedgerIssue[] = [];
  let series = 0;
  async function add(issued: IssuedForecasts, isLast = false): Promise<void> {
    serving.push(...issuesOf(issued));
    series += issued.entry.seriesIds.length;
    const isFull = isLast || series >= SERIES_AT_ONCE;
    if (isFull) await ledger.append(serving);
    shadows.push(...(await issueShadows(request, issued)));
    if (!isFull) return;
    try {
      await ledger.append(shadows);
      for (const { modelVersion, forecaster } of shadows) names.add(modelVersion ?? forecaster);
    } catch (error) {
      logger.warn({ err: error }, 'the shadows could not be written; the batch is complete');
    }
    [serving, shadows, series] = [[], [], 0];
  }
  return {
    add: (issued: IssuedForecasts) => add(issued),
    async end(last: IssuedForecasts): Promise<string[]> {
      await add(last, true);
      return [...names];
    },
  };
}

/** The model that has to prove itself by the policy; a log that cannot be read is none. */
async function challengerOf(context: CommandContext): Promise<string[]> {
  try {
    const { challengersOf } = await import('../../services/monitoring/challengers.ts');
    return await challengersOf(await context.decisions());
  } catch (error) {
    context.logger.warn({ err: error }, 'the challengers cannot be read; the batch is complete');
    return [];
  }
}

/** Forecasts of all series or of a shard of them, from the champion and the newest snapshot. */
export async function issue(context: CommandContext, asked: Asked = {}): Promise<IssuedForecasts> {
  const issued = await issueForecasts(await requestOf(context, asked));
  warnOfUnknown(context, issued);
  return issued;
}

async function requestOf(context: CommandContext, asked: Asked): Promise<IssueRequest> {
  const { domain, settings, clock, logger } = context;
  await startTensorBackend(logger, settings.backend, 'prediction');
  return {
    domain,
    features: await context.features(),
    registry: await context.registry(),
    restoreForecaster,
    issuedAt: clock.now(),
    ...asked,
  };
}

function warnOfUnknown({ logger }: CommandContext, { unknownInputs }: IssuedForecasts): void {
  if (unknownInputs.length > 0)
    logger.warn(
      { columns: unknownInputs },
      'exogenous columns are unknown: their usual values are used',
    );
}
