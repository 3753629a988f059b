/**
 * Purpose: which times the chart of a series shows: a number of days up to the end of the forecast,
 * or a window that was dragged.
 * Invariants: stands in the address, written when a drag ends.
 * Fails: never; what the address says wrong is the usual window.
 */
import { useRef, useState } from 'preact/hooks';
import { type Columns, indexAt } from '../../data/forecast.ts';
import { usePage } from '../../data/page-context.ts';
import type { Window } from '../../parts/window-slider.tsx';

const DAY_MS = 86_400_000;
/** What may be shown before the cutoff, in days. */
export const SPANS = [2, 7, 28] as const;

export interface ShownWindow {
  readonly window: Window;
  /** The days before the cutoff; null: a window of its own. */
  readonly span: number | null;
  readonly isDragged: boolean;
  readonly drag: (window: Window) => void;
  readonly drop: () => void;
}

export function useWindow(
  { cutoff, intervalMs, times }: Columns,
  every: readonly number[],
): ShownWindow {
  const { address, go } = usePage();
  const { query } = address;
  const [dragged, setDragged] = useState<Window | null>(null);
  // A key moves and lets go before anything is drawn.
  const latest = useRef<Window | null>(null);
  const drag = (window: Window | null) => {
    latest.current = window;
    setDragged(window);
  };
  const last = every.length - 1;
  const [from, until] = [query.from, query.until].map((text) => Date.parse(text ?? ''));
  const isOwn =
    Number.isFinite(from) && Number.isFinite(until) && (from as number) < (until as number);
  const days = SPANS.find((one) => String(one) === query.days) ?? SPANS[0];
  const back = cutoff - Math.max(days * DAY_MS, 2 * times.length * intervalMs) + intervalMs;
  const settled: Window = isOwn
    ? [indexAt(every, from as number), indexAt(every, until as number)]
    : [indexAt(every, back), last];
  return {
    window: dragged ?? settled,
    span: dragged || isOwn ? null : days,
    isDragged: dragged !== null,
    drag,
    drop: () => {
      if (latest.current === null) return;
      const [a, b] = latest.current.map((i) =>
        new Date(every[i] as number).toISOString().slice(0, 16),
      );
      const { days: _days, ...rest } = query;
      go({ query: { ...rest, from: `${a}Z`, until: `${b}Z` } });
      drag(null);
    },
  };
}

export function withoutWindow({ from: _from, until: _until, ...query }: Record<string, string>) {
  return query;
}
