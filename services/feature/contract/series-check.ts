/**
 * Purpose: which series are new, vanished, dead, or speak at another level than in the past weeks
 * (another unit, a wrong factor).
 * Invariants: a series has vanished only if chance does not explain its silence: surely active in
 * each of the four weeks before, or within the span of a part that had it in the head and has it no
 * more. The head says what was there before: the panel is that of the next snapshot.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { type DemandView, REFERENCE_WEEKS } from './demand-view.ts';
import { levelVerdict } from './level-check.ts';
import { judged, type Measured, shareText, type Verdict } from './verdict.ts';

const MIN_MEAN = 20;
const MIN_EACH = 10;
const MIN_KNOWN = 0.75;
const DEAD_DAYS = 28;
const MIN_HOUR_DAYS = 14;
const MAX_NAMED = 200;

export interface SeriesVerdicts {
  readonly verdicts: readonly Verdict[];
  /** Ids, at most two hundred of each. */
  readonly newSeries: readonly string[];
  readonly vanishedSeries: readonly string[];
}

export function seriesVerdicts(domain: Domain, view: DemandView): SeriesVerdicts {
  const fresh = newOnes(domain, view);
  const gone = vanishedOnes(domain, view);
  return {
    verdicts: [
      fresh.verdict,
      gone.verdict,
      zeroVerdict(domain, view),
      unknownHoursVerdict(domain, view),
      levelVerdict(domain, view, trailingWindow(view)),
    ],
    newSeries: fresh.ids,
    vanishedSeries: gone.ids,
  };
}

interface Listed {
  readonly verdict: Verdict;
  readonly ids: readonly string[];
}

function newOnes(domain: Domain, view: DemandView): Listed {
  const { panel, before, pastFresh, firstFresh } = view;
  if (before === null || pastFresh === 0) {
    return { verdict: judged(domain, 'new_series', [], 'nothing was committed before'), ids: [] };
  }
  const knownSeries = new Set(before.seriesIds);
  let all = 0;
  let ofNew = 0;
  const found: { id: string; volume: number }[] = [];
  for (const [series, id] of panel.seriesIds.entries()) {
    let volume = 0;
    for (let t = firstFresh; t < pastFresh; t++) {
      const value = panel.columns.target[series * panel.length + t] as number;
      if (view.fresh[t] && !Number.isNaN(value)) volume += view.countsEvents ? Math.abs(value) : 1;
    }
    all += volume;
    if (knownSeries.has(id) || volume === 0) continue;
    ofNew += volume;
    found.push({ id, volume });
  }
  const ids = found.sort((a, b) => b.volume - a.volume).map(({ id }) => id);
  const share = all > 0 ? ofNew / all : 0;
  const detail =
    ids.length === 0
      ? 'none'
      : `${ids.length} new: ${some(ids)}; ${shareText(share)} of the new volume`;
  const one: Measured = { value: share, detail, parts: view.partsIn(firstFresh, pastFresh) };
  return { verdict: judged(domain, 'new_series', [one], ''), ids: ids.slice(0, MAX_NAMED) };
}

/** The last fresh hours: at least a day, at most a week. */
function trailingWindow(view: DemandView): { from: number; to: number } {
  let from = view.pastFresh;
  while (from > 0 && view.fresh[from - 1] && view.pastFresh - from < view.week) from--;
  return { from: Math.max(0, Math.min(from, view.pastFresh - view.day)), to: view.pastFresh };
}

/** The values of a series in a panel of another start; `shift` intervals of the view come first. */
interface Row {
  readonly values: Float32Array;
  readonly shift: number;
}

interface SeriesRows {
  readonly id: string;
  /** As the snapshot will read; absent where it has the series no more. */
  readonly now: Row | null;
  /** As the head reads. */
  readonly before: Row | null;
}

