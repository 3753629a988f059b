/**
 * Purpose: what is served at this moment, and whether it is a fallback.
 * Invariants: as /v1/model and /health/ready say.
 * Fails: never.
 */
import { usePage } from '../../data/page-context.ts';
import { exact } from '../../parts/format.ts';
import { Pairs, Section } from '../../parts/section.tsx';

export function Versions() {
  const { about, serving, labels } = usePage();
  const { model, promotion, snapshot } = about;
  const { full } = labels;
  const { fallback, refreshFailure, rescuedSeries } = serving;
  return (
    <Section columns={4} title="What is served">
      <Pairs
        rows={[
          ['model', serving.modelVersion],
          ...(model
            ? ([
                ['trained until', full(Date.parse(model.trainingCutoff))],
                ['forecaster', `${model.forecaster}, ${model.backend}`],
              ] as const)
            : []),
          ...(promotion
            ? ([['champion since', full(Date.parse(promotion.promotedAt))]] as const)
            : []),
          ['snapshot', snapshot.snapshotVersion],
          ['committed', full(Date.parse(snapshot.committedAt))],
          [
            'fallback',
            fallback ? (
              <span class="naive">
                {fallback.reason} since {full(Date.parse(fallback.since))}
              </span>
            ) : (
              'none'
            ),
          ],
          ['series with a baseline', exact(rescuedSeries)],
          [
            'last refresh',
            refreshFailure ? <span class="trouble">{refreshFailure.code}</span> : 'well',
          ],
        ]}
      />
    </Section>
  );
}
