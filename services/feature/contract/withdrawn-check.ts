/**
 * Purpose: how many values parts took away at their end when they were published again.
 * Invariants: counts what the head has there, where demand is judged at all (recent-panel.ts), and
 * the next snapshot has not; a zero that means no event is no value. Of a sample of the series the
 * count is scaled up.
 * Fails: never.
 */
import type { Domain } from '../../../domains/domain.ts';
import { type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import type { RecentDemand } from '../recent-panel.ts';
import type { Withdrawal } from '../withdrawals.ts';
import { judged, type Measured, type Verdict, wholeText } from './verdict.ts';

export function withdrawnVerdict(
  domain: Domain,
  recent: RecentDemand,
  withdrawn: readonly Withdrawal[],
): Verdict {
  const measured = withdrawn.map(({ made: { part }, span }): Measured => {
    const value = valuesLost(domain, recent, span);
    const detail =
      value === 0
        ? 'none'
        : `${part.name} now ends at ${utcText(span.start)}: ${wholeText(value)} values up to ` +
          `${utcText(span.end)} that it had before are taken away`;
    return { value, detail, parts: [part] };
  });
  const none: Measured = { value: 0, detail: 'none', parts: [] };
  return judged(domain, 'withdrawn', [none, ...measured], '');
}

function valuesLost(
  { missing }: Domain,
  { before, panel, oneIn }: RecentDemand,
  { start, end }: Withdrawal['span'],
): number {
  if (before === null) return 0;
  const rows = new Map(panel.seriesIds.map((id, row) => [id, row]));
  let lost = 0;
  for (let t = 0; t < before.length; t++) {
    const time = timestampAt(before, t);
    if (time < start || time >= end) continue;
    for (const [row, id] of before.seriesIds.entries()) {
      const value = valueAt(before, row, time);
      if (Number.isNaN(value) || (missing === 'zero' && value === 0)) continue;
      if (!Object.is(value, valueAt(panel, rows.get(id), time))) lost++;
    }
  }
  return lost * oneIn;
}

/** NaN where the panel has no such series or interval. */
function valueAt(panel: Panel, row: number | undefined, time: number): number {
  const t = Math.round((time - panel.start) / (panel.frequencyMinutes * 60_000));
  if (row === undefined || t < 0 || t >= panel.length) return Number.NaN;
  return panel.columns.target[row * panel.length + t] as number;
}
