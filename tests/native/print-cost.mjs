/**
 * Purpose: a process writes what it has used so far into a folder, HEADWAY_TEST_COST: `node
 * --import`, for a command and the processes that it starts. Four times a second, because those
 * are ended from outside.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

function write() {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cost = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMb: maxRSS / 1024 };
  writeFileSync(join(process.env.HEADWAY_TEST_COST, `${process.pid}.json`), JSON.stringify(cost));
}

setInterval(write, 250).unref();
process.once('exit', write);
