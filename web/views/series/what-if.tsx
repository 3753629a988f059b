/**
 * Purpose: the forecast if an input were other than it is.
 * Invariants: computed by the service, kept nowhere; a column known in advance is replaced over the
 * horizon, one known afterwards over the last day.
 * Fails: in words, where the model has no use for the value.
 */
import { useState } from 'preact/hooks';
import { dataOf } from '../../../clients/typescript/headway-client.ts';
import { intervalMs } from '../../data/forecast.ts';
import { usePage } from '../../data/page-context.ts';
import { type Session, troubleOf } from '../../data/session.ts';
import { counted, figure, signed } from '../../parts/format.ts';
import { Section } from '../../parts/section.tsx';

const DAY_MS = 86_400_000;

export interface WhatIfProps {
  readonly seriesId: string;
  /** The mean as it is served, one value a step. */
  readonly mean: readonly number[];
  readonly onMean: (mean: readonly number[] | null) => void;
}

type Outcome = { readonly mean: readonly number[] } | { readonly problem: string };

export function WhatIf({ seriesId, mean, onMean }: WhatIfProps) {
  const { about, session } = usePage();
  const { domain, model } = about;
  const columns = model?.exogenous ?? [];
  const [column, setColumn] = useState(columns[0] ?? '');
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const tryOut = async (form: HTMLFormElement) => {
    const value = Number((form.elements.namedItem('value') as HTMLInputElement).value);
    const day = Math.max(1, DAY_MS / intervalMs(domain.frequency));
    const isAhead = model?.knownInAdvance?.includes(column) ?? false;
    const values = Array<number>(isAhead ? mean.length : day).fill(value);
    const next = await overridden(session, seriesId, { [column]: values }, isAhead);
    setOutcome(next);
    onMean('mean' in next ? next.mean : null);
  };
  const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);
  return (
    <Section columns={4} title="What if" note="inputs as you set them">
      <form
        class="what-if"
        onSubmit={(event) => {
          event.preventDefault();
          tryOut(event.currentTarget);
        }}
      >
        <label>
          Input
          <select value={column} onChange={(event) => setColumn(event.currentTarget.value)}>
            {columns.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Value
          <input name="value" type="number" step="any" value="0" required />
        </label>
        <button type="submit" class="button">
          Try
        </button>
      </form>
      <p class="note" aria-live="polite">
        {outcome === null
          ? `Replaces the ${columns.length > 1 ? 'chosen input' : 'input'} and forecasts again.`
          : 'problem' in outcome
            ? outcome.problem
            : `${figure(sum(outcome.mean))} ${counted(domain.unit)} in sum, ` +
              `${signed(sum(outcome.mean) - sum(mean))} against the forecast.`}
      </p>
    </Section>
  );
}

/** @param isAhead whether the input is known in advance */
async function overridden(
  { client }: Session,
  seriesId: string,
  values: Readonly<Record<string, readonly number[]>>,
  isAhead: boolean,
): Promise<Outcome> {
  const whatIf = isAhead ? { future: values } : { past: values };
  try {
    const body = { seriesIds: [seriesId], whatIf };
    const { forecasts } = await dataOf(client.POST('/v1/forecasts', { body: body as never }));
    return { mean: forecasts[0]?.mean ?? [] };
  } catch (error) {
    const { problem } = troubleOf(error);
    return { problem: problem ? `${problem.detail}.` : 'The service cannot be reached.' };
  }
}
