/**
 * Purpose: the data-quality report that each run leaves: rows by reason, gaps, distribution by hour
 * and weekday, sparse, dead and busy series. As data; quality-table.ts and quality-page.ts show it.
 * Invariants: figures are means per interval over known intervals; "sparse" and "busy" go by the
 * mean of absolute values; hours and weekdays are local; danfo sees frames of one row per series or
 * per hour of the week, at most MAX_SERIES rows.
 * Fails: never for a valid panel.
 */
import type { Domain } from '../../domains/domain.ts';
import { isClosedDay } from '../../forecasting/panel/closed-days.ts';
import { type Panel, timestampAt } from '../../forecasting/panel/panel.ts';
import { clockStretches } from './aggregation/local-time.ts';
import type { ContractResult } from './contract/contract.ts';

const MAX_SERIES = 100_000;
const MAX_LISTED = 100;
const BUSIEST = 15;
const SPARSE_BELOW = 0.1;
const DEAD_DAYS = 28;
const DAY_MINUTES = 1440;

export interface Account {
  readonly rowsIn: number;
  readonly rowsUsed: number;
  readonly rejected: Readonly<Record<string, number>>;
}

export interface PartAccount extends Account {
  readonly name: string;
  readonly feed: string;
  /** True where the snapshot had this content already. */
  readonly skipped: boolean;
}

export interface SeriesFigure {
  readonly seriesId: string;
  readonly mean: number;
  readonly maximum: number;
  readonly known: number;
}

export interface Gap {
  readonly seriesId: string;
  /** UTC epoch milliseconds of the first unknown interval. */
  readonly start: number;
  readonly intervals: number;
}

interface Listed {
  readonly count: number;
  /** The first hundred. */
  readonly seriesIds: readonly string[];
}

export interface QualityReport {
  readonly format: 2;
  readonly domain: string;
  readonly title: string;
  readonly unit: string;
  readonly seriesNoun: string;
  readonly timeZone: string;
  readonly frequencyMinutes: number;
  readonly generatedAt: number;
  /** The span of the figures below: UTC epoch milliseconds [start, end). */
  readonly span: { readonly start: number; readonly end: number };
  readonly seriesCount: number;
  /** One series in this many was judged, and counts below; absent if all were. */
  readonly oneIn?: number;
  /**
   * The rows of this run, and of every segment that the snapshot reads, this run's included: what a
   * later publication replaced entirely is not counted.
   */
  readonly run: Account;
  readonly total: Account;
  readonly parts: readonly PartAccount[];
  readonly mean: number | null;
  /** Unknown intervals between a series' first and last known one. */
  readonly gaps: {
    readonly intervals: number;
    readonly count: number;
    readonly series: number;
    readonly longest: readonly Gap[];
  };
  /**
   * Means per interval, all series together: [24], [7] Monday first, [7][24]; null where there is
   * no known interval.
   */
  readonly byHour: readonly (number | null)[];
  readonly byWeekday: readonly (number | null)[];
  readonly byWeekdayAndHour: readonly (readonly (number | null)[])[];
  readonly busiest: readonly SeriesFigure[];
  /** Series with a mean of absolute values below 0.1 per interval. */
  readonly sparse: Listed;
  /** Series with nothing in the last 28 days of the span. */
  readonly dead: Listed;
  /** What became of each expectation, and the series and columns it was about. */
  readonly verdicts: ContractResult['verdicts'];
  readonly newSeries: readonly string[];
  readonly vanishedSeries: readonly string[];
  /** Columns of each feed's newest raw file. */
  readonly columns: ContractResult['columns'];
}

export interface QualityOptions {
  readonly domain: Domain;
  readonly panel: Panel;
  /** The panel has one series in this many. */
  readonly oneIn?: number;
  readonly parts: readonly PartAccount[];
  /** The segments that the next snapshot reads anywhere. */
  readonly read: readonly Account[];
  readonly contract: Omit<ContractResult, 'view' | 'isBroken'>;
  readonly now: number;
}

