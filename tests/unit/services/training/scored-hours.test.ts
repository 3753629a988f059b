/**
 * Purpose: no score leaves out an hour of the day: by default, in every domain, every hour meets
 * every step.
 */
import { expect, test } from '@jest/globals';
import { domains } from '../../../../domains/index.ts';
import { createPanel } from '../../../../forecasting/panel/panel.ts';
import { testCutoffs } from '../../../../services/training/evaluation.ts';
import { defaultTrainingConfig } from '../../../../services/training/training-config.ts';

test.each(domains.map((domain) => [domain.name, domain] as const))(
  'scores every hour of the day at every step for %s',
  (_name, domain) => {
    const { frequencyMinutes, horizon } = domain;
    const perDay = 1440 / frequencyMinutes;
    // However long the history, and wherever in the day it ends.
    for (let more = 0; more < perDay; more++) {
      const length = 400 * perDay + more;
      const target = new Float32Array(length);
      const panel = createPanel({
        seriesIds: ['a'],
        start: 0,
        frequencyMinutes,
        length,
        columns: { target },
      });
      const cutoffs = testCutoffs(domain, panel, defaultTrainingConfig);
      for (let step = 1; step <= horizon; step++) {
        const hours = new Set(cutoffs.map((cutoff) => (cutoff + step) % perDay));
        expect(hours.size).toBe(perDay);
      }
    }
  },
);
