/**
 * Purpose: fuzzes the prediction service, as a command: `npm run fuzz -- --requests 50000`. What it
 * does is in tests/fuzz/fuzz.ts.
 * Invariants: the same seed sends the same requests; a failure prints its seed and number, and the
 * fewest bytes that still fail.
 * Fails: exit status 1 for any failure, trouble in the log, socket or handle that is left, or
 * memory that grows.
 */
import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { systemClock } from '../platform/clock.ts';
import { terminalProgress } from '../platform/telemetry/terminal-progress.ts';
import { type FuzzReport, fuzz } from '../tests/fuzz/fuzz.ts';
import { complaints } from '../tests/fuzz/verdict.ts';

interface Flags {
  readonly requests: string;
  readonly seed: string;
  readonly lanes: string;
  readonly from: string;
  readonly only?: string;
  readonly json?: string;
}

function summary(report: FuzzReport, seconds: number): string {
  const counts = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .map(([name, count]) => `  ${name}: ${count}`)
      .join('\n');
  return [
    `${report.requests} requests in ${Math.round(seconds)} s, seed ${report.seed}`,
    `by status\n${counts(report.byStatus)}`,
    `by kind\n${counts(report.byKind)}`,
    `heap after collection, MB: ${report.heapMb.join(' ')} (${report.heapBytesPerRequest} ` +
      'bytes a request in the second half)',
    `sockets left: ${report.socketsLeft}; handles more than before: ${report.handlesGrown}`,
  ].join('\n');
}

const command = new Command('fuzz')
  .description(
    'Send generated and hostile requests to the prediction service, and judge every response.',
  )
  .option('--requests <count>', 'how many', '50000')
  .option('--seed <number>', 'the same seed sends the same requests', '7')
  .option('--lanes <count>', 'requests under way at once', '12')
  .option('--from <number>', 'the first of them', '0')
  .option('--only <number>', 'send this one of them alone, to see a failure again')
  .option('--json <file>', 'write the report');
await command.parseAsync();
const { requests, seed, lanes, from, only, json } = command.opts<Flags>();
const started = systemClock.elapsedMs();
const report = await fuzz({
  requests: Number(requests),
  seed: Number(seed),
  lanes: Number(lanes),
  from: Number(from),
  ...(only === undefined ? {} : { only: Number(only) }),
  progress: terminalProgress({ clock: systemClock }),
});
if (json) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
console.log(summary(report, (systemClock.elapsedMs() - started) / 1000));
const wrong = complaints(report);
console.log(wrong.length === 0 ? 'nothing is wrong' : wrong.join('\n\n'));
process.exitCode = wrong.length === 0 ? 0 : 1;
