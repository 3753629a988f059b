/**
 * Purpose: the series that are forecast best and worst.
 * Invariants: by skill, as the API orders them; each leads to its series.
 * Fails: never.
 */
import { type Overview, orNaN, type SeriesScore } from '../../data/monitoring.ts';
import { usePage } from '../../data/page-context.ts';
import { aligned, percent, plural } from '../../parts/format.ts';
import { Section } from '../../parts/section.tsx';
import { linkToSeries } from '../../shell/use-address.ts';

export function BestAndWorst({ overview }: { readonly overview: Overview }) {
  const { about } = usePage();
  const { best, worst, total } = overview.series;
  const shown = new Set(best.map(({ seriesId }) => seriesId));
  const others = [...worst].reverse().filter(({ seriesId }) => !shown.has(seriesId));
  return (
    <Section
      columns={4}
      title="Best and worst"
      note={`of ${total} ${plural(about.domain.seriesNoun)}`}
    >
      <table class="rows ranks">
        <thead>
          <tr>
            <th>{about.domain.seriesNoun}</th>
            <th class="num">off by</th>
            <th class="num">better</th>
          </tr>
        </thead>
        <tbody>
          {best.map((one) => (
            <Row key={one.seriesId} one={one} />
          ))}
          {others.map((one, i) => (
            <Row key={one.seriesId} one={one} isFirst={i === 0} />
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Row({ one, isFirst = false }: { readonly one: SeriesScore; readonly isFirst?: boolean }) {
  const { address, go } = usePage();
  const { seriesId, title, served } = one;
  const skill = orNaN(served?.skill);
  return (
    <tr class={isFirst ? 'gap' : ''}>
      <td>
        <a {...linkToSeries(seriesId, address, go)}>{title}</a>
      </td>
      <td class="num">{aligned(orNaN(served?.mae))}</td>
      <td class={`num ${skill < 0 ? 'naive' : ''}`}>
        <b>{percent(skill)}</b>
      </td>
    </tr>
  );
}
