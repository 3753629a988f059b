/**
 * Purpose: what a decision needs: how likely the total is to exceed a capacity, at each interval.
 * Invariants: probabilities and quantiles are the API's, of joint sample paths; the number under
 * the slider is the one that they are of.
 * Fails: the last probabilities stay while others are loaded, and it says of which capacity they
 * are.
 */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { dataOf } from '../../../clients/typescript/headway-client.ts';
import { niceTicks } from '../../../platform/text/scales.ts';
import { PlotChart } from '../../charts/plot-chart.tsx';
import { probabilityPanel } from '../../charts/probability.ts';
import { intervalNoun, plainQuantile } from '../../data/forecast.ts';
import { type GroupForecast, usePage } from '../../data/page-context.ts';
import { settled } from '../../data/timers.ts';
import { useData } from '../../data/use-data.ts';
import { counted, exact, figure, plural } from '../../parts/format.ts';
import { Pairs, Section } from '../../parts/section.tsx';

export interface CapacityProps {
  readonly forecast: GroupForecast;
  /** The step that is shown. */
  readonly step: number;
}

const HEIGHT = 120;
/** While the slider moves nothing is asked for. */
const SETTLE_MS = 120;
const STEPS = 100;

export function Capacity({ forecast, step }: CapacityProps) {
  const { about, labels } = usePage();
  const { domain } = about;
  const { groupId, mean } = forecast;
  const highest = plainQuantile(forecast.quantiles, 0.9);
  const range = useMemo(() => rangeOf(forecast), [forecast]);
  const usual = Math.ceil(Math.max(...highest) / range.step) * range.step;
  const [capacity, setCapacity] = useState<number | null>(null);
  const asked = useSettled(capacity ?? usual);
  const loaded = useData(`capacity ${groupId} ${asked}`, async ({ GET }) => {
    const params = { path: { id: groupId }, query: { capacity: asked } };
    return (await dataOf(GET('/v1/groups/{id}/forecast', { params }))) as GroupForecast;
  }).value;
  const last = useRef<GroupForecast | null>(null);
  if (loaded !== null) last.current = loaded;
  const shown = loaded ?? last.current;
  const exceeds = shown?.groupId === groupId ? shown.exceeds : undefined;
  const panel = useCallback(
    (width: number) => probabilityPanel(exceeds?.probability ?? [], { width, height: HEIGHT }),
    [exceeds],
  );
  const { hour } = labels;
  const noun = counted(domain.unit);
  const at = hour(Date.parse(forecast.timestamps[step] as string));
  const share = (probability: number) => Math.round(100 * (1 - probability));
  return (
    <Section columns={4} title="Does the capacity suffice?" note={`${forecast.paths} sample paths`}>
      <p class="figure" aria-live="polite">
        {exceeds && (
          <>
            <b>
              {exact(exceeds.capacity)} {noun}
            </b>{' '}
            suffice at {at} in <b>{share(exceeds.probability[step] as number)}</b> of 100 cases, and
            at all {mean.length} {plural(intervalNoun(domain))} in {share(exceeds.anyWindow)}
          </>
        )}
      </p>
      <input
        type="range"
        class="slider"
        aria-label={`Capacity, ${domain.unit}`}
        aria-valuetext={`${exact(capacity ?? usual)} ${noun}`}
        min={range.low}
        max={range.high}
        step={range.step}
        value={capacity ?? usual}
        onInput={(event) => setCapacity(Number(event.currentTarget.value))}
      />
      <div class="flat">
        <PlotChart
          height={HEIGHT}
          panel={panel}
          at={step + 0.5}
          label={`Probability that the total exceeds ${exact(exceeds?.capacity ?? 0)}, by interval`}
        />
      </div>
      <Pairs
        rows={[
          [`enough in 9 of 10 cases at ${at}`, `${figure(highest[step] as number)} ${noun}`],
          [
            'enough in 9 of 10 cases for the highest peak',
            `${figure(forecast.peak.quantiles['0.9'] ?? Number.NaN)} ${noun}`,
          ],
        ]}
      />
    </Section>
  );
}

/** The value once it has stayed for a moment. */
function useSettled(value: number): number {
  const [last, setLast] = useState(value);
  const latest = useRef(value);
  latest.current = value;
  const settle = useMemo(() => settled(SETTLE_MS, () => setLast(latest.current)), []);
  useEffect(settle, [value]);
  return last;
}

/** From the least to the most that is at all likely, in round steps. */
function rangeOf({ quantiles }: GroupForecast) {
  const all = Object.values(quantiles).flat();
  const ticks = niceTicks(0, 1.2 * Math.max(1, ...all), STEPS);
  const [low = 0, next = 1] = ticks;
  return { low, high: ticks.at(-1) as number, step: next - low };
}
