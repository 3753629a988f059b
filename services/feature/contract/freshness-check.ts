/**
 * Purpose: is the newest interval as fresh as it should be: against the domain's limit or, without
 * one, against what was usual.
 * Invariants: what was usual is learnt from when data came before: how old the newest interval had
 * grown each time before something newer arrived. Fewer than eight arrivals teach nothing, so an
 * archive that was loaded once is never stale.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import type { TimeSpan } from '../../../storage/features/manifest.ts';
import { isExogenous } from '../../../storage/features/reading/version-coverage.ts';
import type { Segment } from '../../../storage/features/segments/segment-index.ts';
import { limitsOf } from './contract-limits.ts';
import { median } from './demand-view.ts';
import { judged, type PartName, type Verdict } from './verdict.ts';

const HOUR_MS = 3_600_000;
const MIN_ARRIVALS = 8;
const MAX_ARRIVALS = 50;
const USUAL_TIMES = 3;

export interface FreshnessOptions {
  readonly domain: Domain;
  readonly committed: readonly Segment[];
  /** What this run adds: none where nothing new came. */
  readonly fresh: readonly (PartName & { readonly span: TimeSpan })[];
  readonly now: number;
}

export function freshnessVerdict({ domain, committed, fresh, now }: FreshnessOptions): Verdict {
  const demand = committed.filter(({ feed }) => !isExogenous(feed));
  const ends = [...demand, ...fresh.filter(({ feed }) => !isExogenous(feed))].map(
    ({ span }) => span.end,
  );
  if (ends.length === 0) return judged(domain, 'freshness', [], 'there is no data');
  const newest = ends.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const hours = Math.max(0, (now - newest) / HOUR_MS);
  const declared = limitsOf(domain, 'freshness');
  const learntAge = usualAge(demand);
  const usual = learntAge === null ? null : Math.max(learntAge, domain.frequencyMinutes / 60);
  const limits =
    declared.soft !== null || declared.hard !== null || usual === null
      ? declared
      : { soft: USUAL_TIMES * usual, hard: null };
  const until = `the newest interval ended ${utcText(newest)}`;
  const learnt =
    usual === null ? '' : `; ${usual.toFixed(1)} hours are usual before newer data comes`;
  return judged(
    domain,
    'freshness',
    [{ value: hours, detail: `${until}${learnt}`, parts: fresh, limits }],
    '',
  );
}

/**
 * The median age in hours that the newest interval had reached when newer ones came; null with
 * fewer than eight arrivals.
 */
function usualAge(objects: readonly Segment[]): number | null {
  const arrivals = [...objects].sort((a, b) => a.availableAt - b.availableAt);
  const ages: number[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < arrivals.length; ) {
    const at = (arrivals[i] as Segment).availableAt;
    let next = end;
    for (; i < arrivals.length && arrivals[i]?.availableAt === at; i++)
      next = Math.max(next, (arrivals[i] as Segment).span.end);
    if (next > end && Number.isFinite(end)) ages.push((at - end) / HOUR_MS);
    end = next;
  }
  return ages.length < MIN_ARRIVALS ? null : median(ages.slice(-MAX_ARRIVALS));
}