/** All series that there are or were. */
function seriesRows({ panel, before }: DemandView): SeriesRows[] {
  const rowOf = ({ columns, length }: Panel, series: number, shift: number): Row => ({
    values: columns.target.subarray(series * length, (series + 1) * length),
    shift,
  });
  const places = new Map(before?.seriesIds.map((id, series) => [id, series]));
  const step = panel.frequencyMinutes * 60_000;
  const shift = before === null ? 0 : Math.round((before.start - panel.start) / step);
  const rows = panel.seriesIds.map((id, series): SeriesRows => {
    const place = places.get(id);
    places.delete(id);
    const old = before === null || place === undefined ? null : rowOf(before, place, shift);
    return { id, now: rowOf(panel, series, 0), before: old };
  });
  const gone = [...places].map(
    ([id, place]): SeriesRows => ({ id, now: null, before: rowOf(before as Panel, place, shift) }),
  );
  return [...rows, ...gone];
}

/** Events (or known values) of [from, to). */
function volumeIn(view: DemandView, row: Row | null, from: number, to: number): number {
  if (row === null) return 0;
  const last = Math.min(to - row.shift, row.values.length);
  let volume = 0;
  for (let t = Math.max(0, from - row.shift); t < last; t++) {
    const value = row.values[t] as number;
    if (!Number.isNaN(value)) volume += view.countsEvents ? Math.abs(value) : 1;
  }
  return volume;
}

interface Vanished {
  readonly ids: readonly string[];
  /** How many could have vanished. */
  readonly sure: number;
}

function vanishedOnes(domain: Domain, view: DemandView): Listed {
  const rows = seriesRows(view);
  const { from, to } = trailingWindow(view);
  // A window of which nothing is known (a feed is late) says nothing about its series.
  const isKnown =
    to > from && view.totals.subarray(from, to).every((total) => !Number.isNaN(total));
  const silent = isKnown ? silentIn(view, rows, from, to) : { ids: [], sure: 0 };
  const found: { vanished: Vanished; measured: Measured }[] = [];
  const add = (
    vanished: Vanished,
    what: string,
    measured: Pick<Measured, 'parts' | 'onlyWarn'>,
  ) => {
    const { ids, sure } = vanished;
    if (sure === 0) return;
    const detail =
      ids.length === 0
        ? `none of ${sure} that were surely active`
        : `${ids.length} of ${sure}${what}: ${some(ids)}`;
    found.push({ vanished, measured: { value: ids.length / sure, detail, ...measured } });
  };
  add(silent, '', {
    parts: view.partsIn(from, to),
    onlyWarn: view.weeksBefore < REFERENCE_WEEKS,
  });
  for (const part of view.parts) {
    const { feed, name } = part;
    add(removedBy(view, rows, part), ` that ${name} had`, { parts: [{ feed, name }] });
  }
  const ids = [...new Set(found.flatMap(({ vanished }) => vanished.ids))];
  const verdict = judged(
    domain,
    'vanished_series',
    found.map(({ measured }) => measured),
    'no series was surely active in each of the last weeks',
  );
  return { verdict, ids: ids.slice(0, MAX_NAMED) };
}

/** Without anything in the window, and surely active in the same hours of each week before it. */
function silentIn(
  view: DemandView,
  rows: readonly SeriesRows[],
  from: number,
  to: number,
): Vanished {
  const least = view.countsEvents ? MIN_EACH : MIN_KNOWN * (to - from);
  const weeks = Array.from({ length: REFERENCE_WEEKS }, (_, k) => (k + 1) * view.week);
  if (weeks.some((back) => from - back < 0)) return { ids: [], sure: 0 };
  const ids: string[] = [];
  let sure = 0;
  for (const { id, now, before } of rows) {
    const volumes = weeks.map((back) =>
      Math.max(...[now, before].map((row) => volumeIn(view, row, from - back, to - back))),
    );
    const mean = volumes.reduce((sum, volume) => sum + volume, 0) / REFERENCE_WEEKS;
    if (volumes.some((volume) => volume < least) || (view.countsEvents && mean < MIN_MEAN))
      continue;
    sure++;
    if (volumeIn(view, now, from, to) === 0) ids.push(id);
  }
  return { ids, sure };
}

