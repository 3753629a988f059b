/**
 * Purpose: the total of all series, before and after the cutoff, with the total a season before.
 * Invariants: the forecast is the sum of the means.
 * Fails: never.
 */
import { useCallback, useMemo, useState } from 'preact/hooks';
import { fanPanel } from '../../charts/fan.ts';
import { PlotChart } from '../../charts/plot-chart.tsx';
import { bandFor, bandsOf, indexAt, naiveName } from '../../data/forecast.ts';
import { usePage } from '../../data/page-context.ts';
import { exact } from '../../parts/format.ts';
import type { Rows, Total } from './row.ts';

export interface TotalChartProps {
  readonly of: Rows;
  readonly total: Total;
  readonly index: number;
  readonly moveTo: (time: number) => void;
}

const HEIGHT = 300;

export function TotalChart({ of, total, index, moveTo }: TotalChartProps) {
  const { about, serving, labels } = usePage();
  const { domain } = about;
  const { times, past, cutoff, intervalMs } = of;
  const { values, before, forecast } = total;
  const bands = useMemo(() => (forecast ? bandsOf(forecast.quantiles) : []), [forecast]);
  const [hovered, setHovered] = useState<number | null>(null);
  const isNaive = serving.modelVersion.startsWith('baseline-');
  const panel = useCallback(
    (width: number) => {
      const mean = values.slice(past);
      const columns = {
        ...{ cutoff, intervalMs, mean, median: [], pointName: 'mean' as const, bands },
        ...{ pastTimes: times.slice(0, past), actual: values.slice(0, past) },
        ...{ times: times.slice(past), naive: before.slice(past) },
      };
      const from = times[0] as number;
      const { timeZone } = domain;
      return fanPanel(
        { columns, timeZone, naiveName: naiveName(domain), from, isNaive },
        width,
        HEIGHT,
      );
    },
    [times, past, values, before, bands, domain, isNaive],
  );
  const shown = hovered ?? index;
  const band = shown < past ? null : bandFor(bands);
  const step = shown - past;
  return (
    <section class="c8">
      <p class="readout">
        <b>{labels.full(times[shown] as number)}</b>
        {shown < past ? (
          <span>
            actual <b>{exact(values[shown] as number)}</b>
          </span>
        ) : (
          <span class="forecast">
            mean <b>{exact(values[shown] as number)}</b>
          </span>
        )}
        {band && (
          <span>
            {band.level} % {exact(band.lower[step] as number)} – {exact(band.upper[step] as number)}
          </span>
        )}
        {Number.isFinite(before[shown]) && (
          <span class="naive">
            {naiveName(domain)} {exact(before[shown] as number)}
          </span>
        )}
        <span class="unit">{domain.unit}, together</span>
      </p>
      <PlotChart
        height={HEIGHT}
        panel={panel}
        label="The total of all series: the last two days and the forecast"
        at={times[shown] ?? null}
        onHover={(x) => setHovered(x === null ? null : indexAt(times, x))}
        onPick={moveTo}
      />
    </section>
  );
}
