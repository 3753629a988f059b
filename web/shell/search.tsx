/**
 * Purpose: find a series by name or id.
 * Invariants: the ARIA combobox pattern: type to narrow, arrows and Enter to choose, Escape to
 * leave; at most MAX entries are shown, however many match.
 * Fails: never.
 */
import type { RefObject } from 'preact';
import { useState } from 'preact/hooks';
import type { SeriesInfo } from '../data/page-context.ts';
import { exact } from '../parts/format.ts';

const MAX = 40;

export interface SearchProps {
  readonly field: RefObject<HTMLInputElement | null>;
  readonly noun: string;
  readonly series: readonly SeriesInfo[];
  readonly onChoose: (seriesId: string) => void;
}

export const labelOf = ({ title, seriesId }: SeriesInfo): string =>
  title.includes(seriesId) ? title : `${title} (${seriesId})`;

function matching(series: readonly SeriesInfo[], query: string): SeriesInfo[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found: SeriesInfo[] = [];
  for (const one of series) {
    const text = `${one.title} ${one.seriesId}`.toLowerCase();
    if (words.every((word) => text.includes(word))) found.push(one);
    if (found.length === MAX) break;
  }
  return found;
}

export function Search({ field, noun, series, onChoose }: SearchProps) {
  const [query, setQuery] = useState('');
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const found = isOpen ? matching(series, query) : [];
  const close = () => {
    setOpen(false);
    setQuery('');
    field.current?.blur();
  };
  const choose = (one: SeriesInfo | undefined) => {
    if (one === undefined) return;
    close();
    onChoose(one.seriesId);
  };
  const move = (by: number) => setActive((active + by + found.length) % Math.max(1, found.length));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') close();
    else if (event.key === 'Enter') choose(found[active]);
    else if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(-1);
    else return;
    event.preventDefault();
  };
  return (
    <div class="search">
      <input
        ref={field}
        role="combobox"
        aria-label={`Find a ${noun}`}
        aria-expanded={found.length > 0}
        aria-controls="found"
        aria-autocomplete="list"
        {...(found.length > 0 ? { 'aria-activedescendant': `found-${active}` } : {})}
        autocomplete="off"
        spellcheck={false}
        placeholder={`Find a ${noun}`}
        value={query}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setActive(0);
          setOpen(true);
        }}
        onKeyDown={onKeyDown}
      />
      <kbd>/</kbd>
      <div id="found" class="found" role="listbox" aria-label="Found" hidden={found.length === 0}>
        {found.map((one, i) => (
          <div
            key={one.seriesId}
            id={`found-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === active}
            onPointerDown={(event) => {
              // Before the field loses its focus, which would close the list first.
              event.preventDefault();
              choose(one);
            }}
          >
            <span>{labelOf(one)}</span>
            <small>{one.forecast ? `Ø ${exact(one.mean ?? Number.NaN)}` : 'no forecast'}</small>
          </div>
        ))}
      </div>
      {isOpen && query !== '' && found.length === 0 && (
        <p class="found none" role="status">
          No {noun} has this name.
        </p>
      )}
    </div>
  );
}
