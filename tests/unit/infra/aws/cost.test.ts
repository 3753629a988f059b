import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { alternatives } from '../../../../infra/cost/alternatives.ts';
import { type Bill, headwayBill } from '../../../../infra/cost/bill.ts';
import { type Deployment, readDeployment } from '../../../../infra/cost/deployment.ts';
import { PRICES } from '../../../../infra/cost/prices.ts';
import { runsPerMonth } from '../../../../infra/cost/schedule.ts';
import { SIZE_NAMES, SIZES, type Size, type Usage } from '../../../../infra/cost/sizes.ts';
import { readTemplates } from '../../../../infra/cost/templates.ts';
import { temporaryFolder } from '../../../fixtures/storage/features.ts';

const FUNCTION = { kind: 'function', diskGb: 0, isArm: true, isTraced: true } as const;
const TASK = { kind: 'task', vcpu: 2, memoryGb: 4, diskGb: 0, isArm: true, isSpot: false } as const;

const deployment: Deployment = {
  service: { ...FUNCTION, memoryGb: 1 },
  provisioned: 0,
  hasHttpApi: true,
  hasDistribution: false,
  firewalls: [],
  features: { runsPerMonth: 100, size: { ...FUNCTION, memoryGb: 2 } },
  training: { runsPerMonth: 4, size: TASK },
  monitoring: { runsPerMonth: 73, size: TASK },
  batch: null,
  lander: null,
  probe: { runsPerMonth: 0, size: { ...FUNCTION, memoryGb: 0.125 } },
  machines: 2,
  schedules: 4,
  hasInsights: true,
  fileSystems: 1,
  natGateways: 0,
  endpoints: 0,
  logDays: 14,
  alarmMetrics: 19,
  dashboards: 1,
  metrics: { probe: 5, monitoring: 2, log: 1 },
};

const find = ({ lines }: Bill, item: string) => lines.find((line) => line.item === item);
const dollars = (bill: Bill, item: string): number => {
  const found = find(bill, item);
  if (found === undefined) throw new Error(`no line ${item}`);
  return found.dollars;
};

describe('lines computed by hand', () => {
  const bill = headwayBill(SIZES.dev, deployment);

  test('prices serving and scheduled jobs', () => {
    // 50,000 × 0.02 s × 1 GB = 1,000 GB-s at $0.0000133334, and 0.05 million requests at $0.20
    expect(dollars(bill, 'inference function')).toBeCloseTo(0.0133334 + 0.01, 8);
    expect(dollars(bill, 'HTTP API')).toBeCloseTo(0.05, 8);
    // 100 × 60 s × 2 GB = 12,000 GB-s, and 100 invocations
    expect(dollars(bill, 'features')).toBeCloseTo(0.1600008 + 0.00002, 8);
    // an hour of 2 vCPU and 4 GB: 0.06476 + 0.01424; and of an address
    expect(dollars(bill, 'training')).toBeCloseTo(0.079 + 0.005, 8);
  });

  test('prices monitoring', () => {
    expect(dollars(bill, 'alarms')).toBeCloseTo(1.9, 8);
    // 5 of the probe and 1 of the log all the time, 2 in a tenth of the hours
    expect(dollars(bill, 'metrics')).toBeCloseTo(0.3 * 6.2, 8);
    // 13 of the cluster, 10 of monitoring in 73 hours, 10 of training in 4
    expect(dollars(bill, 'Container Insights')).toBeCloseTo(0.3 * (13 + 1 + 40 / 730), 8);
    // every request and run: far fewer than one a second
    expect(dollars(bill, 'traces (X-Ray)')).toBeCloseTo((50_000 + 177) * 5e-6, 8);
  });

  test('prices one trace in twenty beyond one a second', () => {
    const usage = { ...SIZES.dev.usage, requestsPerMonth: 12_628_000 };
    const busy = headwayBill({ ...SIZES.dev, usage }, deployment);
    expect(dollars(busy, 'traces (X-Ray)')).toBeCloseTo((2_628_000 + 500_000 + 177) * 5e-6, 6);
  });

  test('prices Spot at three tenths, and its address in full', () => {
    const training = { runsPerMonth: 4, size: { ...TASK, isSpot: true } };
    expect(dollars(headwayBill(SIZES.dev, { ...deployment, training }), 'training')).toBeCloseTo(
      0.3 * 0.079 + 0.005,
      8,
    );
  });

  test('a stream costs a container that is always on, and requests for every entry', () => {
    const lander = { size: { ...TASK, vcpu: 0.5, memoryGb: 1 }, everySeconds: 60 };
    const landing = headwayBill(SIZES.dev, { ...deployment, lander });
    // 730 hours of half a vCPU, a GB and an address: 0.01619 + 0.00356 + 0.005
    expect(dollars(landing, 'stream lander')).toBeCloseTo(730 * 0.02475, 6);
    // 43,800 entries of 6 writes at $5 and 4 reads at $0.4 a million
    const more = (item: string) => dollars(landing, item) - dollars(bill, item);
    expect(more('store (S3)')).toBeCloseTo(43_800 * (6 * 5e-6 + 4 * 4e-7), 6);
    expect(more('Container Insights')).toBeCloseTo(3, 8);
  });

  test('has a line exactly for what is deployed', () => {
    expect(find(bill, 'NAT gateways and endpoints')).toBeUndefined();
    expect(find(bill, 'firewall')).toBeUndefined();
    const more = { ...deployment, natGateways: 2, endpoints: 4, firewalls: [2] };
    const dearer = headwayBill(SIZES.dev, more);
    // 2 × 730 × $0.045, and 4 × 730 × $0.01
    expect(dollars(dearer, 'NAT gateways and endpoints')).toBeCloseTo(65.7 + 29.2, 8);
    // $5, 2 rules, 0.05 million requests at $0.60
    expect(dollars(dearer, 'firewall')).toBeCloseTo(7.03, 8);
  });

  test('prices two tiers of the legacy service, and omits what does not fit a container', () => {
    const whole = {
      ...deployment,
      batch: { ...deployment.training, runsPerMonth: 730, shards: 4 },
    };
    const [, legacy, ...others] = alternatives(SIZES.city, whole);
    // 30 × 1,000,000 × 24 × 3 = 2.16 billion points: 50 million at $0.25, the rest at $0.15 a
    // thousand
    expect(dollars(legacy!, 'data points')).toBeCloseTo(12_500 + 316_500, 4);
    expect(others.some(({ title }) => title.startsWith('always-on'))).toBe(false);
  });

  test('prices HTTP API requests beyond 300 million a tenth less', () => {
    const usage = { ...SIZES.dev.usage, requestsPerMonth: 400_000_000 };
    const busy = headwayBill({ ...SIZES.dev, usage }, deployment);
    expect(dollars(busy, 'HTTP API')).toBeCloseTo(300 + 90, 8);
  });
});

