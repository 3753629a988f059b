/**
 * Purpose: the tables of external models: one row a series and step, of columns that a card names.
 * Invariants: reads nothing after the cutoff but the calendar; unknown is NaN.
 * Fails: `isColumn` is false for a name that is none; `tableOf` then throws a RangeError.
 *
 * | column | value |
 * |---|---|
 * | `lag:S:N` | N-th value at the target's place in a season of S intervals, back from the cutoff |
 * | `recent:N` | the value N intervals before the cutoff; `recent:0` is the cutoff's |
 * | `mean:N` | the mean of the known values among the last N |
 * | `hour`, `minute`, `weekday` | of the target's start by the local clock; Monday is 0 |
 * | `holiday`, `eve` | 1 on a public holiday, and on the day before one |
 * | `yearShare` | share of the local year that has passed |
 * | `step` | 1, 2, … |
 * | `series` | place of the series among the card's `seriesIds`; -1 for any other |
 */
import { type Calendar, type CalendarPlace, createCalendar } from '../../features/calendar.ts';
import { type Panel, targetOf, timestampAt } from '../../panel/panel.ts';
import type { CutPanel } from '../forecaster.ts';

const COUNTED = /^(?:lag:([1-9]\d*):([1-9]\d*)|recent:(\d+)|mean:([1-9]\d*))$/;
const PLAIN = {
  hour: ({ calendar, at }: Cell) => Math.floor((calendar.minuteOfDay[at] as number) / 60),
  minute: ({ calendar, at }: Cell) => (calendar.minuteOfDay[at] as number) % 60,
  weekday: ({ calendar, at }: Cell) => calendar.weekday[at] as number,
  holiday: ({ calendar, at }: Cell) => calendar.holiday[at] as number,
  eve: ({ calendar, at }: Cell) => calendar.holidayEve[at] as number,
  yearShare: ({ calendar, at }: Cell) => calendar.shareOfYear[at] as number,
  step: ({ at }: Cell) => at + 1,
  series: ({ known }: Cell) => known,
} as const;

/** One row: a series (its values) at a cutoff, and a target `at + 1` steps after it. */
interface Cell {
  readonly values: Float32Array;
  readonly cutoff: number;
  /** Of the targets: index 0 is the first step. */
  readonly calendar: Calendar;
  readonly at: number;
  readonly known: number;
}

export const isColumn = (name: string): boolean => name in PLAIN || COUNTED.test(name);

/** [series × step × column] of all series of a panel. */
export function tableOf(
  { panel, cutoff }: CutPanel,
  columns: readonly string[],
  {
    horizon,
    place,
    seriesIds,
  }: {
    readonly horizon: number;
    readonly place: CalendarPlace;
    readonly seriesIds: readonly string[];
  },
): Float32Array {
  const read = columns.map(columnReader);
  const calendar = createCalendar(
    timestampAt(panel, cutoff + 1),
    panel.frequencyMinutes,
    horizon,
    place,
  );
  const places = new Map(seriesIds.map((id, i) => [id, i]));
  const table = new Float32Array(panel.seriesIds.length * horizon * columns.length);
  let to = 0;
  for (const [s, id] of panel.seriesIds.entries()) {
    const values = targetOf(panel, s);
    const known = places.get(id) ?? -1;
    for (let at = 0; at < horizon; at++)
      for (const cellOf of read) table[to++] = cellOf({ values, cutoff, calendar, at, known });
  }
  return table;
}

function columnReader(name: string): (cell: Cell) => number {
  if (name in PLAIN) return PLAIN[name as keyof typeof PLAIN];
  const [, season, nth, recent, mean] = COUNTED.exec(name) ?? [];
  if (season !== undefined) {
    const [length, n] = [Number(season), Number(nth)];
    return ({ values, cutoff, at }) => {
      const ahead = Math.ceil((at + 1) / length);
      return valueAt(values, cutoff + 1 + at - length * (ahead + n - 1));
    };
  }
  if (recent !== undefined) return ({ values, cutoff }) => valueAt(values, cutoff - Number(recent));
  if (mean !== undefined) return ({ values, cutoff }) => meanOfLast(values, cutoff, Number(mean));
  throw new RangeError(`${name} is not a column of a table`);
}

const valueAt = (values: Float32Array, t: number): number =>
  t < 0 ? Number.NaN : (values[t] as number);

function meanOfLast(values: Float32Array, cutoff: number, count: number): number {
  let sum = 0;
  let known = 0;
  for (let t = Math.max(0, cutoff - count + 1); t <= cutoff; t++) {
    const value = values[t] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    known++;
  }
  return known > 0 ? sum / known : Number.NaN;
}

/** [series × length] of the last values up to the cutoff; NaN where unknown. */
export function contextOf(panel: Panel, cutoff: number, length: number): Float32Array {
  const context = new Float32Array(panel.seriesIds.length * length).fill(Number.NaN);
  for (let s = 0; s < panel.seriesIds.length; s++) {
    const first = Math.max(0, cutoff + 1 - length);
    const values = targetOf(panel, s).subarray(first, cutoff + 1);
    context.set(values, (s + 1) * length - values.length);
  }
  return context;
}
