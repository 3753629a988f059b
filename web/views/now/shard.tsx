/**
 * Purpose: what a service of a shard shows in the place of the total, which it cannot know: that it
 * is a shard, and its largest series.
 * Invariants: nothing is added up; the mean of a series is the API's own.
 * Fails: never.
 */
import { usePage } from '../../data/page-context.ts';
import { exact, figure, plural } from '../../parts/format.ts';
import { Finding, Section } from '../../parts/section.tsx';
import { linkToSeries } from '../../shell/use-address.ts';

const LIST = 20;

export function ShardOverview({ name, storeSeries }: { name: string; storeSeries: number }) {
  const { about, address, go, series } = usePage();
  const { seriesNoun, unit } = about.domain;
  const nouns = plural(seriesNoun);
  return (
    <>
      <Finding
        title={
          <>
            Shard {name}:{' '}
            <b>
              {exact(series.length)} of {exact(storeSeries)} {nouns}
            </b>
          </>
        }
      >
        A total needs all {nouns}, and this service has those of its shard alone. The search above
        finds these; the others are on the pages of the other shards.
      </Finding>
      <div class="grid">
        <Section columns={8} title="Largest here" note={`mean of the recent weeks, ${unit}`}>
          <table class="rows list">
            <tbody>
              {series.slice(0, LIST).map(({ seriesId, title, mean }) => (
                <tr key={seriesId}>
                  <th scope="row">
                    <a {...linkToSeries(seriesId, address, go)}>{title}</a>
                  </th>
                  <td class="num">{mean === null ? '–' : <b>{figure(mean)}</b>}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {series.length === 0 && (
            <p class="note">None: the store has fewer {nouns} than there are shards.</p>
          )}
        </Section>
      </div>
    </>
  );
}