describe('readDeployment', () => {
  test('refuses an unpriced resource by name', async () => {
    const Resources = { Big: { Type: 'AWS::Redshift::Cluster', Properties: {} } };
    await expect(readDeployment({ data: { Resources } })).rejects.toThrow(
      'does not know what AWS::Redshift::Cluster costs',
    );
  });

  test.each([
    ['rate(5 minutes)', 8760],
    ['rate(6 hours)', 730 / 6],
    ['rate(1 day)', 730 / 24],
    ['cron(5 * * * ? *)', 730],
    ['cron(0/15 * * * ? *)', 4 * 730],
    ['cron(30 3 * * ? *)', 730 / 24],
    ['cron(30 3,15 ? * SUN *)', (2 * 730) / 168],
    ['cron(0 9-17 * * ? *)', (9 * 730) / 24],
    ['cron(0 0 1 * ? *)', 1],
  ])('%s runs %d times a month', (expression, runs) => {
    expect(runsPerMonth(expression)).toBeCloseTo(runs, 9);
  });

  test.each(['cron(0 0 L * ? *)', 'at(2026-01-01T00:00:00)', 'cron(0 0 1 1 ? *)'])(
    '%s is refused',
    (expression) => {
      expect(() => runsPerMonth(expression)).toThrow(expression);
    },
  );
});

describe('properties of bills', () => {
  const amounts = ['series', 'eventsPerDay', 'requestsPerMonth', 'responseKb', 'storedGb'] as const;
  const minutes = ['featuresMinutes', 'trainingMinutes', 'monitoringMinutes'] as const;
  const size = fc.constantFrom<Size>(...SIZE_NAMES.map((name) => SIZES[name]));
  const bills = (of: Size) => [headwayBill(of, deployment), ...alternatives(of, deployment)];

  test('a total is the sum of named lines that are not negative', () => {
    for (const name of SIZE_NAMES) {
      for (const bill of bills(SIZES[name])) {
        expect(bill.lines.reduce((sum, line) => sum + line.dollars, 0)).toBeCloseTo(bill.total, 9);
        expect(Math.max(...bill.lines.map((line) => line.dollars))).toBeCloseTo(
          bill.dominant.share * bill.total,
          9,
        );
        for (const line of bill.lines) {
          expect(line.dollars).toBeGreaterThanOrEqual(0);
          expect(line.prices.length).toBeGreaterThan(0);
        }
      }
    }
  });

  test('more usage never costs less', () => {
    fc.assert(
      fc.property(
        size,
        fc.constantFrom<keyof Usage>(...amounts, ...minutes),
        fc.double({ min: 1, max: 1000, noNaN: true }),
        (base, amount, factor) => {
          const usage = { ...base.usage, [amount]: base.usage[amount] * factor };
          const before = bills(base);
          for (const [index, { total }] of bills({ ...base, usage }).entries())
            expect(total).toBeGreaterThanOrEqual(before[index]!.total - 1e-9);
        },
      ),
    );
  });

  test('every price has a source and a date', () => {
    for (const price of Object.values(PRICES)) {
      expect(price.source).toMatch(/^https:\/\/aws\.amazon\.com\/[a-z0-9/-]+\/$/);
      expect(price.noted).toMatch(/^20\d\d-(0[1-9]|1[0-2])$/);
      expect(price.dollars).toBeGreaterThan(0);
    }
  });
});

test('finds the stacks of a fork under its own name', async () => {
  const { folder, remove } = await temporaryFolder();
  for (const name of ['shop-forecasts-dev-data', 'shop-forecasts-prod-data'])
    await writeFile(join(folder, `${name}.template.json`), JSON.stringify({ Resources: { name } }));
  await writeFile(join(folder, 'manifest.json'), '{}');
  expect(readTemplates(folder, 'prod')).toEqual({
    data: { Resources: { name: 'shop-forecasts-prod-data' } },
  });
  await remove();
});
