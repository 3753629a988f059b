/**
 * Purpose: the chart of a series, with the window of time that it shows, the numbers of one
 * interval, and what may be added: earlier forecasts, sample paths.
 * Invariants: window and additions stand in the address; while the window is dragged the vertical
 * axis does not shrink, so nothing jumps.
 * Fails: never.
 */
import type { ComponentChildren } from 'preact';
import { useCallback, useRef, useState } from 'preact/hooks';
import { type Fan, fanPanel, valuesIn } from '../../charts/fan.ts';
import { PlotChart } from '../../charts/plot-chart.tsx';
import { type Columns, indexAt, naiveName } from '../../data/forecast.ts';
import { type Forecast, type SeriesInfo, usePage } from '../../data/page-context.ts';
import { usePaths } from '../../data/paths.ts';
import type { PastForecast, PastForecasts } from '../../data/record.ts';
import { PathsButton } from '../../parts/paths-button.tsx';
import { WindowSlider } from '../../parts/window-slider.tsx';
import { Readout } from './readout.tsx';
import { SPANS, useWindow, withoutWindow } from './window.ts';

export interface SeriesChartProps {
  readonly series: SeriesInfo;
  readonly forecast: Forecast;
  readonly columns: Columns;
  /** All times, past and ahead. */
  readonly every: readonly number[];
  readonly index: number;
  readonly earlier: PastForecasts;
  readonly whatIf: readonly number[] | null;
  /** What was forecast at the time that is shown, where it is past. */
  readonly asOf: PastForecast | null;
  /** Below the chart. */
  readonly children: ComponentChildren;
}

export function SeriesChart(props: SeriesChartProps) {
  const { series, forecast, columns, every, index, earlier, whatIf, asOf } = props;
  const { about, address, go } = usePage();
  const { domain } = about;
  const { query } = address;
  const hasVintages = query.vintages === '1';
  const paths = usePaths('series', series.seriesId, query.paths === '1');
  const [hovered, setHovered] = useState<number | null>(null);
  const { window, span, isDragged, drag, drop } = useWindow(columns, every);
  const isNaive = forecast.modelVersion.startsWith('baseline-');
  const fan: Fan = {
    ...{ columns, timeZone: domain.timeZone, naiveName: naiveName(domain) },
    ...{ isNaive, earlier, hasVintages, whatIf, paths, asOf: asOf?.vintage ?? null },
    window: [every[window[0]] as number, every[window[1]] as number],
  };
  const keep = useRef<readonly number[]>([]);
  const panel = useCallback(
    (width: number) => {
      const values = valuesIn(fan).filter(Number.isFinite);
      const ends = [Math.min(...values), Math.max(...values)];
      keep.current = isDragged ? [...keep.current, ...ends] : ends;
      return fanPanel({ ...fan, keep: keep.current }, width, heightFor(width));
    },
    [columns, domain, ...window, isDragged, isNaive, earlier, hasVintages, whatIf, paths, asOf],
  );
  const shownIndex = hovered ?? index;
  return (
    <section class="c12">
      <div class="bar">
        <Readout
          {...{ columns, earlier: earlier.latest }}
          index={shownIndex}
          unit={forecast.unit}
        />
        <fieldset class="toggles">
          <legend class="hidden">What the chart shows</legend>
          {earlier.vintages.length > 0 && (
            <button
              type="button"
              class="button"
              aria-pressed={hasVintages}
              onClick={() => go({ query: withVintages(query, !hasVintages) })}
            >
              Earlier forecasts
            </button>
          )}
          <PathsButton />
          {SPANS.map((days) => (
            <button
              key={days}
              type="button"
              class="button"
              aria-pressed={days === span}
              onClick={() => go({ query: { ...withoutWindow(query), days: String(days) } })}
            >
              {days} days
            </button>
          ))}
        </fieldset>
      </div>
      <PlotChart
        height={heightFor(innerWidth)}
        panel={panel}
        label={`${series.title}: what happened and the forecast`}
        at={every[shownIndex] ?? null}
        onHover={(x) => setHovered(x === null ? null : indexAt(every, x))}
        onPick={(x) => go({ at: every[indexAt(every, x)] as number })}
      />
      <WindowSlider {...{ columns, every, window }} onDrag={drag} onDrop={drop} />
      {props.children}
    </section>
  );
}

function withVintages({ vintages: _before, ...query }: Record<string, string>, on: boolean) {
  return on ? { ...query, vintages: '1' } : query;
}

const heightFor = (width: number): number => (width < 600 ? 300 : 368);
