/**
 * Purpose: what a run does about quarantine: which parts wait there already, what is written down
 * when a run is refused.
 * Invariants: a part waits as long as its content is what was refused; whatever else the source has
 * goes its way. Accepting takes the parts of one entry and no other.
 * Fails: DATA_QUARANTINED with where the evidence lies and what to do; OBJECT_NOT_FOUND where there
 * is nothing to accept.
 */
import type { RawPart } from '../../domains/domain.ts';
import { HeadwayError } from '../../platform/errors.ts';
import type { Manifest, Segment } from '../../storage/features/manifest.ts';
import {
  type Quarantine,
  type QuarantineEntry,
  stillWaiting,
} from '../../storage/features/quarantine.ts';
import { atFault } from './contract/contract.ts';
import type { Verdict } from './contract/verdict.ts';
import type { QualityReport } from './quality-report.ts';
import { type OpenedPart, samplesOf } from './sources/read-parts.ts';

/** Somebody's decision to take data that was refused. */
export interface Acceptance {
  /** The entry's id. */
  readonly id: string;
  /** Why, for the manifest. */
  readonly reason: string;
}

export interface Sifted {
  /** To be read by this run. */
  readonly waiting: readonly RawPart[];
  /** The entries in which the others stay. */
  readonly held: readonly QuarantineEntry[];
}

/**
 * What of `waiting` this run is to read (`segments`: of the head): all but what was refused before
 * or, with an acceptance, only that.
 */
export async function sift(
  quarantine: Pick<Quarantine, 'list' | 'get'>,
  waiting: readonly RawPart[],
  segments: readonly Segment[],
  accept: Acceptance | null,
): Promise<Sifted> {
  if (accept !== null) {
    const entry = await quarantine.get(accept.id);
    const taken = waiting.filter((part) => isIn(entry, part));
    if (taken.length > 0) return { waiting: taken, held: [] };
    throw new HeadwayError(
      'OBJECT_NOT_FOUND',
      `The quarantined run ${accept.id} has no waiting files any more`,
      {
        where: entry.key,
        fix:
          'Its files were committed since, have changed, or are gone from the source. Run ' +
          'without --accept.',
      },
    );
  }
  if (waiting.length === 0) return { waiting, held: [] };
  const entries = (await quarantine.list()).filter(
    (entry) => stillWaiting(entry, segments).length > 0,
  );
  return {
    waiting: waiting.filter((part) => !entries.some((entry) => isIn(entry, part))),
    held: entries.filter((entry) => waiting.some((part) => isIn(entry, part))),
  };
}

const isIn = (entry: QuarantineEntry, part: RawPart): boolean =>
  entry.atFault.some(
    ({ name, feed, fingerprint }) =>
      name === part.name && feed === part.feed && fingerprint === part.fingerprint,
  );

export interface Refusal {
  readonly quarantine: Pick<Quarantine, 'put' | 'location'>;
  readonly source: string;
  readonly head: Manifest | null;
  readonly parts: readonly OpenedPart[];
  readonly verdicts: readonly Verdict[];
  readonly report: QualityReport | null;
  readonly now: number;
}

/** Writes the evidence down; returns the error to throw. */
export async function refuse({
  quarantine,
  source,
  head,
  parts,
  verdicts,
  report,
  now,
}: Refusal): Promise<HeadwayError> {
  const broken = verdicts.filter(({ outcome }) => outcome === 'fail');
  const summary = broken.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
  const faulty = atFault(verdicts, parts);
  const isFaulty = ({ part }: OpenedPart) =>
    faulty.some(({ feed, name }) => feed === part.feed && name === part.name);
  const entry = await quarantine.put({
    at: now,
    source,
    head: head?.snapshotVersion ?? null,
    summary,
    atFault: faulty,
    others: parts.length - faulty.length,
    verdicts,
    samples: await samplesOf(parts.filter(isFaulty)),
    // The list of all files grows for ever; those at fault are named above.
    report: report && {
      ...report,
      parts: report.parts.filter(({ skipped }) => !skipped).slice(0, 50),
    },
  });
  return quarantined(entry, quarantine.location, head);
}

export function quarantined(
  entry: QuarantineEntry,
  location: string,
  head: Manifest | null,
): HeadwayError {
  const stays = head === null ? 'nothing was committed' : `snapshot ${head.snapshotVersion} stays`;
  return new HeadwayError(
    'DATA_QUARANTINED',
    `the data breaks its contract, ${stays}: ${entry.summary}`,
    {
      where: `${location} ${entry.key}`,
      fix:
        `Look at \`headway features quarantine show ${entry.id}\`; fix the files and run ` +
        `again, or take them as they are: \`headway features run --accept ${entry.id} ` +
        `--reason "…"\`.`,
    },
  );
}
