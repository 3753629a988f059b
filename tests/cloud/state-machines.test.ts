/**
 * Purpose: every state machine that we would deploy, run from its start to its end by a local
 * interpreter of the states language, through each way that a run can go.
 * Invariants: the definitions are those of the synthesised templates; tasks are functions.
 * Fails: as a test. Without the interpreter the tests are skipped under a name that says how to
 * install it.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cloudTest } from '../fixtures/aws/cloud-tools.ts';
import { flat } from '../fixtures/aws/policy-audit.ts';
import { type Execution, runMachine, TaskError } from '../fixtures/aws/run-machine.ts';
import { all, synthesise } from '../fixtures/aws/synthesised.ts';

let remove: () => Promise<void>;
beforeAll(async () => {
  remove = await synthesise();
}, 240_000);
afterAll(() => remove());

const SHARDS = 32;

/** Name → definition, of the machines that have a state. */
const machinesWith = (state: string): [string, string][] =>
  all().flatMap(([name, { Resources }]) =>
    Object.values(Resources)
      .filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine')
      .map(({ Properties }) => flat(Properties.DefinitionString))
      .filter((definition) => definition.includes(`"${state}"`))
      .map((definition): [string, string] => [name, definition]),
  );

const started = ({ calls }: Execution): string[] => calls.map(([state]) => state);

/** The message that a notifying state sent. */
const messageOf = ({ calls }: Execution, state: string): unknown =>
  calls.filter(([name]) => name === state).map(([, { MessageBody }]) => MessageBody)[0];

const fails = (error: string, cause: string) => () => {
  throw new TaskError(error, cause);
};
const SPOT_LOST = fails('States.TaskFailed', '{"StopCode":"SpotInterruption"}');
const NO_CAPACITY = fails('ECS.AmazonECSException', 'Capacity is unavailable at this time.');
const EXIT_1 = fails('States.TaskFailed', '{"Containers":[{"ExitCode":1}]}');

describe('run on Fargate', () => {
  const spare = () => machinesWith('RunOnSpareCapacity');

  cloudTest(
    'each path ends in success, or in a message and a failure',
    ['local-sfn'],
    async (t) => {
      expect(spare().length).toBeGreaterThan(4);
      for (const [name, machine] of spare()) {
        const run = async (RunOnSpareCapacity: () => unknown, RunAtFullPrice = () => ({})) => {
          const tasks = { RunOnSpareCapacity, RunAtFullPrice };
          const execution = await runMachine(t['local-sfn'], machine, tasks);
          return { ...execution, of: [name, execution.hasSucceeded, ...started(execution)] };
        };
        expect((await run(() => ({}))).of).toEqual([name, true, 'RunOnSpareCapacity']);
        for (const lost of [SPOT_LOST, NO_CAPACITY])
          expect((await run(lost)).of).toEqual([
            name,
            true,
            'RunOnSpareCapacity',
            'RunAtFullPrice',
          ]);
        const failed = await run(EXIT_1);
        expect(failed.of).toEqual([name, false, 'RunOnSpareCapacity', 'Notify']);
        expect(messageOf(failed, 'Notify')).toEqual({
          execution: 'execution-1',
          failure: { Error: 'States.TaskFailed', Cause: expect.stringContaining('ExitCode') },
        });
        const all = [name, false, 'RunOnSpareCapacity', 'RunAtFullPrice', 'Notify'];
        expect((await run(SPOT_LOST, EXIT_1)).of).toEqual(all);
      }
    },
  );

  cloudTest('a moved training keeps its original question', ['local-sfn'], async (tools) => {
    const machines = spare().filter(([name]) => name.endsWith('-training'));
    expect(machines.length).toBeGreaterThan(1);
    for (const [, machine] of machines) {
      const { calls } = await runMachine(tools['local-sfn'], machine, {
        RunOnSpareCapacity: SPOT_LOST,
      });
      const [first, second] = calls.map(([, { Overrides }]) => Overrides as never as Overrides);
      expect(first?.ContainerOverrides[0]?.Command).toEqual([
        'train',
        '--known-at',
        expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      ]);
      expect(second).toEqual(first);
    }
  });
});

interface Overrides {
  readonly ContainerOverrides: readonly { readonly Command: readonly string[] }[];
}

describe('a batch by shards', () => {
  type Shard = { readonly Payload: { readonly shard: string } };
  const run = async (interpreter: string, ForecastShard: (shard: string) => unknown) => {
    const [[, machine] = ['', '']] = machinesWith('ForecastShard');
    return runMachine(interpreter, machine, {
      ForecastShard: ({ Payload }: Shard) => ForecastShard(Payload.shard),
    });
  };

  cloudTest('forecasts each shard once', ['local-sfn'], async (tools) => {
    const shards: string[] = [];
    const { hasSucceeded } = await run(tools['local-sfn'], (shard) => shards.push(shard));
    expect(hasSucceeded).toBe(true);
    const wanted = Array.from({ length: SHARDS }, (_, i) => `${i + 1}/${SHARDS}`);
    expect(shards.sort()).toEqual(wanted.sort());
  });

  cloudTest('does nothing without a champion', ['local-sfn'], async (tools) => {
    const execution = await run(tools['local-sfn'], fails('NO_CHAMPION', 'none'));
    expect(execution.hasSucceeded).toBe(true);
    expect(started(execution)).toEqual(Array(SHARDS).fill('ForecastShard'));
  });

  cloudTest('survives a store that is away once', ['local-sfn'], async (tools) => {
    let tries = 0;
    const { hasSucceeded, calls } = await run(tools['local-sfn'], (shard) => {
      if (shard === '7/32' && tries++ === 0) throw new TaskError('STORE_UNAVAILABLE', 'away');
    });
    expect([hasSucceeded, tries, calls.length]).toEqual([true, 2, SHARDS + 1]);
  });

  cloudTest('reports a failed shard and runs the others', ['local-sfn'], async (tools) => {
    const done = new Set<string>();
    const execution = await run(tools['local-sfn'], (shard) => {
      if (shard === '7/32') throw new TaskError('STORE_CORRUPT', 'a segment');
      done.add(shard);
    });
    expect([execution.hasSucceeded, done.size]).toEqual([false, SHARDS - 1]);
    expect(started(execution)).toHaveLength(SHARDS + 1);
    expect(messageOf(execution, 'NotifyShard')).toEqual({
      execution: 'execution-1',
      shard: '7/32',
      failure: { Error: 'STORE_CORRUPT', Cause: 'a segment' },
    });
  });
});

test('tests every type of state machine', () => {
  const machines = machinesWith('StartAt').length;
  expect(machinesWith('RunAtFullPrice').length + machinesWith('ForecastShard').length).toBe(
    machines,
  );
});
