/**
 * Purpose: arithmetic on spans of time, half-open: [start, end).
 * Invariants: pure; results are in time order where the input is.
 * Fails: never.
 */
import type { TimeSpan } from './manifest.ts';

/** The stretches of time that any of `spans` covers, in their order. */
export function coveredBy(spans: readonly TimeSpan[]): TimeSpan[] {
  const sorted = [...spans].sort((a, b) => a.start - b.start);
  const stretches: { start: number; end: number }[] = [];
  for (const { start, end } of sorted) {
    const last = stretches.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else stretches.push({ start, end });
  }
  return stretches;
}

/** The parts of `spans` inside [start, end). */
export function clipSpans<Span extends TimeSpan>(
  spans: readonly Span[],
  start: number,
  end: number,
): Span[] {
  const inside = spans.filter((span) => span.start < end && start < span.end);
  return inside.map((span) => ({
    ...span,
    start: Math.max(span.start, start),
    end: Math.min(span.end, end),
  }));
}
