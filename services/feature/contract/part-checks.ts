/**
 * Purpose: what the data contract says of single raw parts: columns and their drift, ranges,
 * rejected and doubled rows, doubled files, rows lost by a publication again, times to come.
 * Invariants: each part is held against its own account and against the feed's part before it; a
 * break names its part. Shares of fewer than MIN_ROWS rows do not count as evidence.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { ColumnExpectation } from '../../../domains/expectations.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import { isExogenous, type Segment } from '../../../storage/features/manifest.ts';
import type { AggregatedPart } from '../aggregation/aggregate.ts';
import { UNFINISHED } from '../aggregation/local-time.ts';
import { hasIntervals } from '../aggregation/unfinished.ts';
import { kindOf, type RawColumn, type RawProfile } from '../sources/raw-part.ts';
import { judged, type Measured, shareText, type Verdict, wholeText } from './verdict.ts';

const MIN_ROWS = 30;

/**
 * A part of this run as it was read. `made` is null where its columns are not those that the domain
 * reads.
 */
export interface ReadPart {
  readonly part: { readonly name: string; readonly feed: string; readonly fingerprint: string };
  readonly columns: readonly RawColumn[];
  readonly outside: RawProfile['outside'];
  /** Names of its files of which no row is usable. */
  readonly unusableFiles: readonly string[];
  readonly made: AggregatedPart | null;
}

export interface PartCheckOptions {
  readonly domain: Domain;
  /** In the source's order. */
  readonly parts: readonly ReadPart[];
  /** All parts the source has now. */
  readonly present: readonly {
    readonly name: string;
    readonly feed: string;
    readonly fingerprint: string;
  }[];
  readonly committed: readonly Segment[];
  /** Columns of each feed's newest part, as the last report says. */
  readonly columnsBefore: Readonly<Record<string, readonly RawColumn[]>>;
  readonly now: number;
}

export function partVerdicts(options: PartCheckOptions): Verdict[] {
  const { domain, parts } = options;
  const of = (name: Parameters<typeof judged>[1], measured: Measured[], unjudged: string) =>
    judged(domain, name, measured, unjudged);
  const declared = domain.expectations?.columns ?? [];
  const demand = parts.filter(({ part }) => !isExogenous(part));
  const drifts = driftsOf(options);
  // A file of exogenous values may rightly hold mostly columns that are not used.
  const many = demand.filter(({ made }) => made !== null && judgedRows(made) >= MIN_ROWS);
  const tooFew = `no part with ${MIN_ROWS} rows`;
  return [
    of(
      'columns',
      declared.length > 0 ? demand.map((read) => lacking(read, declared)) : [],
      'the domain declares none',
    ),
    of(
      'new_columns',
      drifts.map(({ added }) => added),
      'no earlier part to compare with',
    ),
    of(
      'vanished_columns',
      drifts.map(({ gone }) => gone),
      'no earlier part to compare with',
    ),
    of(
      'retyped_columns',
      drifts.map(({ retyped }) => retyped),
      'no earlier part to compare with',
    ),
    of(
      'ranges',
      demand.flatMap(outsideOf),
      'no ranges are declared, or no part has 30 usable rows',
    ),
    of(
      'rejected',
      many.map((read) => rejectedOf(read, false)),
      tooFew,
    ),
    of(
      'duplicates',
      many.map((read) => rejectedOf(read, true)),
      tooFew,
    ),
    of(
      'repeated_files',
      parts.map((read) => repeatedOf(read, options.present)),
      '',
    ),
    of(
      'shrunk',
      parts.flatMap((read) => shrunkOf(read, options.committed)),
      'no part was published again',
    ),
    of('unusable_files', parts.flatMap(unusableIn), 'no part could be read'),
    of('isolated_times', parts.flatMap(isolatedIn), 'no part could be read'),
    of(
      'future',
      demand.flatMap((read) => futureOf(read, domain, options.now)),
      'no part could be read',
    ),
  ];
}

