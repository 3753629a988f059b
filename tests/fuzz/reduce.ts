/**
 * Purpose: a failing request made smaller until every chunk that is left is needed (delta
 * debugging, Zeller and Hildebrandt 2002).
 * Invariants: what it gives fails in the same way; at most so many attempts, so that a slow failure
 * does not hold up the rest.
 * Fails: never; where nothing can go, the request itself.
 */
import type { FuzzRequest } from './shaped.ts';

const MAX_ATTEMPTS = 80;
const MAX_MS = 60_000;

/** @param fails whether a smaller request fails in the same way */
export async function reduced(
  request: FuzzRequest,
  fails: (smaller: FuzzRequest) => Promise<boolean>,
): Promise<FuzzRequest> {
  let bytes = Buffer.concat(request.chunks);
  const made = (of: Buffer): FuzzRequest => ({ ...request, chunks: [of] });
  let attempts = 0;
  const until = Date.now() + MAX_MS;
  const mayTry = () => attempts < MAX_ATTEMPTS && Date.now() < until;
  if (request.chunks.length > 1 && !(await fails(made(bytes)))) return request;
  for (let size = bytes.length >> 1; size >= 1 && mayTry(); size >>= 1) {
    for (let from = 0; from < bytes.length && mayTry(); ) {
      const without = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + size)]);
      attempts++;
      if (without.length > 0 && (await fails(made(without)))) bytes = without;
      else from += size;
    }
  }
  return made(bytes);
}
