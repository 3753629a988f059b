/**
 * Purpose: the one place where the data contract of a domain is judged: whether the columns of a
 * part can be read, every expectation of a run before it is committed, the age of the stored data.
 * Invariants: verdicts come in the order of EXPECTATION_NAMES, all of them every time; the same
 * data give the same verdicts, in whatever order its rows came.
 * Fails: SETTINGS_INVALID for limits that are not valid.
 */
import type { Domain } from '../../../domains/domain.ts';
import { demandOf, type Segment } from '../../../storage/features/manifest.ts';
import { hasIntervals } from '../aggregation/unfinished.ts';
import type { RecentDemand } from '../recent-panel.ts';
import type { RawColumn } from '../sources/raw-part.ts';
import type { Withdrawal } from '../withdrawals.ts';
import { type DemandView, viewDemand } from './demand-view.ts';
import { columnProblem, partVerdicts, type ReadPart } from './part-checks.ts';
import { seriesVerdicts } from './series-check.ts';
import { EXPECTATION_NAMES, limitsOf, type PartName, type Verdict } from './verdict.ts';
import { freshnessVerdict, silenceVerdict, volumeVerdict } from './volume-check.ts';
import { withdrawnVerdict } from './withdrawn-check.ts';

export interface ContractOptions {
  readonly domain: Domain;
  /** What this run read, in the source's order. */
  readonly parts: readonly ReadPart[];
  /** All parts the source has now. */
  readonly present: readonly {
    readonly name: string;
    readonly feed: string;
    readonly fingerprint: string;
  }[];
  readonly committed: readonly Segment[];
  readonly withdrawn: readonly Withdrawal[];
  /** Null where no part of this run could be aggregated. */
  readonly recent: RecentDemand | null;
  /** The report that the head names, as it was stored. */
  readonly lastReport: unknown;
  /** Whether a person accepted these parts. */
  readonly isAccepted: boolean;
  readonly now: number;
}

export interface ContractResult {
  readonly verdicts: readonly Verdict[];
  /** Whether a hard limit is broken, and not accepted. */
  readonly isBroken: boolean;
  /** Columns of each feed's newest part, for the next run to compare with. */
  readonly columns: Readonly<Record<string, readonly RawColumn[]>>;
  readonly newSeries: readonly string[];
  readonly vanishedSeries: readonly string[];
  /** What the charts of the report are drawn from; null where `recent` is. */
  readonly view: DemandView | null;
}

/**
 * Whether a part has enough of the declared columns to be read. The contract refuses the others,
 * with their columns as evidence.
 */
export function hasReadableColumns(domain: Domain, columns: readonly RawColumn[]): boolean {
  const { hard } = limitsOf(domain, 'columns');
  const problems = (domain.expectations?.columns ?? []).filter(
    (declared) => columnProblem(declared, columns) !== null,
  );
  return hard === null || problems.length <= hard;
}

/** For a run that brings nothing new: whether the newest interval is older than is usual. */
export const judgeAge = (domain: Domain, committed: readonly Segment[], now: number): Verdict =>
  freshnessVerdict({ domain, committed, fresh: [], now });

export function judgeRun(options: ContractOptions): ContractResult {
  const { domain, parts, committed, now } = options;
  const columnsBefore = columnsIn(options.lastReport);
  const made = parts.flatMap((read) =>
    read.made === null || !hasIntervals(read.made) ? [] : [{ ...read.part, span: read.made.span }],
  );
  const demand = demandOf(made);
  const view = options.recent === null ? null : viewDemand(domain, options.recent, demand);
  const ofSeries = view === null ? null : seriesVerdicts(domain, view);
  const found = [
    ...partVerdicts({ domain, parts, present: options.present, committed, columnsBefore, now }),
    freshnessVerdict({ domain, committed, fresh: demand, now }),
    ...(options.recent === null
      ? []
      : [withdrawnVerdict(domain, options.recent, options.withdrawn)]),
    ...(view === null ? [] : [volumeVerdict(domain, view), silenceVerdict(domain, view)]),
    ...(ofSeries?.verdicts ?? []),
  ];
  const verdicts = EXPECTATION_NAMES.flatMap((name) =>
    found.filter((verdict) => verdict.name === name),
  ).map((verdict) =>
    options.isAccepted && verdict.outcome === 'fail'
      ? { ...verdict, outcome: 'accepted' as const }
      : verdict,
  );
  return {
    verdicts,
    isBroken: verdicts.some(({ outcome }) => outcome === 'fail'),
    columns: {
      ...columnsBefore,
      ...Object.fromEntries(parts.map(({ part, columns }) => [part.feed, columns])),
    },
    newSeries: ofSeries?.newSeries ?? [],
    vanishedSeries: ofSeries?.vanishedSeries ?? [],
    view,
  };
}

/** The parts that broke a hard limit; all of them if no single part did. */
export function atFault(
  verdicts: readonly Verdict[],
  parts: readonly ReadPart[],
): ReadPart['part'][] {
  const named: PartName[] = verdicts
    .filter(({ outcome }) => outcome === 'fail')
    .flatMap((verdict) => verdict.parts);
  const found = parts.filter(({ part }) =>
    named.some(({ feed, name }) => feed === part.feed && name === part.name),
  );
  return (found.length > 0 ? found : parts).map(({ part: { name, feed, fingerprint } }) => ({
    name,
    feed,
    fingerprint,
  }));
}

/** Reports of earlier versions, or of other writers, have no columns: then nothing has drifted. */
export function columnsIn(report: unknown): Record<string, readonly RawColumn[]> {
  const columns = (report as { columns?: unknown } | null)?.columns;
  if (typeof columns !== 'object' || columns === null) return {};
  const isColumn = (value: unknown): value is RawColumn =>
    typeof (value as RawColumn | null)?.name === 'string' &&
    typeof (value as RawColumn).type === 'string';
  return Object.fromEntries(
    Object.entries(columns).filter(([, list]) => Array.isArray(list) && list.every(isColumn)),
  );
}
