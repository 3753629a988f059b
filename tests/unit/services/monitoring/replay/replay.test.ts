/** Purpose: a replay that is killed anywhere goes on and ends in the same logs. */
import { expect, test } from '@jest/globals';
import { silentProgress } from '../../../../../platform/progress.ts';
import {
  type ReplayPlan,
  type ReplayPorts,
  replay,
} from '../../../../../services/monitoring/replay/replay.ts';
import type { LedgerIssue } from '../../../../../storage/ledger/ledger.ts';
import { openCheckLog } from '../../../../../storage/monitoring/check-log.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';

const HOUR = 3_600_000;
const FROM = Date.UTC(2023, 9, 1);
const PLAN: ReplayPlan = {
  from: FROM,
  until: FROM + 3 * 24 * HOUR - 6 * HOUR,
  everyMs: HOUR,
  checkEveryMs: 24 * HOUR,
};

/** Ports over a log that lasts, which fail at the n-th call of any of them. */
function world() {
  const issued: number[][] = [];
  const checks = openCheckLog({ store: memoryObjectStore(), domain: 'toy' });
  const ports = (failAt: number): ReplayPorts => {
    let calls = 0;
    const call = () => {
      calls++;
      if (calls === failAt) throw new Error('killed');
    };
    const startsIn = (from: number, until: number) =>
      issued.filter(([first]) => (first as number) >= from && (first as number) < until);
    return {
      ledger: {
        append: async (issues) => {
          call();
          issued.push(issues.map(({ issuedAt }) => issuedAt));
          return null;
        },
        parts: async ({ from = 0, until = 0 } = {}) => startsIn(from, until) as never,
      },
      checks,
      prepare: async () => call(),
      issue: async (now) => {
        call();
        return [{ issuedAt: now } as LedgerIssue];
      },
      check: async (now) => {
        call();
        await checks.append({ at: now, scoredDays: [], verdicts: [], state: {} });
        call();
        return { note: '' };
      },
      progress: silentProgress,
    };
  };
  return { issued, checks, ports };
}

const times = async ({ issued, checks }: ReturnType<typeof world>) => ({
  issued: issued.flat(),
  checks: (await checks.entries()).map(({ at }) => at),
});

test('issues every hour once and checks after each day, the last one shorter', async () => {
  const one = world();
  await replay(PLAN, one.ports(0));
  expect(await times(one)).toEqual({
    issued: Array.from({ length: 66 }, (_, i) => FROM + i * HOUR),
    checks: [FROM + 24 * HOUR, FROM + 48 * HOUR, FROM + 66 * HOUR],
  });
});

test('killed at any call and resumed, it ends in the same logs', async () => {
  const whole = world();
  await replay(PLAN, whole.ports(0));
  const expected = await times(whole);
  for (let failAt = 1; failAt <= 74; failAt++) {
    const one = world();
    await expect(replay(PLAN, one.ports(failAt))).rejects.toThrow('killed');
    await replay(PLAN, one.ports(0));
    expect(await times(one)).toEqual(expected);
  }
});
