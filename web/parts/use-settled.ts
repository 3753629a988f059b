/**
 * Purpose: the value once it has stayed for a moment: what a slider asks for, or draws slowly.
 * Invariants: the first value is there at once.
 * Fails: never.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { settled } from '../data/timers.ts';

/** While a slider moves nothing is asked for. */
const SETTLE_MS = 120;

export function useSettled<T>(value: T): T {
  const [last, setLast] = useState(value);
  const latest = useRef(value);
  latest.current = value;
  const settle = useMemo(() => settled(SETTLE_MS, () => setLast(() => latest.current)), []);
  useEffect(settle, [value]);
  return last;
}
