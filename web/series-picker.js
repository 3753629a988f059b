/**
 * Purpose: a searchable list of series: type to narrow, arrow keys and Enter to choose, Escape to
 * leave.
 * Invariants: follows the ARIA combobox pattern; shows at most MAX entries, however many match;
 * names are set as text.
 * Fails: never.
 */
import { numberLabel } from './scales.js';

const MAX = 60;

/** @returns {{ fill(series: object[]): void, show(series: object): void }} */
export function createPicker(input, list, onChoose) {
  let all = [];
  let matches = [];
  let active = -1;
  let shown = '';

  const label = (series) =>
    series.title === series.seriesId ? series.title : `${series.title} (${series.seriesId})`;

  function open(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (series) => words.every((word) => label(series).toLowerCase().includes(word));
    matches = all.filter(fits).slice(0, MAX);
    list.replaceChildren(
      ...matches.map((series, i) => {
        const item = document.createElement('div');
        const mean = document.createElement('small');
        item.id = `series-option-${i}`;
        item.className = 'option';
        item.setAttribute('role', 'option');
        item.textContent = label(series);
        mean.textContent = series.forecast
          ? `Ø ${numberLabel(series.mean ?? Number.NaN)}`
          : 'no forecast';
        item.append(mean);
        return item;
      }),
    );
    list.hidden = matches.length === 0;
    input.setAttribute('aria-expanded', String(!list.hidden));
    activate(matches.length > 0 ? 0 : -1);
  }

  function activate(index) {
    active = index;
    for (const [i, item] of [...list.children].entries())
      item.setAttribute('aria-selected', String(i === index));
    if (index < 0) input.removeAttribute('aria-activedescendant');
    else {
      input.setAttribute('aria-activedescendant', `series-option-${index}`);
      list.children[index].scrollIntoView({ block: 'nearest' });
    }
  }

  function close() {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
    input.value = shown;
  }

  function choose(index) {
    const series = matches[index];
    if (!series) return;
    shown = label(series);
    close();
    onChoose(series);
  }

  const begin = () => {
    if (!list.hidden) return;
    input.select();
    open('');
  };
  input.addEventListener('focus', begin);
  // Focus stays after a choice: a click then begins again.
  input.addEventListener('click', begin);
  input.addEventListener('input', () => open(input.value));
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
    else if (event.key === 'Enter') choose(active);
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (list.hidden) open('');
      else
        activate((active + (event.key === 'ArrowDown' ? 1 : -1) + matches.length) % matches.length);
    }
  });
  // pointerdown, not click: the input's blur would close the list first.
  list.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    choose([...list.children].indexOf(event.target.closest('.option')));
  });

  return {
    fill: (series) => {
      all = series;
    },
    show: (series) => {
      shown = label(series);
      if (document.activeElement !== input || list.hidden) input.value = shown;
    },
  };
}
