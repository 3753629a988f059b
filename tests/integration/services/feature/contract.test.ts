/**
 * Purpose: data that are broken in one way each, on top of twelve good weeks: what is refused, what
 * is warned of, what passes.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RawPart } from '../../../../domains/domain.ts';
import {
  EXPECTATION_NAMES,
  limitsOf,
  type Verdict,
} from '../../../../services/feature/contract/verdict.ts';
import {
  AFTER,
  asLoads,
  base,
  contractFixture,
  domain,
  FIRST,
  MEASURED_ROWS,
  measured,
  NEXT,
  type PartOptions,
  part,
  type RunOptions,
  rowsFrom,
} from '../../../fixtures/contract-fixture.ts';

let events: Awaited<ReturnType<typeof contractFixture>>;
let loads: Awaited<ReturnType<typeof contractFixture>>;
beforeAll(async () => {
  [events, loads] = [await contractFixture(domain), await contractFixture(measured)];
});
afterAll(async () => {
  await events?.remove();
  await loads?.remove();
});

const good = rowsFrom(NEXT, 1);
const week = { start: NEXT, end: AFTER };
const next = (relation: string, options: PartOptions = {}) => part('next', relation, week, options);
const where = (condition: string) => `(SELECT * FROM ${good} WHERE ${condition})`;
const select = (columns: string) => `(SELECT ${columns} FROM ${good})`;

/** Runs on the good weeks; the outcome of every expectation that is not kept. */
async function outcome(
  bench: typeof events,
  of: typeof domain,
  parts: RawPart[],
  options: RunOptions = {},
) {
  const opened = await bench.open();
  const head = await opened.features.head();
  const isRepeated = parts[0]?.name === 'base';
  const code = await opened.run(isRepeated ? parts : [base(of), ...parts], options).then(
    (result) => (result.changed ? 'committed' : 'unchanged'),
    (error) => error.code,
  );
  const after = await opened.features.head();
  const [entry] = await opened.features.quarantine.list();
  const verdicts = opened.report()?.verdicts ?? (entry?.verdicts as Verdict[] | undefined) ?? [];
  const broken = verdicts.filter(({ outcome }) => outcome === 'fail' || outcome === 'warn');
  return {
    code,
    stayed: after?.snapshotVersion === head?.snapshotVersion,
    broken: Object.fromEntries(broken.map(({ name, outcome }) => [name, outcome])),
    verdict: (name: string) => verdicts.find((verdict) => verdict.name === name),
    entry,
    opened,
  };
}