export async function buildQualityReport({
  domain,
  panel,
  oneIn = 1,
  parts,
  read,
  contract,
  now,
}: QualityOptions): Promise<QualityReport> {
  // Loaded here only: it costs a second and 90 MB, and serving never needs it.
  const danfo = await import('danfojs-node');
  const run = sum(parts.filter((part) => !part.skipped));
  const series = seriesFigures(panel);
  const week = weekFigures(panel, domain.timeZone);

  const frame = new danfo.DataFrame(series.slice(0, MAX_SERIES));
  const ranked = frame.sortValues('magnitude', { ascending: false }) as InstanceType<
    typeof danfo.DataFrame
  >;
  const busiest = rowsOfFrame<SeriesFigure>(danfo, ranked.head(Math.min(BUSIEST, series.length)));
  const byHour = meansBy(danfo, week, 'hour', 24);
  const byWeekday = meansBy(danfo, week, 'weekday', 7);

  const isDead = ({ lastActive }: SeriesRow) =>
    lastActive < panel.length - (DEAD_DAYS * DAY_MINUTES) / panel.frequencyMinutes;
  const sparse = series
    .filter(({ magnitude, known }) => known > 0 && magnitude < SPARSE_BELOW)
    .map(({ seriesId }) => seriesId);
  const dead = series.filter(isDead).map(({ seriesId }) => seriesId);
  const known = series.reduce((count, row) => count + row.known, 0);
  return {
    format: 2,
    domain: domain.name,
    title: domain.title,
    unit: domain.unit,
    seriesNoun: domain.seriesNoun,
    timeZone: domain.timeZone,
    frequencyMinutes: domain.frequencyMinutes,
    generatedAt: now,
    span: { start: panel.start, end: timestampAt(panel, panel.length) },
    seriesCount: panel.seriesIds.length,
    ...(oneIn > 1 ? { oneIn } : {}),
    run,
    total: sum(read),
    parts,
    mean: known > 0 ? series.reduce((total, row) => total + row.mean * row.known, 0) / known : null,
    gaps: findGaps(panel, domain.closedWeekdays),
    byHour,
    byWeekday,
    byWeekdayAndHour: Array.from({ length: 7 }, (_, weekday) =>
      week
        .slice(weekday * 24, weekday * 24 + 24)
        .map(({ total, count }) => (count > 0 ? total / count : null)),
    ),
    busiest: busiest.map(({ seriesId, mean, maximum, known }) => ({
      seriesId: String(seriesId),
      mean,
      maximum,
      known,
    })),
    sparse: { count: sparse.length, seriesIds: sparse.slice(0, MAX_LISTED) },
    dead: { count: dead.length, seriesIds: dead.slice(0, MAX_LISTED) },
    verdicts: contract.verdicts,
    newSeries: contract.newSeries,
    vanishedSeries: contract.vanishedSeries,
    columns: contract.columns,
  };
}

type Danfo = typeof import('danfojs-node');
type Frame = InstanceType<Danfo['DataFrame']>;

const rowsOfFrame = <T>(danfo: Danfo, frame: Frame): T[] =>
  danfo.toJSON(frame, { format: 'column' }) as unknown as T[];

/** Means per interval grouped by one column of the week's frame. */
function meansBy(
  danfo: Danfo,
  week: readonly WeekRow[],
  column: 'hour' | 'weekday',
  length: number,
): (number | null)[] {
  const grouped = new danfo.DataFrame([...week])
    .groupby([column])
    .col(['total', 'count'])
    .sum() as Frame;
  const means: (number | null)[] = new Array(length).fill(null);
  for (const row of rowsOfFrame<Record<string, number>>(danfo, grouped)) {
    if (row.count_sum > 0) means[row[column]] = row.total_sum / row.count_sum;
  }
  return means;
}

function sum(accounts: readonly Account[]): Account {
  const rejected: Record<string, number> = {};
  for (const account of accounts) {
    for (const [reason, rows] of Object.entries(account.rejected))
      rejected[reason] = (rejected[reason] ?? 0) + rows;
  }
  return {
    rowsIn: accounts.reduce((rows, account) => rows + account.rowsIn, 0),
    rowsUsed: accounts.reduce((rows, account) => rows + account.rowsUsed, 0),
    rejected,
  };
}

