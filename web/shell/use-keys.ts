/**
 * Purpose: keys of the whole page.
 * Invariants: no key acts while somebody types, or together with Ctrl, Alt or Meta.
 * Fails: never.
 */
import { useEffect } from 'preact/hooks';

export type Keys = Readonly<Record<string, () => void>>;

/** @param keys by `KeyboardEvent.key` */
export function useKeys(keys: Keys): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const act = keys[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
}

const isTyping = (target: EventTarget | null): boolean =>
  (target instanceof HTMLElement && target.closest('dialog') !== null) ||
  target instanceof HTMLTextAreaElement ||
  target instanceof HTMLSelectElement ||
  (target instanceof HTMLInputElement && target.type !== 'checkbox');
