/**
 * Purpose: what a decision needs: how likely a series or a total is to exceed a capacity, at each
 * interval.
 * Invariants: probabilities and quantities are the API's, of joint sample paths; the number in the
 * sentence is the one that they are of.
 * Fails: the last probabilities stay while others are loaded, and it says of which capacity they
 * are; in words, where the service does not give any.
 */
import { useCallback, useMemo, useRef, useState } from 'preact/hooks';
import type { components } from '../../clients/typescript/headway-api.ts';
import { dataOf } from '../../clients/typescript/headway-client.ts';
import { PlotChart } from '../charts/plot-chart.tsx';
import { probabilityPanel } from '../charts/probability.ts';
import { capacityRange, intervalNoun } from '../data/forecast.ts';
import { usePage } from '../data/page-context.ts';
import { useData } from '../data/use-data.ts';
import { counted, exact, figure, plural } from './format.ts';
import { Pairs, Section } from './section.tsx';
import { useSettled } from './use-settled.ts';

type Decision = components['schemas']['QuantityDecision'];

export interface CapacityProps {
  /** What it is of: one series, or a group of them. */
  readonly kind: 'series' | 'groups';
  readonly id: string;
  /** Its quantiles, for the range of the slider. */
  readonly quantiles: Readonly<Record<string, readonly number[]>>;
  /** How much suffices for the highest interval in 9 of 10 cases, where that is known. */
  readonly peak?: number | undefined;
  /** The step that is shown. */
  readonly step: number;
}

const HEIGHT = 112;

export function Capacity({ kind, id, quantiles, peak, step }: CapacityProps) {
  const { about, labels } = usePage();
  const { domain } = about;
  const range = useMemo(() => capacityRange(quantiles), [quantiles]);
  const [chosen, setChosen] = useState<number | null>(null);
  const capacity = chosen ?? range.usual;
  const { decision, trouble } = useDecision(kind, id, useSettled(capacity));
  const { exceeds, quantity = [], timestamps = [] } = decision ?? {};
  const panel = useCallback(
    (width: number) => probabilityPanel(exceeds?.probability ?? [], { width, height: HEIGHT }),
    [exceeds],
  );
  if (trouble !== null && decision === null)
    return (
      <Section columns={4} title="Is the capacity sufficient?">
        <p class="soft">{trouble}</p>
      </Section>
    );
  const noun = counted(domain.unit);
  const ends = [timestamps[0], timestamps.at(-1)].map((one) => one && labels.hour(Date.parse(one)));
  const time = timestamps[step];
  const at = time === undefined ? '' : labels.hour(Date.parse(time));
  const share = (probability: number) => Math.round(100 * (1 - probability));
  return (
    <Section
      columns={4}
      title="Is the capacity sufficient?"
      note={decision && `of ${decision.paths} sample paths`}
    >
      <p class="figure" aria-live="polite">
        {exceeds && (
          <>
            <b>
              {exact(exceeds.capacity)} {noun}
            </b>{' '}
            suffice at {at} in <b>{share(exceeds.probability[step] as number)}</b> of 100 cases, and
            at all {timestamps.length} {plural(intervalNoun(domain))} in {share(exceeds.anyWindow)}
          </>
        )}
      </p>
      <input
        type="range"
        class="slider"
        aria-label={`Capacity, ${domain.unit}`}
        aria-valuetext={`${exact(capacity)} ${noun}`}
        min={range.low}
        max={range.high}
        step={range.step}
        value={capacity}
        onInput={(event) => setChosen(Number(event.currentTarget.value))}
      />
      <p class="small">Probability of running out, by {intervalNoun(domain)}</p>
      <div class="flat">
        {exceeds ? (
          <PlotChart
            height={HEIGHT}
            panel={panel}
            at={step + 0.5}
            label={`Probability of exceeding ${exact(exceeds.capacity)}, by interval`}
          />
        ) : (
          <div style={{ height: `${HEIGHT}px` }} />
        )}
      </div>
      <p class="ends">
        <span>{ends[0]}</span>
        <span>{ends[1]}</span>
      </p>
      <Pairs
        rows={[
          ...(decision
            ? [
                [
                  `enough in 9 of 10 cases at ${at}`,
                  `${figure(quantity[step] ?? Number.NaN)} ${noun}`,
                ] as const,
              ]
            : []),
          ...(peak === undefined
            ? []
            : [['enough in 9 of 10 cases for the peak', `${figure(peak)} ${noun}`] as const]),
        ]}
      />
    </Section>
  );
}

/** Too few cost nine times what too many do: the quantity suffices in 9 of 10 cases. */
const COSTS = { under: 9, over: 1 };

function useDecision(kind: CapacityProps['kind'], id: string, capacity: number) {
  const loaded = useData(`capacity ${kind} ${id} ${capacity}`, async ({ GET }) => {
    const params = { path: { id }, query: { ...COSTS, capacity } };
    const call =
      kind === 'groups'
        ? GET('/v1/groups/{id}/decision', { params })
        : GET('/v1/series/{id}/decision', { params });
    return (await dataOf<unknown>(call)) as Decision;
  });
  const last = useRef<Decision | null>(null);
  if (loaded.value !== null) last.current = loaded.value;
  const decision = loaded.value ?? last.current;
  const isOwn = decision !== null && id === (decision.groupId ?? decision.seriesId);
  const trouble = loaded.trouble && `${loaded.trouble.problem?.detail ?? 'Not available'}.`;
  return { decision: isOwn ? decision : null, trouble };
}
