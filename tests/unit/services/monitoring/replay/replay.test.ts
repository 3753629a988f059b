/** Purpose: a replay that is killed anywhere goes on and ends in the same store. */
import { expect, test } from '@jest/globals';
import { silentProgress } from '../../../../../platform/progress.ts';
import {
  type ReplayPlan,
  type ReplayPorts,
  replay,
} from '../../../../../services/monitoring/replay/replay.ts';
import type { LedgerIssue } from '../../../../../storage/ledger/ledger.ts';
import { openCheckLog } from '../../../../../storage/monitoring/check-log.ts';
import { openCheckpoints } from '../../../../../storage/replay/checkpoints.ts';
import {
  type MemoryObjectStore,
  memoryObjectStore,
} from '../../../../fakes/memory-object-store.ts';

const HOUR = 3_600_000;
const FROM = Date.UTC(2023, 9, 1);
const PLAN: ReplayPlan = {
  from: FROM,
  until: FROM + 3 * 24 * HOUR - 6 * HOUR,
  everyMs: HOUR,
  checkEveryMs: 24 * HOUR,
};

/** Parts that write to the store; the store fails from its n-th change on. */
function portsOver(store: MemoryObjectStore): ReplayPorts {
  const put = (key: string, text: string) => store.put(`toy/${key}`, Buffer.from(text));
  const checks = openCheckLog({ store, domain: 'toy' });
  return {
    ledger: {
      append: async (issues) => {
        await put(`issues-${issues[0]?.issuedAt}`, issues.map((one) => one.issuedAt).join());
        return null;
      },
    },
    checkpoints: openCheckpoints({ store, domain: 'toy', plan: 'the toy' }),
    prepare: (now) => put(`model-${now}`, 'first'),
    models: async () => 'first',
    issue: async (times) => times.map((issuedAt) => ({ issuedAt }) as LedgerIssue),
    check: async (now) => {
      await checks.append({ at: now, scoredDays: [], verdicts: [] }, {});
      await put(`decision-${now}`, 'decided');
      return 'decided';
    },
    progress: silentProgress,
  };
}

/** What the parts wrote; commit ids are random, so of log entries the keys alone. */
const contents = (store: MemoryObjectStore) =>
  [...store.objects]
    .map(([key, bytes]) => [key, /\.json(\.gz)?$/.test(key) ? '' : Buffer.from(bytes).toString()])
    .sort();

test('issues every hour once and checks after each day, also a shorter last day', async () => {
  const store = memoryObjectStore();
  await replay(PLAN, portsOver(store));
  const hours = (day: number, count: number) =>
    Array.from({ length: count }, (_, i) => FROM + (24 * day + i) * HOUR).join();
  const written = Object.fromEntries(contents(store));
  expect(written[`toy/issues-${FROM}`]).toBe(hours(0, 24));
  expect(written[`toy/issues-${FROM + 48 * HOUR}`]).toBe(hours(2, 18));
  const checks = await openCheckLog({ store, domain: 'toy' }).entries();
  expect(checks.map(({ at }) => at)).toEqual([24, 48, 66].map((hour) => FROM + hour * HOUR));
});

test('the next forecasts are made during a check, again where it changes who forecasts', async () => {
  const store = memoryObjectStore();
  const ports = portsOver(store);
  const seen: string[] = [];
  const dayOf = (time: number) => (time - FROM) / (24 * HOUR);
  let model = 'first';
  const issued: string[] = [];
  await replay(PLAN, {
    ...ports,
    models: async () => model,
    async issue(times) {
      seen.push(`issue ${dayOf(times[0] as number)} by ${model}`);
      return times.map((issuedAt) => ({ issuedAt, modelVersion: model }) as LedgerIssue);
    },
    ledger: {
      async append(issues) {
        issued.push(`${dayOf(issues[0]?.issuedAt as number)} by ${issues[0]?.modelVersion}`);
        return null;
      },
    },
    async check(now) {
      const day = dayOf(now);
      seen.push(`check ${day}`);
      if (day === 1) model = 'second';
      return '';
    },
  });
  expect(seen).toEqual([
    ...['issue 0 by first', 'issue 1 by first', 'check 1', 'issue 1 by second'],
    ...['issue 2 by second', 'check 2', `check ${66 / 24}`],
  ]);
  expect(issued).toEqual(['0 by first', '1 by second', '2 by second']);
});

