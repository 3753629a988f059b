/** Purpose: `headway monitor` compares the columns that the newest quality report names. */
import { expect, test } from '@jest/globals';
import { columnTexts } from '../../../cli/actions/monitoring/monitor.ts';
import type { CommandContext } from '../../../cli/context.ts';
import { silentLogger } from '../../../platform/telemetry/logger.ts';
import { manifestOf } from '../../fakes/inference.ts';

const textsOf = (readReport: () => Promise<unknown>) => {
  const store = { head: async () => manifestOf(1), readReport };
  const context = { features: async () => store, logger: silentLogger };
  return columnTexts(context as unknown as CommandContext);
};

test('lists the columns of every feed as text, and none for an unreadable report', async () => {
  const columns = {
    trips: [{ name: 'speed', type: 'DOUBLE' }],
    zones: [{ name: 'id', type: 'BIGINT' }],
  };
  expect(await textsOf(async () => ({ columns }))).toEqual([
    'trips/speed: DOUBLE',
    'zones/id: BIGINT',
  ]);
  expect(await textsOf(async () => null)).toEqual([]);
  expect(await textsOf(() => Promise.reject(new Error('torn')))).toEqual([]);
});
