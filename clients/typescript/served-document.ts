/**
 * Purpose: the OpenAPI document that the service of this source serves, without a store or a model.
 * Invariants: the app is built as it is for serving, and never listens.
 * Fails: as building the app does.
 */
import { domains } from '../../domains/index.ts';
import { systemClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/telemetry/logger.ts';
import { buildApp } from '../../services/inference/app.ts';
import { defaultInferenceSettings } from '../../services/inference/settings.ts';

const absent = (): Promise<never> => Promise.reject(new Error('there is no store'));

export async function servedDocument(): Promise<unknown> {
  const app = await buildApp({
    // Only the title and the description of the document are of the domain.
    domain: domains[0] as (typeof domains)[number],
    features: { head: async () => null, openOnline: absent },
    registry: {
      list: async () => [],
      promotions: async () => [],
      champion: async () => null,
      earlierChampions: async () => [],
      load: absent,
    },
    restoreForecaster: () => {
      throw new Error('there is no model');
    },
    clock: systemClock,
    logger: silentLogger,
    settings: { ...defaultInferenceSettings, maxEventLoopDelayMs: 0 },
  });
  try {
    await app.ready();
    return app.swagger();
  } finally {
    await app.close();
  }
}
