/**
 * Purpose: what the total will be, in one sentence with its interval.
 * Invariants: written from the data; the interval is of joint sample paths.
 * Fails: never; without the interval it says so.
 */
import { bandFor, bandsOf, intervalNoun, naiveName } from '../../data/forecast.ts';
import type { Timeline } from '../../data/page-context.ts';
import { usePage } from '../../data/page-context.ts';
import { counted, exact, figure, percent, plural } from '../../parts/format.ts';
import { Finding } from '../../parts/section.tsx';

export interface TotalFindingProps {
  readonly total: Timeline;
  /** Of the group; null: all series. */
  readonly title: string | null;
}

/** Less change than this is "about as many". */
const ABOUT = 0.03;

export function TotalFinding({ total, title }: TotalFindingProps) {
  const { about, labels } = usePage();
  const { domain } = about;
  const { times, values, before, past, peak, forecast } = total;
  const noun = counted(domain.unit);
  const value = values[peak] as number;
  const then = before[peak] as number;
  const sum = forecast.mean.reduce((all, one) => all + one, 0);
  const band = bandFor(bandsOf(forecast.quantiles));
  const step = peak - past;
  return (
    <Finding
      title={
        <>
          {title ?? 'Demand'} peaks at {labels.hour(times[peak] as number)}:{' '}
          <b>
            {figure(value)} {noun}
          </b>
          <span class="soft">
            {band && `, ${band.level} % between ${figure(band.lower[step] as number)} and `}
            {band ? figure(band.upper[step] as number) : ' in the mean'}
          </span>
        </>
      }
    >
      {exact(forecast.series)} {plural(domain.seriesNoun)} together
      {Number.isFinite(then) &&
        `, ${compared(value / then - 1)} at the same time ${naiveName(domain)} (${figure(then)})`}
      . {figure(sum)} {noun} in the next {forecast.mean.length} {plural(intervalNoun(domain))}.
    </Finding>
  );
}

function compared(change: number): string {
  if (Math.abs(change) < ABOUT) return 'about as many as';
  return `${percent(Math.abs(change))} ${change > 0 ? 'more' : 'fewer'} than`;
}