/** What a declared column lacks in these columns: null where it is there, and of its kind. */
export function columnProblem(
  { names, kinds }: ColumnExpectation,
  columns: readonly RawColumn[],
): string | null {
  const wanted = names.map((name) => name.toLowerCase());
  const found = columns.find(({ name }) => wanted.includes(name.trim().toLowerCase()));
  if (!found) return `no column ${names[0]}`;
  return kinds.includes(kindOf(found.type))
    ? null
    : `${found.name} is ${found.type}, not ${kinds.join(' or ')}`;
}

function lacking({ part, columns }: ReadPart, declared: readonly ColumnExpectation[]): Measured {
  const problems = declared
    .map((one) => columnProblem(one, columns))
    .filter((problem) => problem !== null);
  const detail =
    problems.length === 0
      ? `${declared.length} declared, all present`
      : `${part.name}: ${problems.join('; ')}`;
  return { value: problems.length, detail, parts: [part] };
}

/** Each part against the one before it in its feed. */
function driftsOf({
  parts,
  columnsBefore,
}: PartCheckOptions): { added: Measured; gone: Measured; retyped: Measured }[] {
  const before = new Map(Object.entries(columnsBefore));
  const drifts: { added: Measured; gone: Measured; retyped: Measured }[] = [];
  for (const { part, columns } of parts) {
    const earlier = before.get(part.feed);
    before.set(part.feed, columns);
    if (earlier === undefined) continue;
    const typeBefore = new Map(earlier.map(({ name, type }) => [name, type]));
    const names = new Set(columns.map(({ name }) => name));
    const measured = (lines: readonly string[]): Measured => ({
      value: lines.length,
      detail:
        lines.length === 0
          ? 'none'
          : `${part.name}: ${lines.slice(0, 10).join(', ')}${lines.length > 10 ? ', …' : ''}`,
      parts: [part],
    });
    drifts.push({
      added: measured(
        columns
          .filter(({ name }) => !typeBefore.has(name))
          .map(({ name, type }) => `${name} (${type})`),
      ),
      gone: measured(earlier.filter(({ name }) => !names.has(name)).map(({ name }) => name)),
      retyped: measured(
        columns.flatMap(({ name, type }) => {
          const old = typeBefore.get(name);
          return old !== undefined && kindOf(old) !== kindOf(type)
            ? [`${name} from ${old} to ${type}`]
            : [];
        }),
      ),
    });
  }
  return drifts;
}

function outsideOf({ part, outside, made }: ReadPart): Measured[] {
  const usable = made === null ? 0 : made.rowsUsed + (made.rejected[UNFINISHED] ?? 0);
  if (usable < MIN_ROWS) return [];
  return outside.map(({ range, rows }) => ({
    value: rows / usable,
    detail:
      rows === 0
        ? 'none'
        : `${part.name}: ${wholeText(rows)} rows (${shareText(rows / usable)}) outside ${range}`,
    parts: [part],
  }));
}

/** Rows of intervals that are not over are no faulty ones: they are judged when they are used. */
const judgedRows = ({ rowsIn, rejected }: AggregatedPart): number =>
  rowsIn - (rejected[UNFINISHED] ?? 0);

function rejectedOf({ part, made }: ReadPart, ofDuplicates: boolean): Measured {
  const { rejected } = made as AggregatedPart;
  const rowsIn = judgedRows(made as AggregatedPart);
  const reasons = Object.entries(rejected).filter(
    ([reason]) => reason !== UNFINISHED && (reason === 'duplicate') === ofDuplicates,
  );
  const rows = reasons.reduce((sum, [, n]) => sum + n, 0);
  const text = reasons
    .sort((a, b) => b[1] - a[1])
    .map(([reason, n]) => `${reason} ${wholeText(n)}`);
  return {
    value: rows / rowsIn,
    detail:
      rows === 0
        ? 'none'
        : `${part.name}: ${shareText(rows / rowsIn)} of ${wholeText(rowsIn)} rows ` +
          `(${text.slice(0, 6).join(', ')})`,
    parts: [part],
  };
}