describe('events: a new week after twelve good weeks', () => {
  test('commits a good week without a warning', async () => {
    const { code, broken } = await outcome(events, domain, [next(good)]);
    expect({ code, broken }).toEqual({ code: 'committed', broken: {} });
  });

  test.each<[string, string, PartOptions, object]>([
    ['a new column', select('*, 1 AS tip'), {}, { new_columns: 'warn' }],
    [
      'a retyped column',
      select("* REPLACE (length || ' km' AS length)"),
      {},
      { retyped_columns: 'warn' },
    ],
    [
      'a renamed column',
      select('* RENAME (length AS distance)'),
      {},
      { new_columns: 'warn', vanished_columns: 'warn' },
    ],
    ['one vanished series', where("series <> 's3'"), {}, { vanished_series: 'warn' }],
    [
      'a quiet morning',
      where('NOT (dayofweek(began) = 3 AND hour(began) BETWEEN 6 AND 10)'),
      {},
      { silence: 'warn' },
    ],
    [
      'a few doubled rows',
      `(SELECT * FROM ${good} UNION ALL SELECT * FROM ${good} WHERE id % 9 = 0)`,
      {},
      { duplicates: 'warn' },
    ],
    [
      'the content of another file',
      good,
      { fingerprint: base(domain).fingerprint },
      { repeated_files: 'warn' },
    ],
  ])('commits %s with a warning', async (_what, relation, options, expected) => {
    const { code, broken } = await outcome(events, domain, [next(relation, options)]);
    expect({ code, broken }).toEqual({ code: 'committed', broken: expected });
  });

  test.each<[string, RawPart, string[]]>([
    ['half the rows gone', next(where('hash(id) % 2 = 0')), ['volume']],
    [
      'every event thrice, with numbers of their own',
      next(`(SELECT * REPLACE (id * 3 + n AS id) FROM ${good}, range(3) t(n))`),
      ['volume'],
    ],
    ['a day of zeros', next(where('dayofweek(began) <> 3')), ['silence']],
    [
      'most series vanished',
      next(where("series IN ('s0', 's1', 's2')")),
      ['vanished_series', 'volume'],
    ],
    [
      'every series by another name',
      next(select("* REPLACE ('new ' || series AS series)")),
      ['new_series', 'vanished_series'],
    ],
    [
      'a file that was written twice',
      next(`(SELECT * FROM ${good} UNION ALL SELECT * FROM ${good})`),
      ['duplicates'],
    ],
    [
      'times years off',
      part(
        'next',
        select(
          '* REPLACE (CASE WHEN id % 50 = 0 THEN began + INTERVAL 1 YEAR ELSE began END AS began)',
        ),
        null,
      ),
      ['future'],
    ],
    ['a declared column by another name', next(select('* RENAME (began AS started)')), ['columns']],
    [
      'a declared column of another kind',
      next(select('* REPLACE (CAST(began AS VARCHAR) AS began)')),
      ['columns'],
    ],
    [
      'rows that are rejected',
      next(good, { rows: { rejections: [{ reason: 'odd', when: 'id % 3 > 0' }] } }),
      ['rejected', 'volume'],
    ],
    [
      'lengths beyond belief',
      next(good, {
        rows: { ranges: [{ name: 'length', value: 'length * (id % 4)', atMost: 4 }] },
      }),
      ['ranges'],
    ],
    [
      'a file published again with most rows lost',
      part('base', `(SELECT * FROM ${rowsFrom(FIRST, 12)} WHERE id % 5 < 2)`, base(domain).span),
      ['shrunk'],
    ],
  ])('refuses %s and keeps the head', async (_what, broken, names) => {
    const { code, stayed, entry } = await outcome(events, domain, [broken]);
    expect({ code, stayed }).toEqual({ code: 'DATA_QUARANTINED', stayed: true });
    const failed = ((entry?.verdicts ?? []) as Verdict[])
      .filter(({ outcome }) => outcome === 'fail')
      .map(({ name }) => name);
    expect(failed).toEqual(expect.arrayContaining(names));
    expect(entry?.atFault).toEqual([
      { name: broken.name, feed: 'one', fingerprint: broken.fingerprint },
    ]);
    expect(entry?.samples.length).toBeGreaterThan(0);
  });

  test('warns about a stale source without new data, and refuses data above a hard limit', async () => {
    const opened = await events.open();
    const expectations = { limits: { freshness: { soft: 24, hard: 48 } } };
    const quiet = await opened.run([base(domain)], { expectations, now: NEXT + 30 * 3_600_000 });
    expect(quiet.changed).toBe(false);
    expect(opened.said.filter((text) => text.startsWith('warn'))).toEqual([
      expect.stringContaining('the source is stale'),
    ]);
    const late = await outcome(events, domain, [next(good)], {
      expectations,
      now: AFTER + 49 * 3_600_000,
    });
    expect(late.code).toBe('DATA_QUARANTINED');
    expect(late.broken).toEqual({ freshness: 'fail' });
  });

  test('does not refuse a first run for a lack of history', async () => {
    const opened = await events.open(false);
    const holed = `(SELECT * FROM ${rowsFrom(FIRST, 13)}
      WHERE began < make_timestamp(${NEXT} * 1000) OR hash(id) % 4 = 0 AND dayofweek(began) <> 3)`;
    const { changed, report } = await opened.run([
      part('all', holed, { start: FIRST, end: AFTER }),
    ]);
    expect(changed).toBe(true);
    const outcomes = Object.fromEntries(
      report?.verdicts.map(({ name, outcome }) => [name, outcome]) ?? [],
    );
    expect(outcomes).toMatchObject({
      volume: 'warn',
      silence: 'warn',
      new_series: 'unjudged',
      new_columns: 'unjudged',
    });
  });

  test('has default expectations, and refuses invalid limits', async () => {
    const opened = await events.open();
    await opened.run([base(domain), next(good)], { expectations: {} });
    expect(opened.report()?.verdicts.map(({ name }) => name)).toEqual(EXPECTATION_NAMES);
    const expectations = { limits: { volume: { soft: 3, hard: 2 } } };
    expect(() => limitsOf({ ...domain, expectations }, 'volume')).toThrow(
      'it warns above 3 and refuses above 2',
    );
  });

  test('verdicts do not depend on the order of rows', async () => {
    const plain = await outcome(events, domain, [next(good)]);
    const verdicts = plain.opened.report()?.verdicts;
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const shuffled = `(SELECT * FROM ${good} ORDER BY hash(id, ${seed}))`;
        const { code, opened } = await outcome(events, domain, [next(shuffled)]);
        expect(code).toBe('committed');
        expect(opened.report()?.verdicts).toEqual(verdicts);
      }),
      { numRuns: 3 },
    );
  });
});

describe('measured values: a new week after twelve good weeks', () => {
  const values = (relation: string) =>
    part('next', asLoads(relation), week, { rows: MEASURED_ROWS });

  test('commits a good week without a warning', async () => {
    const { code, broken } = await outcome(loads, measured, [values(good)]);
    expect({ code, broken }).toEqual({ code: 'committed', broken: {} });
  });

  test.each<[string, string, string]>([
    ['values times 1000', select('* REPLACE (load * 1000 AS load)'), 'level'],
    [
      'one series in another unit',
      select("* REPLACE (CASE WHEN series = 's2' THEN load / 1000 ELSE load END AS load)"),
      'level',
    ],
    ['half the hours gone', where('hour(began) % 2 = 0'), 'volume'],
    ['a day without a value', where('dayofweek(began) <> 3'), 'silence'],
    ['most series gone', where("series IN ('s0', 's1', 's2')"), 'vanished_series'],
  ])('refuses %s', async (_what, relation, name) => {
    const { code, stayed, broken } = await outcome(loads, measured, [values(relation)]);
    expect({ code, stayed }).toEqual({ code: 'DATA_QUARANTINED', stayed: true });
    expect(broken).toMatchObject({ [name]: 'fail' });
  });

  test('counts a series that stays at zero', async () => {
    const zeros = select("* REPLACE (CASE WHEN series <> 's0' THEN 0 ELSE load END AS load)");
    const { verdict } = await outcome(loads, measured, [values(zeros)]);
    expect(verdict('zero_series')).toMatchObject({ outcome: 'pass', value: 0 });
  });
});
