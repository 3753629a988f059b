/** Purpose: events of OpenLineage name the source without what may be secret. */
import { expect, test } from '@jest/globals';
import type { CommandContext } from '../../../cli/context.ts';
import { rawData } from '../../../cli/lineage.ts';

const nameOf = (source: string | null, defaultSource: string | null = null) =>
  rawData({
    settings: { source },
    domain: { name: 'toy', defaultSource },
  } as unknown as CommandContext).name;

test('nameOf removes user and query from an address, and keeps any other source', () => {
  expect(nameOf('https://me:hidden@data.example/sales.csv?token=hidden')).toBe(
    'https://data.example/sales.csv',
  );
  expect(nameOf('postgres://me:hidden@db/shops')).toBe('postgres://db/shops');
  expect([nameOf('city:places=24'), nameOf(null, 'sample'), nameOf(null)]).toEqual([
    ...['city:places=24', 'sample', 'none'],
  ]);
});