test('forecasts made ahead that fail stop the replay, and only where they are needed', async () => {
  const failing = (fails: (day: number, calls: number) => boolean, models: () => string) => {
    let calls = 0;
    return replay(PLAN, {
      ...portsOver(memoryObjectStore()),
      models: async () => models(),
      async issue(times) {
        if (fails(((times[0] as number) - FROM) / (24 * HOUR), calls++)) throw new Error('failed');
        return times.map((issuedAt) => ({ issuedAt }) as LedgerIssue);
      },
    });
  };
  await expect(
    failing(
      (day) => day === 1,
      () => 'same',
    ),
  ).rejects.toThrow('failed');
  let named = 0;
  await failing(
    (day, calls) => day === 1 && calls === 1,
    () => `other ${named++}`,
  );
});

test('progress of a resumed run starts with what was done before', async () => {
  const store = memoryObjectStore();
  const ports = portsOver(store);
  const seen: unknown[][] = [];
  const progress = {
    start: (...given: unknown[]) => seen.push(['start', ...given]),
    update: (done: number) => seen.push(['update', done]),
    stop: () => {},
  };
  const killed = async (now: number) => {
    if (now > FROM + 24 * HOUR) throw new Error('killed');
    return ports.check(now);
  };
  await expect(replay(PLAN, { ...ports, progress, check: killed })).rejects.toThrow('killed');
  await replay(PLAN, { ...portsOver(store), progress });
  expect(seen).toEqual([
    ['start', 'replay', 66, 0],
    ['update', 24],
    ['start', 'replay', 66, 24],
    ['update', 48],
    ['update', 66],
  ]);
});

test('a run killed at any store operation and resumed ends in the same store', async () => {
  const whole = memoryObjectStore();
  await replay(PLAN, portsOver(whole));
  const expected = contents(whole);
  for (const side of ['before', 'after'] as const) {
    let isFinished = false;
    for (let failAt = 1; !isFinished; failAt++) {
      const store = memoryObjectStore();
      let changes = 0;
      store.fault = (operation) => {
        if (!['put', 'createIfAbsent', 'remove'].includes(operation)) return undefined;
        changes++;
        return changes >= failAt ? side : undefined;
      };
      isFinished = await replay(PLAN, portsOver(store)).then(
        () => true,
        () => false,
      );
      store.fault = () => undefined;
      await replay(PLAN, portsOver(store));
      expect(contents(store)).toEqual(expected);
    }
  }
});

test.each(['prepare', 'check'] as const)(
  'repeats the work of %s that was interrupted',
  async (part) => {
    const whole = memoryObjectStore();
    await replay(PLAN, portsOver(whole));
    const store = memoryObjectStore();
    const stop = new AbortController();
    const ports = portsOver(store);
    const stopped = async (now: number) => {
      stop.abort();
      await store.put(`toy/${part}-${now}`, Buffer.from('without its workers'));
      return 'kept';
    };
    const interrupted = { ...ports, [part]: stopped, signal: stop.signal };
    await expect(replay(PLAN, interrupted)).rejects.toThrow(/abort/);
    await replay(PLAN, portsOver(store));
    expect(contents(store)).toEqual(contents(whole));
  },
);

test('refuses the store of something else', async () => {
  const store = memoryObjectStore();
  await store.put('features/toy/data/a.parquet', new Uint8Array(1));
  const foreign = { code: 'REPLAY_FOREIGN', where: 'memory:' };
  await expect(replay(PLAN, portsOver(store))).rejects.toMatchObject(foreign);
  expect([...store.objects.keys()]).toEqual(['features/toy/data/a.parquet']);

  const other = memoryObjectStore();
  await replay(PLAN, portsOver(other));
  const checkpoints = openCheckpoints({ store: other, domain: 'toy', plan: 'another' });
  await expect(checkpoints.restore()).rejects.toMatchObject({ code: 'REPLAY_FOREIGN' });
});