interface SeriesRow extends SeriesFigure {
  /** The mean of the absolute values: what "sparse" and "busy" are about. */
  readonly magnitude: number;
  /** Index of the last interval with a value other than zero; -1 where there is none. */
  readonly lastActive: number;
}

function seriesFigures(panel: Panel): SeriesRow[] {
  return panel.seriesIds.map((seriesId, series) => {
    let known = 0;
    let total = 0;
    let absolute = 0;
    let maximum = Number.NEGATIVE_INFINITY;
    let lastActive = -1;
    for (let t = 0; t < panel.length; t++) {
      const value = panel.columns.target[series * panel.length + t];
      if (Number.isNaN(value)) continue;
      known++;
      total += value;
      absolute += Math.abs(value);
      if (value > maximum) maximum = value;
      if (value !== 0) lastActive = t;
    }
    const [mean, magnitude] = [total, absolute].map((sum) => (known > 0 ? sum / known : 0)) as [
      number,
      number,
    ];
    return { seriesId, mean, magnitude, maximum: known > 0 ? maximum : 0, known, lastActive };
  });
}

/** False by days and on coarser grids, where all intervals begin at one hour. */
export const hasHours = ({ byHour }: Pick<QualityReport, 'byHour'>): boolean =>
  byHour.filter((mean) => mean !== null).length > 1;

interface WeekRow {
  readonly weekday: number;
  readonly hour: number;
  readonly total: number;
  readonly count: number;
}

/** Sums and counts by hour of the local week, Monday 0:00 first. */
function weekFigures(panel: Panel, timeZone: string): WeekRow[] {
  const week = Array.from({ length: 168 }, (_, index) => ({
    weekday: Math.floor(index / 24),
    hour: index % 24,
  }));
  const stretches = clockStretches(timeZone, panel.start, timestampAt(panel, panel.length));
  const hourOf = new Uint8Array(panel.length);
  for (let t = 0, stretch = 0; t < panel.length; t++) {
    const timestamp = timestampAt(panel, t);
    while (timestamp >= stretches[stretch].end) stretch++;
    // 1970-01-05 was a Monday.
    const hour = Math.floor((timestamp + stretches[stretch].offset) / 3_600_000) - 4 * 24;
    hourOf[t] = ((hour % 168) + 168) % 168;
  }
  const totals = new Float64Array(168);
  const counts = new Uint32Array(168);
  const { target } = panel.columns;
  for (let first = 0; first < target.length; first += panel.length) {
    for (let t = 0; t < panel.length; t++) {
      const value = target[first + t];
      if (Number.isNaN(value)) continue;
      totals[hourOf[t]] += value;
      counts[hourOf[t]]++;
    }
  }
  return week.map((row, index) => ({ ...row, total: totals[index], count: counts[index] }));
}

/** A closed day is not a gap, and not part of one. */
function findGaps(panel: Panel, closedWeekdays: Domain['closedWeekdays']): QualityReport['gaps'] {
  const isClosed = Uint8Array.from({ length: panel.length }, (_, t) =>
    isClosedDay(timestampAt(panel, t), closedWeekdays) ? 1 : 0,
  );
  const gaps: Gap[] = [];
  let series = 0;
  for (const [index, seriesId] of panel.seriesIds.entries()) {
    const values = panel.columns.target.subarray(index * panel.length, (index + 1) * panel.length);
    const before = gaps.length;
    let lastKnown = -1;
    const unknown: number[] = [];
    for (let t = 0; t < values.length; t++) {
      if (Number.isNaN(values[t])) {
        if (isClosed[t] === 0) unknown.push(t);
        continue;
      }
      const [first] = unknown;
      if (lastKnown >= 0 && first !== undefined)
        gaps.push({ seriesId, start: timestampAt(panel, first), intervals: unknown.length });
      unknown.length = 0;
      lastKnown = t;
    }
    if (gaps.length > before) series++;
  }
  const intervals = gaps.reduce((total, gap) => total + gap.intervals, 0);
  const longest = gaps.sort((a, b) => b.intervals - a.intervals || a.start - b.start).slice(0, 10);
  return { intervals, count: gaps.length, series, longest };
}
