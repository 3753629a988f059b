/**
 * Purpose: a panel as files for the Python peers: the target, the local calendar, and what is known
 * in advance of each series and interval.
 * Invariants: an unknown value is an empty cell; rows go by series, then by time.
 * Fails: as writing files does.
 */
import { writeFile } from 'node:fs/promises';
import { type CalendarPlace, createCalendar } from '../../forecasting/features/calendar.ts';
import { columnNameOf } from '../../forecasting/panel/exogenous-columns.ts';
import { type Panel, targetOf, timestampAt } from '../../forecasting/panel/panel.ts';

export const writePanel = (panel: Panel, file: string): Promise<void> =>
  writeRows(panel, file, ['y'], (series) => [targetOf(panel, series)]);

/** @param names the columns that the domain knows in advance */
export const writeKnown = (panel: Panel, names: readonly string[], file: string): Promise<void> =>
  writeRows(panel, file, names, (_, seriesId) =>
    names.map((name) => panel.exogenous?.[columnNameOf(panel, name, seriesId)]),
  );

/** Local time and public holidays, one row an interval. */
export async function writeCalendar(
  panel: Panel,
  place: CalendarPlace,
  file: string,
): Promise<void> {
  const days = createCalendar(panel.start, panel.frequencyMinutes, panel.length, place);
  const rows = stampsOf(panel).map((stamp, t) =>
    [
      stamp,
      (days.minuteOfDay[t] as number) / 60,
      days.weekday[t],
      days.holiday[t],
      days.holidayEve[t],
    ].join(','),
  );
  await writeFile(file, `ds,hour,weekday,holiday,eve\n${rows.join('\n')}\n`);
}

async function writeRows(
  panel: Panel,
  file: string,
  names: readonly string[],
  columnsOf: (series: number, seriesId: string) => readonly (Float32Array | undefined)[],
): Promise<void> {
  const stamps = stampsOf(panel);
  const cell = (value = Number.NaN) => (Number.isNaN(value) ? '' : String(value));
  const rows = panel.seriesIds.flatMap((seriesId, s) => {
    const columns = columnsOf(s, seriesId);
    return stamps.map((stamp, t) =>
      [seriesId, stamp, ...columns.map((column) => cell(column?.[t]))].join(','),
    );
  });
  await writeFile(file, `unique_id,ds,${names.join(',')}\n${rows.join('\n')}\n`);
}

const stampsOf = (panel: Panel): string[] =>
  Array.from({ length: panel.length }, (_, t) =>
    new Date(timestampAt(panel, t)).toISOString().slice(0, 19).replace('T', ' '),
  );
