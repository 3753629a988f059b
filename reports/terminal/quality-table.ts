/**
 * Purpose: the data-quality report as a table for the terminal.
 * Invariants: plain text, at most 100 columns wide; control characters in what comes from data are
 * not printed.
 * Fails: never.
 */
import Table from 'cli-table3';
import { utcText } from '../../platform/text/utc-text.ts';
import { hasHours, type QualityReport } from '../../services/feature/quality-report.ts';

/** Series ids and file names come from data: no escape sequence of theirs reaches the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const plain = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
const whole = (value: number): string => value.toLocaleString('en-US');
const figure = (value: number | null): string => {
  if (value === null) return '–';
  return Math.abs(value) >= 100 ? whole(Math.round(value)) : value.toFixed(2);
};

export function qualityTable(report: QualityReport): string {
  const table = new Table({
    style: { head: [], border: [] },
    colWidths: [26, 18, 50],
    wordWrap: true,
  });
  const share = (rows: number) =>
    report.run.rowsIn > 0 ? `${((100 * rows) / report.run.rowsIn).toFixed(3)} %` : '';
  table.push(['rows in', { content: whole(report.run.rowsIn), hAlign: 'right' }, '']);
  table.push([
    'rows used',
    { content: whole(report.run.rowsUsed), hAlign: 'right' },
    share(report.run.rowsUsed),
  ]);
  for (const [reason, rows] of Object.entries(report.run.rejected).sort((a, b) => b[1] - a[1])) {
    table.push([
      `rejected: ${plain(reason)}`,
      { content: whole(rows), hAlign: 'right' },
      share(rows),
    ]);
  }
  const { gaps } = report;
  const longest = gaps.longest[0];
  const gapDetail = longest
    ? `longest ${longest.intervals}, ${plain(longest.seriesId)} from ${utcText(longest.start)}`
    : '';
  table.push([
    'series',
    { content: whole(report.seriesCount), hAlign: 'right' },
    `mean ${figure(report.mean)} ${report.unit}${report.oneIn ? `; one in ${report.oneIn}` : ''}`,
  ]);
  table.push(['unknown intervals', { content: whole(gaps.intervals), hAlign: 'right' }, gapDetail]);
  table.push([
    'sparse series',
    { content: whole(report.sparse.count), hAlign: 'right' },
    'mean below 0.1 per interval',
  ]);
  table.push([
    'dead series',
    { content: whole(report.dead.count), hAlign: 'right' },
    'nothing in the last 28 days',
  ]);
  const busy = report.busiest
    .slice(0, 5)
    .map(({ seriesId, mean }) => `${plain(seriesId)} (${figure(mean)})`);
  table.push(['busiest', '', busy.join(', ')]);
  if (hasHours(report)) table.push(['by local hour, 0 to 23', '', sparkline(report.byHour)]);
  table.push(['by weekday, from Monday', '', sparkline(report.byWeekday)]);
  const judged = report.verdicts.filter(({ outcome }) => outcome !== 'unjudged');
  const kept = judged.filter(({ outcome }) => outcome === 'pass').length;
  table.push([
    'data contract',
    { content: `${kept} of ${judged.length} kept`, hAlign: 'right' },
    '',
  ]);
  for (const { name, outcome, detail } of judged) {
    if (outcome !== 'pass')
      table.push([
        `  ${name}`,
        outcome === 'fail' ? 'BROKEN' : outcome,
        plain(detail).slice(0, 300),
      ]);
  }
  const { start, end } = report.span;
  return `${report.title}, ${utcText(start)} to ${utcText(end)}\n${table.toString()}`;
}

const BLOCKS = '▁▂▃▄▅▆▇█';

/** From zero, or from the lowest value where that is below zero. */
function sparkline(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  const lowest = Math.min(0, ...known);
  const range = Math.max(0, ...known) - lowest;
  return values
    .map((value) => {
      if (value === null) return ' ';
      return BLOCKS[range > 0 ? Math.min(7, Math.floor(((value - lowest) / range) * 7.999)) : 0];
    })
    .join('');
}
