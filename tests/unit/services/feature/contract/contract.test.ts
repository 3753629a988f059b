/** Purpose: the data contract in short; tests/integration/services/feature has every expectation. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { EXPECTATION_NAMES, judged } from '../../../../../services/feature/contract/verdict.ts';
import {
  AFTER,
  base,
  contractFixture,
  domain,
  NEXT,
  part,
  rowsFrom,
} from '../../../../fixtures/contract-fixture.ts';

// The first report in a file loads danfo, which takes seconds on a busy machine.
jest.setTimeout(60_000);

const WEEK = { start: NEXT, end: AFTER };
const half = part('half', `(SELECT * FROM ${rowsFrom(NEXT, 1)} WHERE hash(id) % 2 = 0)`, WEEK);

describe('a new week after twelve good weeks', () => {
  let fixture: Awaited<ReturnType<typeof contractFixture>>;
  beforeAll(async () => {
    fixture = await contractFixture(domain);
  });
  afterAll(() => fixture?.remove());

  test('commits the week with a new column and warns', async () => {
    const { run, said } = await fixture.open();
    const week = part('week', `(SELECT *, 1 AS tip FROM ${rowsFrom(NEXT, 1)})`, WEEK);
    const { changed, report } = await run([base(domain), week]);
    expect(changed).toBe(true);
    const broken = report?.verdicts.filter(({ outcome }) => !/pass|unjudged/.test(outcome));
    expect(broken?.map(({ name, outcome }) => [name, outcome])).toEqual([['new_columns', 'warn']]);
    expect(said.filter((text) => text.startsWith('warn'))).toHaveLength(1);
  });

  test('refuses half the rows, keeps the head, and records an override', async () => {
    const { features, run, said, clock } = await fixture.open();
    const head = await features.head();
    await expect(run([base(domain), half])).rejects.toMatchObject({
      code: 'DATA_QUARANTINED',
      message: expect.stringContaining('volume'),
      fix: expect.stringMatching(/headway features run --accept \S+ --reason/),
    });
    expect(await features.head()).toEqual(head);
    said.length = 0;
    const again = await run([base(domain), half]);
    expect(again.held.map(({ atFault }) => atFault[0]?.name)).toEqual(['half']);
    expect(said).toEqual([expect.stringContaining('still in quarantine, and not judged again')]);

    clock.advance(1000);
    const id = again.held[0]?.id as string;
    const accept = { id, reason: 'the strike was real' };
    const { manifest } = await run([base(domain), half], { accept });
    expect(manifest.reason).toBe(
      `half of a test; accepted from quarantine ${id}: the strike was real`,
    );
  });
});

test.each(EXPECTATION_NAMES)(
  '%s warns above the soft limit, fails above the hard one, and only warns without history',
  (name) => {
    const of = (value: number, limits: object, onlyWarn = false) => {
      const declared = { ...domain, expectations: { limits: { [name]: limits } } };
      return judged(
        declared,
        name,
        [{ value, detail: 'x', parts: [{ feed: 'a', name: 'b' }], onlyWarn }],
        '',
      );
    };
    const limits = { soft: 2, hard: 5 };
    expect([2, 3, 5, 6].map((value) => of(value, limits).outcome)).toEqual([
      'pass',
      'warn',
      'warn',
      'fail',
    ]);
    expect(of(6, limits).parts).toEqual([{ feed: 'a', name: 'b' }]);
    expect(of(6, limits, true)).toMatchObject({ outcome: 'warn', parts: [] });
    expect(of(6, { soft: null, hard: null }).outcome).toBe('pass');
    expect(judged(domain, name, [], 'why')).toMatchObject({
      outcome: 'unjudged',
      detail: 'why',
      value: null,
    });
  },
);