/** Files without a row are all alike, and say nothing twice. */
function repeatedOf({ part, made }: ReadPart, present: PartCheckOptions['present']): Measured {
  const same = present.filter(
    ({ name, feed, fingerprint }) =>
      fingerprint === part.fingerprint && (name !== part.name || feed !== part.feed),
  );
  if (same.length === 0 || made?.rowsIn === 0) return { value: 0, detail: 'none', parts: [] };
  return {
    value: same.length,
    detail: `${part.name} (${part.feed}) has the content of ${same[0]?.name} (${same[0]?.feed})`,
    parts: [part],
  };
}

function unusableIn({ part, unusableFiles, made }: ReadPart): Measured[] {
  if (made === null) return [];
  const names = unusableFiles.slice(0, 10).join(', ');
  const more = unusableFiles.length > 10 ? ` and ${unusableFiles.length - 10} more` : '';
  const detail = unusableFiles.length === 0 ? 'none' : `no row of ${names}${more} is usable`;
  return [{ value: unusableFiles.length, detail, parts: [part] }];
}

/** Times far from the others: an error in them would make years of zeros. */
function isolatedIn({ part, made }: ReadPart): Measured[] {
  if (made === null) return [];
  const { isolated } = made;
  if (isolated === null) return [{ value: 0, detail: 'none', parts: [part] }];
  const { rows, gapDays, isRejected } = isolated;
  const what = `${wholeText(rows)} rows are ${wholeText(gapDays)} days from the others`;
  const why = isRejected ? 'rejected' : 'used, because the part has few rows';
  return [{ value: rows, detail: `${part.name}: ${what}; ${why}`, parts: [part] }];
}

function shrunkOf({ part, made }: ReadPart, committed: readonly Segment[]): Measured[] {
  const before = committed.filter(
    ({ feed, part: name }) => feed === part.feed && name === part.name,
  );
  const last = before.reduce<Segment | null>(
    (a, b) => (a && a.availableAt > b.availableAt ? a : b),
    null,
  );
  if (made === null || !hasIntervals(made)) return [];
  if (last === null || last.rowsUsed < MIN_ROWS) return [];
  const lengthOf = ({ start, end }: Segment['span']) => end - start;
  const lostRows = Math.max(0, 1 - made.rowsUsed / last.rowsUsed);
  // What a part no longer covers at its start stays in the snapshot as it was (withdrawals.ts).
  const lostTime = Math.max(0, 1 - lengthOf(made.span) / lengthOf(last.span));
  const lost = Math.max(lostRows, lostTime);
  const detail =
    lostRows >= lostTime
      ? `${part.name}: ${wholeText(made.rowsUsed)} usable rows, ${wholeText(last.rowsUsed)} ` +
        'when it was published before'
      : `${part.name} covers ${spanText(made.span)}, and ${spanText(last.span)} when it was ` +
        'published before';
  return [{ value: lost, detail, parts: [part] }];
}

const spanText = ({ start, end }: Segment['span']): string =>
  `${utcText(start)} to ${utcText(end)}`;

/**
 * Intervals that have not begun are left out like the one that runs; but rows of them mean a wrong
 * clock or a typing error. Counted from the part's last interval back: a week starts on a Monday,
 * and where clocks differ from UTC by half hours so do the intervals.
 */
function futureOf({ part, made }: ReadPart, domain: Domain, now: number): Measured[] {
  if (made === null) return [];
  const step = domain.frequencyMinutes * 60_000;
  const { end } = made.unfinished ?? made.span;
  const intervals = Math.max(0, Math.ceil((end - step - now) / step));
  const detail =
    intervals === 0
      ? 'none'
      : `${part.name} covers the time until ${utcText(end)}: ` +
        `${wholeText(intervals)} intervals that have not begun`;
  return [{ value: intervals, detail, parts: [part] }];
}
