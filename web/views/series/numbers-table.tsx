/**
 * Purpose: every number of the chart as a table.
 * Invariants: forecast rows first, then the past, newest first; rows are made when it is opened.
 * Fails: never.
 */
import { useState } from 'preact/hooks';
import { bandFor, type Columns, naiveName } from '../../data/forecast.ts';
import { usePage } from '../../data/page-context.ts';
import { capital, exact } from '../../parts/format.ts';

export interface NumbersTableProps {
  readonly title: string;
  readonly columns: Columns;
}

export function NumbersTable({ title, columns }: NumbersTableProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="c12 numbers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>The numbers as a table</summary>
      {isOpen && <Table title={title} columns={columns} />}
    </details>
  );
}

function Table({ title, columns }: NumbersTableProps) {
  const { about, labels } = usePage();
  const { domain } = about;
  const { full } = labels;
  const { times, median, mean, bands, naive, pastTimes, actual } = columns;
  const band = bandFor(bands);
  const none = Number.NaN;
  const future = times.map((time, k) => [
    full(time),
    ...[none, band?.lower[k] ?? none, median[k] ?? none, mean[k] ?? none],
    ...[band?.upper[k] ?? none, naive[k] ?? none],
  ]);
  const past = pastTimes.map((time, i) => [
    full(time),
    actual[i] ?? none,
    none,
    none,
    none,
    none,
    none,
  ]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section class="scroll" tabIndex={0} aria-label="Values by time">
      <table>
        <caption class="note">
          {title}, {domain.unit}, times in {domain.timeZone}
        </caption>
        <thead>
          <tr>
            {['Time', 'Actual', 'Low', 'Median', 'Mean', 'High', capital(naiveName(domain))].map(
              (name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {[...future, ...past.reverse()].map(([time, ...values], i) => (
            <tr key={time} class={i < future.length ? 'future' : ''}>
              <th scope="row">{time}</th>
              {values.map((value, column) => (
                <td key={column}>{exact(value as number)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
