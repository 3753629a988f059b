/**
 * Purpose: two reads of the same series compared value by value, and summed by series, by day
 * and over all.
 * Invariants: pure; the order of the rows that are added decides nothing but the order of the
 * series; an unknown value differs from every known one and from no unknown one.
 * Fails: never.
 */
/**
 * `added` and `removed`: the interval (or, where absent means unknown, the series) is only on one
 * side. The others are of intervals that both sides cover. All but `added` are restatements: what
 * was read before reads otherwise.
 */
export const CHANGE_KINDS = [
  'added',
  'changed',
  'removed',
  'becameKnown',
  'becameUnknown',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];
export type ChangeCounts = Record<ChangeKind, number>;

export interface Difference {
  readonly counts: ChangeCounts;
  /** Σ |after − before| over values known on both sides. */
  readonly absolute: number;
}

export interface SeriesDifference extends Difference {
  readonly seriesId: string;
  /** A column next to the demand, and no series. */
  readonly exogenous: boolean;
  /** The first and the last interval that differ. */
  readonly first: number;
  readonly last: number;
  /** Of the values that are known on both sides, the one that moved most. */
  readonly largest: {
    readonly timestamp: number;
    readonly before: number;
    readonly after: number;
  } | null;
}

export interface DayDifference extends Difference {
  /** Midnight in UTC. */
  readonly day: number;
}

/** Every difference of one series, as columns in the order of time. NaN: unknown, or not there. */
export interface SeriesChanges {
  readonly seriesId: string;
  readonly exogenous: boolean;
  readonly timestamps: readonly number[];
  readonly kinds: readonly ChangeKind[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const DAY_MS = 86_400_000;

/** The values of one series over a side's grid. */
export interface Row {
  readonly start: number;
  readonly values: Float32Array;
}

const noChanges = (): ChangeCounts => ({
  added: 0,
  changed: 0,
  removed: 0,
  becameKnown: 0,
  becameUnknown: 0,
});

/**
 * Takes series after series, and keeps what changed in each, in each day and in all. A row is null
 * where a side does not have the series.
 */
export function collectChanges(frequencyMinutes: number) {
  const step = frequencyMinutes * 60_000;
  const series: SeriesDifference[] = [];
  const days = new Map<number, { counts: ChangeCounts; absolute: number }>();
  const totals = { counts: noChanges(), absolute: 0 };

  function add(
    seriesId: string,
    exogenous: boolean,
    before: Row | null,
    after: Row | null,
  ): SeriesChanges {
    const changes = compare(before, after, step);
    const own = { counts: noChanges(), absolute: 0 };
    let largest: SeriesDifference['largest'] = null;
    let most = 0;
    for (const [i, timestamp] of changes.timestamps.entries()) {
      const kind = changes.kinds[i] as ChangeKind;
      const [was, is] = [changes.before[i] as number, changes.after[i] as number];
      const moved = kind === 'changed' ? Math.abs(is - was) : 0;
      const day = Math.floor(timestamp / DAY_MS) * DAY_MS;
      const ofDay = days.get(day) ?? { counts: noChanges(), absolute: 0 };
      days.set(day, ofDay);
      for (const sum of [own, ofDay, totals]) {
        sum.counts[kind]++;
        sum.absolute += moved;
      }
      if (moved > most) {
        most = moved;
        largest = { timestamp, before: was, after: is };
      }
    }
    const [first, last] = [changes.timestamps[0], changes.timestamps.at(-1)];
    if (first !== undefined && last !== undefined)
      series.push({ seriesId, exogenous, first, last, ...own, largest });
    return { seriesId, exogenous, ...changes };
  }

  const result = () => ({
    totals,
    series,
    days: [...days].sort(([a], [b]) => a - b).map(([day, sum]) => ({ day, ...sum })),
  });
  return { add, result };
}

function compare(before: Row | null, after: Row | null, step: number) {
  const timestamps: number[] = [];
  const kinds: ChangeKind[] = [];
  const olds: number[] = [];
  const news: number[] = [];
  const rows = [before, after].filter((row) => row !== null);
  const start = Math.min(...rows.map((row) => row.start));
  const end = Math.max(...rows.map((row) => row.start + row.values.length * step));
  for (let timestamp = start; timestamp < end; timestamp += step) {
    const was = before?.values[(timestamp - before.start) / step];
    const is = after?.values[(timestamp - after.start) / step];
    const kind = kindOf(was, is);
    if (kind === null) continue;
    timestamps.push(timestamp);
    kinds.push(kind);
    olds.push(was ?? Number.NaN);
    news.push(is ?? Number.NaN);
  }
  return { timestamps, kinds, before: olds, after: news };
}

/** undefined: the side does not cover it. */
function kindOf(was: number | undefined, is: number | undefined): ChangeKind | null {
  const [known, knows] = [
    was !== undefined && !Number.isNaN(was),
    is !== undefined && !Number.isNaN(is),
  ];
  if (known && knows) return was === is ? null : 'changed';
  if (knows) return was === undefined ? 'added' : 'becameKnown';
  if (known) return is === undefined ? 'removed' : 'becameUnknown';
  return null;
}
