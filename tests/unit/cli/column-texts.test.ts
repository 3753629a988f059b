/** Purpose: drift checks compare the columns that the quality report of a snapshot names. */
import { expect, test } from '@jest/globals';
import { columnTexts } from '../../../cli/actions/monitoring/column-texts.ts';
import { silentLogger } from '../../../platform/telemetry/logger.ts';
import { manifestOf } from '../../fakes/inference.ts';

const textsOf = (readReport: () => Promise<unknown>) =>
  columnTexts({ readReport }, manifestOf(1), silentLogger);

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
  const none = async () => ({ columns });
  expect(await columnTexts({ readReport: none }, null, silentLogger)).toEqual([]);
  expect(await textsOf(() => Promise.reject(new Error('torn')))).toEqual([]);
});
