/**
 * Purpose: how fresh data, forecasts, scores and checks are, and how many series are up to date.
 * Invariants: an age is by the clock of the service; what never was is a dash.
 * Fails: never.
 */
import { intervalMs } from '../../data/forecast.ts';
import { type Overview, serviceTime } from '../../data/monitoring.ts';
import { usePage } from '../../data/page-context.ts';
import { age, capital, exact, plural } from '../../parts/format.ts';
import { Section } from '../../parts/section.tsx';

export function Freshness({ overview }: { readonly overview: Overview | null }) {
  const page = usePage();
  const { about, serving, labels, series } = page;
  const now = serviceTime(page);
  const { freshness } = overview ?? {};
  const dataUntil = Date.parse(serving.cutoff) + intervalMs(about.domain.frequency);
  const rows: [string, number | null][] = [
    ['Data known until', dataUntil],
    ['Forecast issued', timeOf(freshness?.forecastAt)],
    ['Scored until', timeOf(freshness?.scoredUntil)],
    ['Last check', timeOf(overview?.checkedAt)],
  ];
  const cutoff = Date.parse(serving.cutoff);
  const upToDate = series.filter(
    ({ lastValueAt }) => lastValueAt !== null && Date.parse(lastValueAt) >= cutoff,
  ).length;
  const silent = series.filter(({ forecast }) => !forecast).length;
  return (
    <Section columns={4} title="How fresh">
      <table class="rows fresh">
        <tbody>
          {rows.map(([name, time]) => (
            <tr key={name}>
              <td>
                {name}
                <span class="under">{time === null ? 'never' : labels.full(time)}</span>
              </td>
              <td class="num">{time === null ? '–' : age(Math.max(0, (now - time) / 1000))}</td>
            </tr>
          ))}
          <tr>
            <td>
              {capital(plural(about.domain.seriesNoun))} with the last value
              <span class="under">
                {silent === 0 ? 'all can be forecast' : `${silent} cannot be forecast`}
                {serving.rescuedSeries > 0 && `, a baseline forecasts ${serving.rescuedSeries}`}
              </span>
            </td>
            <td class="num">
              {exact(upToDate)} of {exact(series.length)}
            </td>
          </tr>
        </tbody>
      </table>
    </Section>
  );
}

const timeOf = (text: string | null | undefined): number | null =>
  text == null ? null : Date.parse(text);
