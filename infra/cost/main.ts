/**
 * Purpose: `npm run cost`: the monthly bill of a size of Headway on AWS, next to its alternatives.
 *   npm run cost [-- --size dev|prod|company|city] [--json]
 * Invariants: what is priced is what the size's configuration synthesises to; no network, no
 * account; the prices' age and where to check them are printed with every table.
 * Fails: exit 2 for an unknown size.
 */
import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { alternatives } from './alternatives.ts';
import { type Bill, headwayBill } from './bill.ts';
import { readDeployment } from './deployment.ts';
import { CHECK_FIRST, PRICES, type PriceName } from './prices.ts';
import { SIZE_NAMES, SIZES, type SizeName } from './sizes.ts';
import { synthesiseTemplates } from './templates.ts';

const money = (dollars: number): string =>
  `$${dollars.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

async function costReport(name: SizeName) {
  const size = SIZES[name];
  const deployment = await readDeployment(synthesiseTemplates(size.configuration));
  const bill = headwayBill(size, deployment);
  const others = alternatives(size, deployment);
  const used = new Set<PriceName>(
    [bill, ...others].flatMap(({ lines }) => lines.flatMap(({ prices }) => prices)),
  );
  return {
    size: name,
    region: 'us-east-1',
    note: CHECK_FIRST,
    bill,
    alternatives: others,
    prices: pricesOf(used),
  };
}

const pricesOf = (names: ReadonlySet<PriceName>) =>
  Object.fromEntries(Object.entries(PRICES).filter(([name]) => names.has(name as PriceName)));

function print({
  bill,
  alternatives: others,
  prices,
  note,
}: Awaited<ReturnType<typeof costReport>>): void {
  const table = new Table({
    head: ['a month of', 'how', 'US$'],
    colAligns: ['left', 'left', 'right'],
    style: { head: [], border: [] },
  });
  for (const { item, how, dollars } of bill.lines) table.push([item, how, money(dollars)]);
  table.push(['total', '', money(bill.total)]);
  console.log(`${bill.title}\n${table.toString()}\n${dominantOf(bill)}`);
  const comparison = new Table({
    head: ['instead', 'US$', 'most of it'],
    colAligns: ['left', 'right', 'left'],
    style: { head: [], border: [] },
  });
  for (const other of others) comparison.push([other.title, money(other.total), dominantOf(other)]);
  console.log(`\n${comparison.toString()}`);
  const months = Object.values(prices).map(({ noted }) => noted);
  console.log(
    `\n${note}\nNoted ${months.sort()[0]} to ${months.at(-1)}; every price with its page: ` +
      'npm run cost -- --json',
  );
}

const dominantOf = ({ dominant: { item, share } }: Bill): string =>
  `${item} is ${(100 * share).toFixed(0)} %`;

const program = new Command('cost')
  .description(
    'The monthly bill of Headway on AWS (us-east-1 list prices, no free tier), next to its ' +
      'alternatives.',
  )
  .addOption(new Option('--size <name>', 'what to compute').choices(SIZE_NAMES).default('dev'))
  .option('--json', 'as JSON, with every price, its page and its month')
  .action(async ({ size, json }: { size: SizeName; json?: boolean }) => {
    const report = await costReport(size);
    if (json) console.log(JSON.stringify(report, null, 1));
    else print(report);
  });

program.exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
await program.parseAsync();
