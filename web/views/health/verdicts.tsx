/**
 * Purpose: the verdicts of drift: those that stand, each with its evidence, and those that ended.
 * Invariants: since when, which series, and the figures that it rests on; known days are named,
 * because they explain what looks like drift.
 * Fails: never.
 */
import type { Overview, Verdict } from '../../data/monitoring.ts';
import { usePage } from '../../data/page-context.ts';
import { exact } from '../../parts/format.ts';
import { Pairs, Section } from '../../parts/section.tsx';
import { linkToSeries } from '../../shell/use-address.ts';

const MAX_SERIES = 8;
const MAX_ENDED = 5;

export interface VerdictsProps {
  readonly standing: readonly Verdict[];
  readonly overview: Overview | null;
}

export function Verdicts({ standing, overview }: VerdictsProps) {
  const { full, day } = usePage().labels;
  const ended = (overview?.verdicts ?? []).filter(({ endedAt }) => endedAt !== null);
  const known = overview?.knownDays ?? [];
  const days = (from: string, until: string | null) =>
    `${full(Date.parse(from))} to ${until === null ? 'now' : full(Date.parse(until))}`;
  return (
    <Section
      columns={8}
      title={standing.length === 0 ? 'No drift is open' : 'Open drift verdicts'}
      note={overview ? `check ${overview.check}` : undefined}
    >
      {standing.map((verdict) => (
        <Standing key={`${verdict.name} ${verdict.since}`} verdict={verdict} />
      ))}
      {standing.length === 0 && (
        <p class="soft">
          Data, volume, level, seasons, skill and coverage are as they have been; docs/monitoring.md
          lists what is watched.
        </p>
      )}
      {ended.length > 0 && (
        <details class="more">
          <summary>{ended.length} ended in the last four weeks</summary>
          <ul class="plain-list">
            {ended.slice(-MAX_ENDED).map(({ name, since, endedAt, message }) => (
              <li key={`${name} ${since}`}>
                <b>{name}</b>, {days(since, endedAt)}: {message}
              </li>
            ))}
          </ul>
        </details>
      )}
      {known.length > 0 && (
        <p class="small">
          Days that differ without being drift:{' '}
          {known.map(({ at, name }) => `${name} on ${day(Date.parse(at))}`).join(', ')}.
        </p>
      )}
    </Section>
  );
}

function Standing({ verdict }: { readonly verdict: Verdict }) {
  const { address, go, labels, series } = usePage();
  const { full } = labels;
  const { name, since, detectedAt, seriesIds, message, evidence } = verdict;
  const titleOf = (id: string) => series.find(({ seriesId }) => seriesId === id)?.title ?? id;
  return (
    <div class="verdict">
      <p>
        <b class="trouble">{name}</b> {message}
      </p>
      <p class="small">
        since {full(Date.parse(since))}, found {full(Date.parse(detectedAt))}
        {seriesIds.length > 0 && ' · '}
        {seriesIds.slice(0, MAX_SERIES).map((id) => (
          <a key={id} {...linkToSeries(id, address, go)} class="link">
            {titleOf(id)}{' '}
          </a>
        ))}
        {seriesIds.length > MAX_SERIES && `and ${seriesIds.length - MAX_SERIES} more`}
      </p>
      <Pairs rows={evidenceRows(evidence)} />
    </div>
  );
}

/** Plain figures of the evidence; what is deeper is in the API. */
export const evidenceRows = (evidence: unknown): [string, string][] =>
  Object.entries((evidence ?? {}) as Record<string, unknown>).flatMap(
    ([name, value]): [string, string][] =>
      typeof value === 'number'
        ? [[name, exact(value)]]
        : typeof value === 'string' || typeof value === 'boolean'
          ? [[name, String(value)]]
          : [],
  );
