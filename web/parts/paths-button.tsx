/**
 * Purpose: show a few sample paths in a chart, or not.
 * Invariants: which of the two stands in the address.
 * Fails: never.
 */
import { usePage } from '../data/page-context.ts';

export function PathsButton() {
  const { address, go } = usePage();
  const { paths, ...query } = address.query;
  const isOn = paths === '1';
  return (
    <button
      type="button"
      class="button"
      aria-pressed={isOn}
      onClick={() => go({ query: isOn ? query : { ...query, paths: '1' } })}
    >
      Sample paths
    </button>
  );
}
