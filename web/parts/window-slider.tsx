/**
 * Purpose: choose the window of time that a chart shows: drag its ends, or all of it, over a small
 * drawing of everything that is loaded.
 * Invariants: each end is a native range input, so keys and screen readers need nothing of ours;
 * the window is never narrower than MIN intervals.
 * Fails: never.
 */
import { useMemo, useRef } from 'preact/hooks';
import { sparkPath } from '../charts/spark.tsx';
import type { Columns } from '../data/forecast.ts';
import { usePage } from '../data/page-context.ts';

/** The indices of the first and the last time that are shown. */
export type Window = readonly [from: number, until: number];

export interface WindowSliderProps {
  readonly columns: Columns;
  readonly every: readonly number[];
  readonly window: Window;
  readonly onDrag: (window: Window) => void;
  readonly onDrop: () => void;
}

const [WIDTH, HEIGHT] = [1000, 32];
const MIN = 6;

export function WindowSlider({ columns, every, window, onDrag, onDrop }: WindowSliderProps) {
  const { full } = usePage().labels;
  const box = useRef<HTMLDivElement>(null);
  const grabbed = useRef<{ readonly x: number; readonly window: Window } | null>(null);
  const last = every.length - 1;
  const [from, until] = window;
  const percent = (i: number) => `${(100 * i) / Math.max(1, last)}%`;
  const drawing = useMemo(() => <Drawing columns={columns} />, [columns]);
  const move = (event: PointerEvent) => {
    if (grabbed.current === null) return;
    const width = box.current?.getBoundingClientRect().width ?? 1;
    const by = Math.round(((event.clientX - grabbed.current.x) / width) * last);
    const [a, b] = grabbed.current.window;
    const inside = Math.max(-a, Math.min(last - b, by));
    onDrag([a + inside, b + inside]);
  };
  const drop = () => {
    grabbed.current = null;
    onDrop();
  };
  const end = (which: 'from' | 'until', value: number) => {
    const next: Window =
      which === 'from'
        ? [Math.max(0, Math.min(value, until - MIN)), until]
        : [from, Math.min(last, Math.max(value, from + MIN))];
    onDrag(next);
  };
  const input = (which: 'from' | 'until', at: number, name: string) => (
    <input
      type="range"
      class={which}
      min={0}
      max={last}
      value={at}
      aria-label={name}
      aria-valuetext={full(every[at] as number)}
      onInput={(event) => end(which, Number(event.currentTarget.value))}
      onChange={onDrop}
    />
  );
  return (
    <div class="window" ref={box}>
      {drawing}
      <div
        class="shade"
        style={{ left: percent(from), right: `calc(100% - ${percent(until)})` }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          grabbed.current = { x: event.clientX, window };
        }}
        onPointerMove={move}
        onPointerUp={drop}
        onPointerCancel={drop}
      />
      {input('from', from, 'First time of the chart')}
      {input('until', until, 'Last time of the chart')}
    </div>
  );
}

function Drawing({ columns }: { readonly columns: Columns }) {
  const { actual, mean } = columns;
  const past = actual.length;
  const all = [...actual, ...mean].filter(Number.isFinite);
  const size = { width: WIDTH, height: HEIGHT, top: Math.max(0.1, ...all) };
  const joined = past > 0 ? [actual[past - 1] as number, ...mean] : mean;
  const count = past + mean.length;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="was" d={sparkPath(actual, size, 0, count)} />
      <path class="will" d={sparkPath(joined, size, Math.max(0, past - 1), count)} />
    </svg>
  );
}