/** Of what the head has within the part's span, series of which nothing is left. */
function removedBy(
  view: DemandView,
  rows: readonly SeriesRows[],
  { span }: DemandView['parts'][number],
): Vanished {
  const step = view.panel.frequencyMinutes * 60_000;
  const from = Math.max(0, Math.round((span.start - view.panel.start) / step));
  const to = Math.min(view.panel.length, Math.round((span.end - view.panel.start) / step));
  const least = view.countsEvents ? MIN_MEAN : MIN_KNOWN * view.day;
  const had = rows.filter(({ before }) => volumeIn(view, before, from, to) >= least);
  const ids = had.filter(({ now }) => volumeIn(view, now, from, to) === 0).map(({ id }) => id);
  return { ids, sure: had.length };
}

function zeroVerdict(domain: Domain, view: DemandView): Verdict {
  const { panel } = view;
  const from = panel.length - DEAD_DAYS * view.day;
  const dead: string[] = [];
  let known = 0;
  for (let series = 0; from >= 0 && series < panel.seriesIds.length; series++) {
    const values = panel.columns.target.subarray(
      series * panel.length + from,
      (series + 1) * panel.length,
    );
    let isKnown = false;
    let isZero = true;
    for (const value of values) {
      if (Number.isNaN(value)) continue;
      isKnown = true;
      if (value !== 0) isZero = false;
    }
    if (!isKnown) continue;
    known++;
    if (isZero) dead.push(panel.seriesIds[series] as string);
  }
  if (known === 0) return judged(domain, 'zero_series', [], 'fewer than 28 days are known');
  const detail = dead.length === 0 ? 'none' : `${dead.length} of ${known}: ${some(dead)}`;
  const onlyWarn = view.weeksBefore < REFERENCE_WEEKS;
  return judged(
    domain,
    'zero_series',
    [{ value: dead.length / known, detail, parts: view.partsIn(from, panel.length), onlyWarn }],
    '',
  );
}

/** An hour of the day that was lost each day, as midnight is where 24:00 is not read. */
function unknownHoursVerdict(domain: Domain, view: DemandView): Verdict {
  const { panel, calendar } = view;
  const groups = new Map<string, string[]>();
  let isJudged = false;
  for (const [series, id] of panel.seriesIds.entries()) {
    if (view.countsEvents || panel.frequencyMinutes > 60) break;
    const values = panel.columns.target.subarray(
      series * panel.length,
      (series + 1) * panel.length,
    );
    const slots = Array.from({ length: 24 }, () => ({ all: 0, known: 0 }));
    const first = values.findIndex((value) => !Number.isNaN(value));
    const last = values.findLastIndex((value) => !Number.isNaN(value));
    for (let t = Math.max(0, first); t <= last; t++) {
      const slot = slots[Math.floor((calendar.minuteOfDay[t] as number) / 60)]!;
      slot.all++;
      if (!Number.isNaN(values[t])) slot.known++;
    }
    // Of fewer days, or where most hours are unknown, it says nothing.
    const usual = slots.filter(({ all, known }) => all > 0 && known >= MIN_KNOWN * all).length;
    if (last - first < MIN_HOUR_DAYS * view.day || usual < 12) continue;
    isJudged = true;
    const hours = slots.flatMap(({ known }, hour) => (known === 0 ? [hour] : [])).join(', ');
    if (hours !== '') groups.set(hours, [...(groups.get(hours) ?? []), id]);
  }
  const none: Measured = { value: 0, detail: 'none', parts: [] };
  const measured = [...groups].map(
    ([hours, ids]): Measured => ({
      value: hours.split(', ').length,
      detail: `the local hour ${hours} of ${some(ids)} is never known`,
      parts: [],
    }),
  );
  const why = 'only for values by the hour, of a series with two known weeks';
  return judged(domain, 'unknown_hours', isJudged ? [none, ...measured] : [], why);
}

const some = (ids: readonly string[]): string =>
  ids.length > 8 ? `${ids.slice(0, 8).join(', ')} and ${ids.length - 8} more` : ids.join(', ');
