/**
 * Purpose: verdicts over time: what is found again is the same verdict, what is not found any more
 * ends, and what follows from a verdict that holds is not listed next to it.
 * Invariants: a verdict keeps the time, the evidence and the message of its first check; findings
 * of facts end at the first check without them, statistical ones after HOLD_DAYS.
 * Fails: never.
 */
import type { DriftVerdict, Finding, VerdictName } from './verdict.ts';

const DAY_MS = 86_400_000;
const HOLD_DAYS = 14;

export interface ActiveVerdict {
  readonly verdict: DriftVerdict;
  readonly lastFoundAt: number;
}

/** Causes before consequences: of one series, a name hides those after it. */
const DATA: readonly VerdictName[] = [
  ...(['clock', 'schema', 'stale', 'unit', 'zeros', 'repeated', 'stuck', 'closed'] as const),
  ...(['shifted', 'holiday', 'missing', 'volume', 'level', 'variance'] as const),
];
const SCORES: readonly VerdictName[] = ['skill', 'coverage'];
const HELD: readonly VerdictName[] = ['shifted', 'holiday', 'volume', 'level', 'variance'];

export function follow(
  before: readonly ActiveVerdict[],
  findings: readonly Finding[],
  at: number,
  fleetSize: number,
) {
  const isFound = ({ name, seriesIds }: Finding) =>
    findings.some((one) => one.name === name && meets(one.seriesIds, seriesIds));
  const kept = before.flatMap((one) => {
    if (isFound(one.verdict)) return [{ ...one, lastFoundAt: at }];
    const hold = HELD.includes(one.verdict.name) ? HOLD_DAYS * DAY_MS : 0;
    return hold > 0 && at - one.lastFoundAt < hold ? [one] : [];
  });
  const closed = before
    .filter(({ verdict }) => !kept.some((one) => one.verdict === verdict))
    .map(({ verdict }) => verdict);
  const opened: DriftVerdict[] = [];
  const sorted = [...findings].sort((a, b) => rank(a.name) - rank(b.name));
  for (const finding of sorted) {
    const holding = [...kept.map(({ verdict }) => verdict), ...opened];
    const isExplained = holding.some((one) => explains(one, finding, fleetSize));
    if (!isExplained) opened.push({ ...finding, detectedAt: at });
  }
  const merged = mergedByName(opened);
  return {
    active: [...kept, ...merged.map((verdict) => ({ verdict, lastFoundAt: at }))],
    opened: merged,
    closed,
  };
}

/** Whether a verdict that holds makes a finding no news. */
function explains(verdict: DriftVerdict, finding: Finding, fleetSize: number): boolean {
  if (!meets(verdict.seriesIds, finding.seriesIds)) return false;
  const [a, b] = [verdict.name, finding.name];
  if (a === b) return true;
  for (const group of [DATA, SCORES]) {
    if (!group.includes(a) || !group.includes(b)) continue;
    const isWide = verdict.seriesIds.length >= fleetSize;
    return group.indexOf(a) < group.indexOf(b) || (isWide && verdict.seriesIds.length > 1);
  }
  return false;
}

const rank = (name: VerdictName): number => [...DATA, ...SCORES].indexOf(name);

const meets = (some: readonly string[], others: readonly string[]): boolean => {
  const known = new Set(some);
  return others.some((id) => known.has(id));
};

/** Findings of one name at one check are one verdict, with the evidence of the first. */
function mergedByName(opened: readonly DriftVerdict[]): DriftVerdict[] {
  const byName = new Map<VerdictName, DriftVerdict[]>();
  for (const verdict of opened)
    byName.set(verdict.name, [...(byName.get(verdict.name) ?? []), verdict]);
  return [...byName.values()].map((all) => {
    const [first, ...others] = all as [DriftVerdict, ...DriftVerdict[]];
    if (others.length === 0) return first;
    return {
      ...first,
      since: Math.min(...all.map(({ since }) => since)),
      seriesIds: all.flatMap(({ seriesIds }) => seriesIds),
      message: `${first.message} The same holds for ${others.length} more.`,
    };
  });
}
