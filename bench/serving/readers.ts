/**
 * Purpose: what Arrow and Parquet save a reader against JSON: bytes, and time to a pandas frame,
 * of the forecasts of 5,000 series × 24 steps × 3 quantiles.
 *   npm run bench:readers [-- --series 5000] [--runs 5]
 * Invariants: the frames of all formats are compared, value by value, before anything is timed; the
 * service is the real one over HTTP, asked before, so that all formats come from its caches; its
 * numbers are noise, which compresses worst; formats take turns.
 * Fails: where Python or its packages cannot be had; the exit status is 1 where a bar is missed.
 */
import type { AddressInfo } from 'node:net';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { Forecaster } from '../../forecasting/models/forecaster.ts';
import { seededRandom } from '../../platform/random.ts';
import { createFixture } from '../../tests/fakes/inference.ts';
import { outputOf, pythonIn } from '../support/python-environment.ts';

const PACKAGES = ['pandas==3.1.1', 'pyarrow==26.0.1'];
const ID = 'series-';
const MAX_BYTES = 1 / 3;
const MAX_TIME = 1 / 5;

interface Measured {
  readonly bytes: number;
  /** From the request to the frame, and of it the time until the last byte is there. */
  readonly seconds: number;
  readonly requestSeconds: number;
}

/** Numbers with all their digits, as a network's are. */
const noise = (): Forecaster => ({
  name: 'noise',
  quantiles: [0.1, 0.5, 0.9],
  minimumHistory: 1,
  predict({ seriesIds }, _cutoff, horizon) {
    const out = new Float32Array(seriesIds.length * 3 * horizon);
    for (const [i, id] of seriesIds.entries()) {
      const random = seededRandom(Number(id.slice(ID.length)));
      for (let step = 0; step < horizon; step++) {
        const level = 4 + 8 * random();
        for (let q = 0; q < 3; q++)
          out[(i * 3 + q) * horizon + step] = level * (1 + 0.3 * q + 0.1 * random());
      }
    }
    return out;
  },
});

const flags = new Command('bench:readers')
  .option('--series <count>', 'series', '5000')
  .option('--runs <count>', 'runs of each format; the median counts', '5')
  .parse()
  .opts<{ series: string; runs: string }>();
const python = await pythonIn('build/python-readers', PACKAGES);
const ids = Array.from({ length: Number(flags.series) }, (_, i) => `${ID}${i + 1}`);
const app = await createFixture({ ids, makeForecaster: noise }).build();
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as AddressInfo;
const script = fileURLToPath(new URL('../support/frames.py', import.meta.url));
const text = await outputOf(python, script, [`http://127.0.0.1:${port}`, flags.runs]);
await app.close();
const measured: Record<string, Measured> = JSON.parse(text);
const { json } = measured as { json: Measured };

console.log(`${ids.length} series × 24 steps × 3 quantiles and the mean`);
console.log(`load ${(loadavg()[0] as number).toFixed(1)} on ${cpus().length} cores\n`);
console.log('format      bytes   of JSON   to a frame   of JSON   of it the request');
for (const [format, { bytes, seconds, requestSeconds }] of Object.entries(measured))
  console.log(
    format.padEnd(8),
    `${(bytes / 1e6).toFixed(2)} MB`.padStart(9),
    (bytes / json.bytes).toFixed(3).padStart(9),
    `${(1000 * seconds).toFixed(0)} ms`.padStart(12),
    (seconds / json.seconds).toFixed(3).padStart(9),
    `${(1000 * requestSeconds).toFixed(0)} ms`.padStart(19),
  );
const { arrow } = measured as { arrow: Measured };
const isMet = arrow.bytes / json.bytes <= MAX_BYTES && arrow.seconds / json.seconds <= MAX_TIME;
console.log(`\nArrow: at most 1/3 of the bytes and 1/5 of the time: ${isMet ? 'met' : 'MISSED'}`);
process.exitCode = isMet ? 0 : 1;
