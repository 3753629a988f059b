/**
 * Purpose: everything that forecasts, served or in shadow, on one scale.
 * Invariants: a skill is on the same targets as the naive baseline's, by the API.
 * Fails: never.
 */
import { forecasterName } from '../../../forecasting/evaluation/forecaster-names.ts';
import { type Forecaster, type Overview, orNaN, shortVersion } from '../../data/monitoring.ts';
import { aligned, exact, percent } from '../../parts/format.ts';
import { Section } from '../../parts/section.tsx';

const PLACES: Readonly<Record<string, string>> = {
  champion: 'champion',
  challenger: 'challenger, in shadow',
  previous: 'champion before, in shadow',
  twin: 'scored twin, in shadow',
  served: 'former champion',
  shadow: 'in shadow',
  naive: 'naive',
};

export function WhoForecasts({
  overview,
  unit,
}: {
  readonly overview: Overview;
  readonly unit: string;
}) {
  const should = Math.round(100 * orNaN(overview.served?.nominal));
  return (
    <Section columns={4} title="Who forecasts">
      <table class="rows who">
        <thead>
          <tr>
            <th>forecaster</th>
            <th class="num">off by</th>
            <th class="num">better</th>
            <th class="num">held</th>
          </tr>
        </thead>
        <tbody>
          {overview.forecasters.map((one) => (
            <Row
              key={`${one.place} ${one.forecaster} ${one.modelVersion}`}
              one={one}
              isReference={one.forecaster === overview.bestNaive}
            />
          ))}
        </tbody>
      </table>
      <p class="small">
        off by: mean error of the median, {unit}. better: loss below that of the best naive one, on
        the same targets. held: of 100 intervals, {should} should.
      </p>
    </Section>
  );
}

function Row({ one, isReference }: { readonly one: Forecaster; readonly isReference: boolean }) {
  const { place, forecaster, modelVersion, mae, skill, coverage, pairs } = one;
  return (
    <tr
      class={`is-${place}`}
      title={`${exact(pairs)} pairs${modelVersion ? `, ${modelVersion}` : ''}`}
    >
      <td>
        <span class={`mark is-${place}`} />
        {forecasterName(forecaster)}
        <span class="under">
          {PLACES[place] ?? place}
          {modelVersion !== null && ` · ${shortVersion(modelVersion)}`}
        </span>
      </td>
      <td class="num">{aligned(orNaN(mae))}</td>
      <td class="num">{isReference ? '0 %' : percent(orNaN(skill))}</td>
      <td class="num">{coverage === null ? '–' : Math.round(100 * coverage)}</td>
    </tr>
  );
}
