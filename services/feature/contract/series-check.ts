/**
 * Purpose: which series are new, vanished, dead, or speak at another level than in the past weeks
 * (another unit, a wrong factor).
 * Invariants: a series has vanished only where silence is no chance: surely active in each of the
 * four weeks before. Levels are medians over the same hours. Without four known weeks before it
 * nothing refuses data.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import { type DemandView, lagsOf, median, REFERENCE_WEEKS } from './demand-view.ts';
import { judged, type Measured, shareText, type Verdict } from './verdict.ts';

const MIN_MEAN = 20;
const MIN_EACH = 10;
const MIN_KNOWN = 0.75;
const MIN_VALUES = 12;
const DEAD_DAYS = 28;
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
    verdicts: [fresh.verdict, gone.verdict, zeroVerdict(domain, view), levelVerdict(domain, view)],
    newSeries: fresh.ids,
    vanishedSeries: gone.ids,
  };
}

interface Listed {
  readonly verdict: Verdict;
  readonly ids: readonly string[];
}

function newOnes(domain: Domain, view: DemandView): Listed {
  const { panel, knownSeries, pastFresh, firstFresh } = view;
  if (knownSeries === null || pastFresh === 0) {
    return { verdict: judged(domain, 'new_series', [], 'nothing was committed before'), ids: [] };
  }
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

function vanishedOnes(domain: Domain, view: DemandView): Listed {
  const { from, to } = trailingWindow(view);
  const gone: string[] = [];
  let sure = 0;
  // A window of which nothing is known (a feed is late) says nothing about its series.
  const isKnown =
    to > from && view.totals.subarray(from, to).every((total) => !Number.isNaN(total));
  for (let series = 0; isKnown && series < view.panel.seriesIds.length; series++) {
    const before = Array.from({ length: REFERENCE_WEEKS }, (_, k) =>
      volumeIn(view, series, from, to, (k + 1) * view.week),
    );
    const least = view.countsEvents ? MIN_EACH : MIN_KNOWN * (to - from);
    const mean = before.reduce((sum, volume) => sum + volume, 0) / REFERENCE_WEEKS;
    if (!before.every((volume) => volume >= least) || (view.countsEvents && mean < MIN_MEAN))
      continue;
    sure++;
    if (volumeIn(view, series, from, to, 0) === 0)
      gone.push(view.panel.seriesIds[series] as string);
  }
  if (sure === 0)
    return {
      verdict: judged(
        domain,
        'vanished_series',
        [],
        'no series was surely active in each of the last weeks',
      ),
      ids: [],
    };
  const one: Measured = {
    value: gone.length / sure,
    detail:
      gone.length === 0
        ? `none of ${sure} that were surely active`
        : `${gone.length} of ${sure}: ${some(gone)}`,
    parts: view.partsIn(from, to),
    onlyWarn: view.weeksBefore < REFERENCE_WEEKS,
  };
  return { verdict: judged(domain, 'vanished_series', [one], ''), ids: gone.slice(0, MAX_NAMED) };
}

/**
 * Events (or known values) of a series in the window `back` intervals earlier; NaN where that is
 * before the panel.
 */
function volumeIn(
  view: DemandView,
  series: number,
  from: number,
  to: number,
  back: number,
): number {
  if (from - back < 0) return Number.NaN;
  const base = series * view.panel.length - back;
  let volume = 0;
  for (let t = from; t < to; t++) {
    const value = view.panel.columns.target[base + t] as number;
    if (!Number.isNaN(value)) volume += view.countsEvents ? Math.abs(value) : 1;
  }
  return volume;
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

/**
 * Per series the median of the last fresh hours over the median of the same hours of the weeks
 * before.
 */
function levelVerdict(domain: Domain, view: DemandView): Verdict {
  const { from, to } = trailingWindow(view);
  const measured: Measured[] = [];
  const { target } = view.panel.columns;
  const lags = Array.from({ length: to - from }, (_, i) =>
    lagsOf(view.calendar, from + i, view.week),
  ).flat();
  const known = new Float64Array(Math.max(to - from, lags.length));
  for (let series = 0; series < view.panel.seriesIds.length; series++) {
    const base = series * view.panel.length;
    let count = 0;
    for (let t = from; t < to; t++)
      if (!Number.isNaN(target[base + t])) known[count++] = target[base + t] as number;
    if (count < MIN_VALUES) continue;
    const a = median(known.subarray(0, count));
    count = 0;
    for (const t of lags)
      if (!Number.isNaN(target[base + t])) known[count++] = target[base + t] as number;
    if (count < REFERENCE_WEEKS * MIN_VALUES) continue;
    const b = median(known.subarray(0, count));
    // Small counts jump by chance; a sign or a zero has no factor.
    if (!(a * b > 0) || (domain.integerValued && Math.min(Math.abs(a), Math.abs(b)) < MIN_EACH))
      continue;
    const factor = Math.max(a / b, b / a);
    measured.push({
      value: factor,
      detail:
        `${view.panel.seriesIds[series]}: median ${a.toPrecision(4)}, in the weeks before ` +
        `${b.toPrecision(4)} (${factor.toFixed(2)} times ` +
        `${Math.abs(a) > Math.abs(b) ? 'higher' : 'lower'})`,
      parts: view.partsIn(from, to),
      onlyWarn: view.weeksBefore < REFERENCE_WEEKS,
    });
  }
  return judged(
    domain,
    'level',
    measured,
    'no series with four known weeks before, and values far enough from zero',
  );
}

const some = (ids: readonly string[]): string =>
  ids.length > 8 ? `${ids.slice(0, 8).join(', ')} and ${ids.length - 8} more` : ids.join(', ');
