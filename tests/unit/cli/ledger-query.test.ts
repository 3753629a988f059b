/** Purpose: the rows of a query keep every digit in a typed table. */
import { expect, test } from '@jest/globals';
import { typedColumns } from '../../../cli/actions/ledger/query.ts';
import { encodeTable } from '../../../platform/tables/encode-table.ts';
import { rowsOf } from '../../fixtures/inference/table-rows.ts';

/** The columns of one type, as the engine gives their values in JSON. */
const tableOf = (type: string, columns: Readonly<Record<string, readonly unknown[]>>) => {
  const names = Object.keys(columns);
  return typedColumns({
    columns: names,
    types: names.map(() => type),
    rows: [0, 1, 2].map((i) => names.map((name) => columns[name]?.[i])),
    isCut: false,
  });
};

test.each(['arrow', 'parquet'] as const)(
  '%s tables round no number and no time',
  async (format) => {
    const read = async (...args: Parameters<typeof tableOf>) =>
      rowsOf(await encodeTable(tableOf(...args), format), format);
    expect(
      await read('BIGINT', {
        small: ['5', null, '-9007199254740991'],
        large: ['1', '9007199254740993', null],
      }),
    ).toEqual([
      { small: 5, large: '1' },
      { small: null, large: '9007199254740993' },
      { small: -9007199254740991, large: null },
    ]);
    const AT = Date.UTC(2026, 2, 1, 17);
    expect(
      await read('TIMESTAMP', {
        whole: ['2026-03-01 17:00:00', '2026-03-01 17:00:00.25', null],
        micro: ['2026-03-01 17:00:00.000001', 'infinity', null],
      }),
    ).toEqual([
      { whole: AT, micro: '2026-03-01 17:00:00.000001' },
      { whole: AT + 250, micro: 'infinity' },
      { whole: null, micro: null },
    ]);
  },
);
