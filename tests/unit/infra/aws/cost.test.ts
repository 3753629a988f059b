import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { alternatives, type Bill, headwayBill } from '../../../../infra/cost/bill.ts';
import { PRICES } from '../../../../infra/cost/prices.ts';
import { SIZE_NAMES, SIZES, type Size } from '../../../../infra/cost/sizes.ts';

const dollars = ({ lines }: Bill, item: string): number => {
  const found = lines.find((line) => line.item === item);
  if (found === undefined) throw new Error(`no line ${item}`);
  return found.dollars;
};

describe('bills computed by hand', () => {
  test('portfolio', () => {
    const bill = headwayBill(SIZES.portfolio);
    // 50,000 × 0.02 s × 1 GB = 1,000 GB-s at $0.0000133334, and 0.05 million requests at $0.20
    expect(dollars(bill, 'inference functions')).toBeCloseTo(0.0133334 + 0.01, 8);
    expect(dollars(bill, 'HTTP API')).toBeCloseTo(0.05, 8);
    // 30 minutes of 1 vCPU and 2 GB: 0.5 × (0.03238 + 2 × 0.00356), and half an hour of an address
    expect(dollars(bill, 'feature runs')).toBeCloseTo(0.01975 + 0.0025, 8);
    // an hour of 2 vCPU and 4 GB at 30 %: 0.3 × (0.06476 + 0.01424), and an hour of an address
    expect(dollars(bill, 'training')).toBeCloseTo(0.0237 + 0.005, 8);
    // 2 GB, 360 writes, 1,800 reads
    expect(dollars(bill, 'S3')).toBeCloseTo(0.046 + 0.0018 + 0.00072, 8);
    // 50,000 × 4 kB = 0.2 GB at $0.09; 50,000 × 500 B = 0.025 GB at $0.50
    expect(dollars(bill, 'data out')).toBeCloseTo(0.018, 8);
    expect(dollars(bill, 'logs')).toBeCloseTo(0.0125, 8);
    // 19 × 0.10 + 8 × 0.30 + 3 + 2 GB × 0.10, and 34 schedules at a dollar a million
    expect(dollars(bill, 'monitoring')).toBeCloseTo(7.500034, 8);
    expect(bill.total).toBeCloseTo(7.7033374, 6);
    expect(bill.dominant.item).toBe('monitoring');
  });

  test('company: what is kept ready costs more than what serves', () => {
    const bill = headwayBill(SIZES.company);
    // 20 million × 0.02 s × 3 GB = 1.2 million GB-s; 20 million requests at $0.20 a million
    expect(dollars(bill, 'inference functions')).toBeCloseTo(16.00008 + 4, 6);
    // 2 × 3 GB × 730 h × 3,600 s = 15,768,000 GB-s at $0.0000033334
    expect(dollars(bill, 'provisioned concurrency')).toBeCloseTo(52.5610512, 6);
    // 720 × (20 s of work + 4 × 5 s of starts) × 2 GB = 57,600 GB-s, 2,880 shards
    expect(dollars(bill, 'batch forecasts')).toBeCloseTo(0.76800384 + 0.000576, 6);
    expect(dollars(bill, 'Distributed Map')).toBeCloseTo(0.288, 8);
    expect(bill.dominant.item).toBe('provisioned concurrency');
  });

  test('city: a scan of the raw events, two tiers of the legacy service, and no single container', () => {
    const bill = headwayBill(SIZES.city);
    // 500 million × 30 × 12 B × 4 = 0.72 TB at $5
    expect(dollars(bill, 'Athena scans')).toBeCloseTo(3.6, 8);
    // $5, 8 rules, 1,000 million requests at $0.60
    expect(dollars(bill, 'firewall')).toBeCloseTo(613, 8);
    const [, legacy] = alternatives(SIZES.city);
    // 30 × 1,000,000 × 24 × 3 = 2.16 billion points: 50 million at $0.25, the rest at $0.15 a
    // thousand
    expect(dollars(legacy!, 'data points')).toBeCloseTo(12_500 + 316_500, 4);
    expect(alternatives(SIZES.city).some(({ title }) => title.startsWith('always-on'))).toBe(false);
  });

  test('HTTP API: beyond 300 million requests a tenth less', () => {
    const bill = headwayBill({ ...SIZES.portfolio, requestsPerMonth: 400_000_000 });
    expect(dollars(bill, 'HTTP API')).toBeCloseTo(300 + 90, 8);
  });
});

describe('properties', () => {
  const amounts = [
    'series',
    'eventsPerDay',
    'requestsPerMonth',
    'responseKb',
    'storedGb',
    'alarms',
    'customMetrics',
    'analystHours',
  ] as const;
  const size = fc.constantFrom<Size>(...SIZE_NAMES.map((name) => SIZES[name]));

  test('a total is the sum of its lines, and no line is negative or unnamed', () => {
    for (const name of SIZE_NAMES) {
      for (const bill of [headwayBill(SIZES[name]), ...alternatives(SIZES[name])]) {
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

  test('more of any usage never costs less', () => {
    fc.assert(
      fc.property(
        size,
        fc.constantFrom(...amounts),
        fc.double({ min: 1, max: 1000, noNaN: true }),
        (base, amount, factor) => {
          const more = { ...base, [amount]: base[amount] * factor };
          const totals = (of: Size) =>
            [headwayBill(of), ...alternatives(of)].map(({ total }) => total);
          const before = totals(base);
          for (const [index, total] of totals(more).entries())
            expect(total).toBeGreaterThanOrEqual(before[index]! - 1e-9);
        },
      ),
    );
  });

  test('each size costs more than the one before it', () => {
    const totals = SIZE_NAMES.map((name) => headwayBill(SIZES[name]).total);
    expect([...totals].sort((a, b) => a - b)).toEqual(totals);
  });

  test('every price says where it stands and when it was noted', () => {
    for (const price of Object.values(PRICES)) {
      expect(price.source).toMatch(/^https:\/\/aws\.amazon\.com\/[a-z0-9/-]+\/$/);
      expect(price.noted).toMatch(/^20\d\d-(0[1-9]|1[0-2])$/);
      expect(price.dollars).toBeGreaterThan(0);
    }
  });
});
