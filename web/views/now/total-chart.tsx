/**
 * Purpose: the total of a group, before and after the cutoff, with the total a season before.
 * Invariants: the forecast is the sum of the means; the window keeps the forecast large, and grows
 * by days where an earlier time is shown.
 * Fails: never.
 */
import { useCallback, useMemo, useState } from 'preact/hooks';
import { fanPanel } from '../../charts/fan.ts';
import { PlotChart } from '../../charts/plot-chart.tsx';
import { bandFor, bandsOf, indexAt, naiveName } from '../../data/forecast.ts';
import type { Timeline } from '../../data/page-context.ts';
import { usePage } from '../../data/page-context.ts';
import { usePaths } from '../../data/paths.ts';
import { exact } from '../../parts/format.ts';
import { PathsButton } from '../../parts/paths-button.tsx';

export interface TotalChartProps {
  readonly total: Timeline;
  readonly index: number;
}

const HEIGHT = 300;
const DAY_MS = 86_400_000;
/** Intervals before the cutoff, as a share of those after it. */
const PAST_SHARE = 1.5;

export function TotalChart({ total, index }: TotalChartProps) {
  const { about, address, go, serving, labels } = usePage();
  const { domain } = about;
  const { times, past, cutoff, intervalMs, values, before, forecast } = total;
  const bands = useMemo(() => bandsOf(forecast.quantiles), [forecast]);
  const paths = usePaths('groups', forecast.groupId, address.query.paths === '1');
  const [hovered, setHovered] = useState<number | null>(null);
  const isNaive = serving.modelVersion.startsWith('baseline-');
  const usual = cutoff - Math.round(PAST_SHARE * forecast.mean.length) * intervalMs;
  const at = times[index] as number;
  const from = at >= usual ? usual : Math.max(times[0] as number, at - DAY_MS - (at % DAY_MS));
  const panel = useCallback(
    (width: number) => {
      const columns = {
        ...{ cutoff, intervalMs, mean: forecast.mean, median: [], bands },
        pointName: 'mean' as const,
        ...{ pastTimes: times.slice(0, past), actual: values.slice(0, past) },
        ...{ times: times.slice(past), naive: before.slice(past) },
      };
      const window = [from, times.at(-1) as number] as const;
      const { timeZone } = domain;
      return fanPanel(
        { columns, timeZone, naiveName: naiveName(domain), window, isNaive, paths },
        width,
        HEIGHT,
      );
    },
    [total, bands, domain, isNaive, from, paths],
  );
  const shown = hovered ?? index;
  const band = shown < past ? null : bandFor(bands);
  const step = shown - past;
  return (
    <section class="c8">
      <div class="bar">
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
              {band.level} % {exact(band.lower[step] as number)} –{' '}
              {exact(band.upper[step] as number)}
            </span>
          )}
          {Number.isFinite(before[shown]) && (
            <span class="naive">
              {naiveName(domain)} {exact(before[shown] as number)}
            </span>
          )}
          <span class="unit">{domain.unit}, together</span>
        </p>
        <fieldset class="toggles">
          <legend class="hidden">What the chart shows</legend>
          <PathsButton />
        </fieldset>
      </div>
      <PlotChart
        height={HEIGHT}
        panel={panel}
        label={`The total of ${forecast.series} series: the last days and the forecast`}
        at={times[shown] ?? null}
        onHover={(x) => setHovered(x === null ? null : indexAt(times, x))}
        onPick={(x) => go({ at: times[indexAt(times, x)] as number })}
      />
    </section>
  );
}
