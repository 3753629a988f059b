/**
 * Purpose: what the total will be, in one sentence with its interval.
 * Invariants: written from the data; the interval is of joint sample paths.
 * Fails: never; without the interval it says so.
 */
import { bandFor, bandsOf, intervalNoun, naiveName } from '../../data/forecast.ts';
import { usePage } from '../../data/page-context.ts';
import { counted, exact, figure, percent, plural } from '../../parts/format.ts';
import { Finding } from '../../parts/section.tsx';
import type { Row, Rows, Total } from './row.ts';

export interface TotalFindingProps {
  readonly of: Rows;
  readonly rows: readonly Row[];
  readonly total: Total;
  /** Where the total is highest. */
  readonly peak: number;
  /** Of the group; null: all series. */
  readonly title: string | null | undefined;
}

/** Less change than this is "about as many". */
const ABOUT = 0.03;

export function TotalFinding({ of, rows, total, peak, title }: TotalFindingProps) {
  const { about, labels } = usePage();
  const { domain } = about;
  const { hour } = labels;
  const noun = counted(domain.unit);
  const value = total.values[peak] as number;
  const then = total.before[peak] as number;
  const ahead = total.values.slice(of.past);
  const sum = ahead.reduce((all, one) => all + one, 0);
  const band = total.forecast && bandFor(bandsOf(total.forecast.quantiles));
  const step = peak - of.past;
  return (
    <Finding
      title={
        <>
          {title ?? 'Demand'} peaks at {hour(of.times[peak] as number)}:{' '}
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
      {exact(rows.length)} {plural(domain.seriesNoun)} together
      {Number.isFinite(then) &&
        `, ${compared(value / then - 1)} at the same time ${naiveName(domain)} (${figure(then)})`}
      . {figure(sum)} {noun} in the next {ahead.length} {plural(intervalNoun(domain))}.
    </Finding>
  );
}

function compared(change: number): string {
  if (Math.abs(change) < ABOUT) return 'about as many as';
  return `${percent(Math.abs(change))} ${change > 0 ? 'more' : 'fewer'} than`;
}
