/**
 * Purpose: the list of keys, which `?` opens.
 * Invariants: a modal dialog: Escape closes it, and the focus returns.
 * Fails: never.
 */
import { useEffect, useRef } from 'preact/hooks';
import { Pairs } from '../parts/section.tsx';

const KEYS = [
  ['/', 'find a series'],
  ['←', 'one interval back'],
  ['→', 'one interval forward'],
  ['Page Up', 'a day back'],
  ['Page Down', 'a day on'],
  ['1, 2, …', 'the first, second, … view'],
  ['?', 'this list'],
  ['Esc', 'close'],
] as const;

export function KeysList({ onClose }: { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} class="keys" aria-labelledby="keys-title" onClose={onClose}>
      <form method="dialog">
        <h2 id="keys-title">Keys</h2>
        <Pairs rows={KEYS.map(([key, what]) => [what, <kbd key={key}>{key}</kbd>] as const)} />
        <button type="submit" class="button">
          Close
        </button>
      </form>
    </dialog>
  );
}
