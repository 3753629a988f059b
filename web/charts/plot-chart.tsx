/**
 * Purpose: a chart of Observable Plot in the page, as wide as its place, with a cursor over it.
 * Invariants: moving the cursor redraws nothing; the old chart stays until the new one is drawn;
 * Plot's own <style> is taken out before the chart is shown, because the service allows no inline
 * style (styles/page.css says the same).
 * Fails: as Plot does for marks that it cannot draw.
 */
import * as Plot from '@observablehq/plot';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface PlotChartProps {
  readonly height: number;
  /** Must be the same function until something else is to be drawn: useCallback. */
  readonly panel: (width: number) => Plot.PlotOptions;
  /** The chart in one sentence, for those who cannot see it. */
  readonly label: string;
  /** Where the cursor is, in units of the x axis; null: none. */
  readonly at?: number | null;
  readonly onHover?: (x: number | null) => void;
  readonly onPick?: (x: number) => void;
}

type Svg = (SVGSVGElement | HTMLElement) & Pick<Plot.Plot, 'scale'>;

export function drawPlot(options: Plot.PlotOptions): Svg {
  const svg = Plot.plot({ ...options, className: 'plot' });
  svg.querySelector('style')?.remove();
  svg.setAttribute('aria-hidden', 'true');
  return svg;
}

export function PlotChart({ height, panel, label, at = null, onHover, onPick }: PlotChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const drawn = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [svg, setSvg] = useState<Svg | null>(null);
  useLayoutEffect(() => {
    const element = box.current as HTMLDivElement;
    const measure = () => setWidth(Math.round(element.getBoundingClientRect().width));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (width === 0) return;
    const next = drawPlot({ ...panel(width), width, height });
    drawn.current?.replaceChildren(next);
    setSvg(next);
  }, [width, height, panel]);

  const x = svg?.scale('x');
  const left = at === null ? undefined : x?.apply(at);
  const isInside = typeof left === 'number' && left >= 0 && left <= width;
  const timeAt = (event: PointerEvent) => {
    const offset = event.clientX - (box.current?.getBoundingClientRect().left ?? 0);
    return Number(x?.invert?.(offset));
  };
  return (
    <div
      ref={box}
      class={`chart ${onPick ? 'pickable' : ''}`}
      style={{ height: `${height}px` }}
      role="img"
      aria-label={label}
      onPointerMove={(event) => event.pointerType === 'mouse' && onHover?.(timeAt(event))}
      onPointerLeave={() => onHover?.(null)}
      onPointerDown={(event) => onPick?.(timeAt(event))}
    >
      <div ref={drawn} />
      {isInside && <div class="cursor" style={{ left: `${left}px` }} />}
    </div>
  );
}
