/**
 * Purpose: what is wrong in a report of the fuzzer, in words, with how to see it again.
 * Invariants: empty for a report that the project's promise holds for: no failure, no trouble,
 * nothing left, memory flat.
 * Fails: never.
 */
import type { FuzzReport } from './fuzz.ts';

/**
 * Above it memory grows: of 50,000 requests it would be 5 MB, which collection leaves about as
 * noise.
 */
const MAX_BYTES_PER_REQUEST = 100;
/** Fewer requests than this say nothing of memory: code is still being compiled. */
const MIN_FOR_MEMORY = 20_000;

export function complaints(report: FuzzReport): string[] {
  const { failures, troubles, requests, heapBytesPerRequest, socketsLeft, handlesGrown, seed } =
    report;
  return [
    ...failures.map(
      ({ index, kind, problem, bytes }) =>
        `${problem} (${kind})\n  again: npm run fuzz -- --seed ${seed} --only ${index}\n  fewest bytes: ${bytes}`,
    ),
    ...troubles.map((trouble) => `trouble in the service, seed ${seed}: ${trouble}`),
    ...(socketsLeft > 0 ? [`${socketsLeft} sockets are left open`] : []),
    ...(handlesGrown > 2 ? [`${handlesGrown} handles more than before`] : []),
    ...(requests >= MIN_FOR_MEMORY && heapBytesPerRequest > MAX_BYTES_PER_REQUEST
      ? [`memory grows by ${heapBytesPerRequest} bytes a request`]
      : []),
  ];
}
