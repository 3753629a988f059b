/** Purpose: every command on one small store, from raw events to a forecast over HTTP. */

import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type CliWorker,
  cliWorker,
  SOURCE,
  temporaryPlace,
} from '../../fixtures/cli/cli-worker.ts';
import { endAll, headway, startHeadway } from '../../fixtures/cli/headway-process.ts';
import { QUICK_CONFIG, QUICK_TRAINING } from '../../fixtures/cli/quick-training.ts';
import { whenNotBusy } from '../../fixtures/waiting.ts';

const HOUR = 3_600_000;

let place: Awaited<ReturnType<typeof temporaryPlace>>;
let warm: CliWorker;
beforeAll(async () => {
  place = await temporaryPlace();
  warm = cliWorker();
});
afterAll(async () => {
  await endAll();
  await warm.close();
  await place.remove();
});

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await warm.run([...args, '--json'], place.env);
  expect([code, stderr.includes('Error')]).toEqual([0, false]);
  return JSON.parse(stdout);
};
const text = async (...args: string[]) => {
  const { code, stdout } = await warm.run(args, place.env);
  expect(code).toBe(0);
  return stdout;
};
interface Part {
  readonly rowsIn: number;
  readonly rowsUsed: number;
  readonly rejected: Record<string, number>;
  readonly skipped: boolean;
}

describe('headway features, store and panel', () => {
  test('features run uses or rejects every raw row for a reason', async () => {
    const { HEADWAY_SOURCE: _ours, ...env } = place.env;
    const { code, stdout } = await headway(
      ['features', 'run', '--domain', 'taxi', '--source', SOURCE, '--json'],
      env,
    );
    expect(code).toBe(0);
    const { snapshotVersion, changed, parts } = JSON.parse(stdout) as {
      snapshotVersion: string;
      changed: boolean;
      parts: Part[];
    };
    expect(snapshotVersion).toMatch(/^1-[0-9a-f]{12}$/);
    expect(changed).toBe(true);
    // Four months, or three in the first hour of one.
    expect(parts.length).toBeGreaterThanOrEqual(3);
    for (const { rowsIn, rowsUsed, rejected, skipped } of parts) {
      expect(rowsIn).toBe(rowsUsed + Object.values(rejected).reduce((sum, n) => sum + n, 0));
      expect([rowsIn > 0, skipped]).toEqual([true, false]);
    }
    expect(
      await readFile(join(place.folder, 'work', 'reports', 'taxi-data-quality.html'), 'utf8'),
    ).toContain('<html');
  });

  test('a second run finds nothing new, quickly', async () => {
    for (;;) {
      const before = Math.floor(Date.now() / HOUR);
      const { changed, parts, seconds, snapshotVersion } = await json('features', 'run');
      // A new hour has begun in between.
      if (changed) {
        expect(Math.floor(Date.now() / HOUR)).toBeGreaterThanOrEqual(before);
        expect(Number(snapshotVersion.split('-')[0])).toBeLessThan(4);
        continue;
      }
      expect(parts.every(({ skipped }: Part) => skipped)).toBe(true);
      expect(seconds).toBeLessThan(10);
      expect(await text('features', 'run')).toMatch(
        /^Nothing new: snapshot \d-[0-9a-f]{12} is up to date/,
      );
      return;
    }
  });

  test('store log lists the snapshots, and store verify finds no problem', async () => {
    const manifests = await json('store', 'log');
    expect(manifests[0]).toMatchObject({ domain: 'taxi', number: 1, parent: null });
    expect(await text('store', 'log')).toContain(manifests[0].snapshotVersion);
    const report = await json('store', 'verify');
    expect(report).toMatchObject({
      problems: [],
      features: { manifests: manifests.length, orphans: [] },
    });
    expect(await text('store', 'verify')).toContain('All hashes are correct.');
  });

  test('panel export writes unique_id,ds,y without a gap', async () => {
    const lines = (await text('panel', 'export')).trimEnd().split('\n');
    expect(lines[0]).toBe('unique_id,ds,y');
    const rows = lines.slice(1).map((line) => line.split(','));
    const ids = [...new Set(rows.map(([id]) => id))];
    expect(ids).toHaveLength(4);
    const length = rows.length / 4;
    const odd = rows.filter(([id, ds, y, ...more], i) => {
      const isNext =
        i % length === 0 || Date.parse(`${ds}Z`) - Date.parse(`${rows[i - 1]?.[1]}Z`) === HOUR;
      // An hour without an event is a true zero here, and counts are whole.
      const isWhole =
        /^\d{4}-\d\d-\d\d \d\d:00:00$/.test(ds as string) &&
        /^\d+$/.test(y as string) &&
        more.length === 0;
      return !(isNext && isWhole && id === ids[Math.floor(i / length)]);
    });
    expect(odd).toEqual([]);
    expect(length).toBeGreaterThan(24 * 60);

    const file = join(place.folder, 'deep', 'panel.csv');
    const cutoff = `${rows[99]?.[1]?.replace(' ', 'T')}Z`;
    expect(await json('panel', 'export', '--out', file, '--cutoff', cutoff)).toEqual({
      file,
      series: 4,
      intervals: 100,
    });
    expect((await readFile(file, 'utf8')).trimEnd().split('\n').slice(1, 101)).toEqual(
      lines.slice(1, 101),
    );
  });

  test('panel export into a closed pipe exits with 141 (SIGPIPE) and no message', async () => {
    const run = startHeadway(['panel', 'export'], place.env);
    await run.until(/unique_id/);
    run.stopReading();
    expect(await run.ended).toMatchObject({ code: 141, stderr: '' });
  });
});

describe('headway without a model', () => {
  test.each([['forecast'], ['explain', '--series', 'x'], ['models', 'rollback']])(
    '%s %s fails with NO_CHAMPION',
    async (...words) => {
      const { code, stderr } = await warm.run(words, place.env);
      expect(stderr).toMatch(/^NO_CHAMPION: /);
      expect(code).toBe(3);
    },
  );

  test('models list names the next command', async () => {
    expect(await text('models', 'list')).toContain('headway train');
    expect(await json('models', 'list')).toEqual({ champion: null, models: [] });
  });
});

describe('headway backtest, train and models', () => {
  test('backtest scores every forecaster, writes a page, keeps the store and resumes', async () => {
    const page = join(place.folder, 'deep', 'leaderboard.html');
    const args = [
      'backtest',
      '--config',
      QUICK_CONFIG,
      '--test-days',
      '14',
      '--refit-days',
      '10',
      '--workers',
      '1',
      '--page',
      page,
    ];
    const first = await json(...args);
    expect(first).toMatchObject({
      cutoffs: 13,
      segments: 2,
      kept: 0,
      workers: 1,
      page,
      subject: 'network',
    });
    expect(Object.keys(first.metrics.all).sort()).toEqual([
      'exponential_smoothing',
      'last_value',
      'mean_4_weeks',
      'network',
      'oracle',
      'ridge',
      'seasonal_naive',
    ]);
    expect(first.worstSeries).toHaveLength(4);
    expect(first.maeByHourOfWeek.network).toHaveLength(168);
    expect(await readFile(page, 'utf8')).toContain('<h2>Largest errors</h2>');
    expect(await json('models', 'list')).toEqual({ champion: null, models: [] });
    const again = await json(...args);
    expect(again).toMatchObject({ kept: 2, metrics: first.metrics });
    expect(await text(...args)).toContain('Resumed: 2 of 2 segments');
  });

  test('train registers a model with its verdict', async () => {
    const args = [...QUICK_TRAINING, '--steps', '4', '--seed', '5'];
    const { modelVersion, outcome, promoted, reason, moreCutoffs, comparisons, metrics } =
      await json('train', ...args);
    expect(promoted).toBe(outcome === 'promoted');
    expect(reason).toMatch(
      { promoted: /^promoted: /, rejected: /^not promoted: /, inconclusive: /^inconclusive: / }[
        outcome as string
      ]!,
    );
    if (outcome !== 'inconclusive') expect(moreCutoffs).toBeNull();
    expect(comparisons[0].cutoffs).toBe(13);
    // No forecaster is better than the oracle.
    expect(metrics.all.network.mae).toBeGreaterThan(metrics.all.oracle.mae);
    const { models, champion } = await json('models', 'list');
    expect(champion).toBe(promoted ? modelVersion : null);
    expect(models).toHaveLength(1);
    expect(models[0]).toMatchObject({
      modelVersion,
      seed: 5,
      horizon: 24,
      verdict: { kind: outcome, picture: { bytes: expect.any(Number) } },
    });
  });

  test('models show prints card, metrics and verdict, and writes the chart', async () => {
    const file = join(place.folder, 'verdicts', 'verdict.svg');
    const [{ modelVersion, verdict }] = (await json('models', 'list')).models;
    const shown = await json('models', 'show', '--svg', file);
    expect(shown).toMatchObject({
      card: { modelVersion, seed: 5 },
      verdicts: [verdict],
      svg: file,
    });
    expect(await readFile(file, 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    const words = await text('models', 'show', modelVersion);
    for (const part of [modelVersion, verdict.reason, 'mean of 4 weeks', 'quantiles 0.1, 0.5, 0.9'])
      expect(words).toContain(part);
    const { code, stderr } = await warm.run(
      ['models', 'show', '20240101T000000Z-000000000000'],
      place.env,
    );
    expect([code, stderr.split(':')[0]]).toEqual([3, 'MODEL_NOT_FOUND']);
  });

  test('models promote makes it champion, regardless of the gate', async () => {
    const [{ modelVersion }] = (await json('models', 'list')).models;
    expect(await json('models', 'promote', modelVersion, '--reason', 'for the test')).toMatchObject(
      {
        kind: 'promoted',
        modelVersion,
      },
    );
    expect((await json('models', 'list')).champion).toBe(modelVersion);
    expect(await text('models', 'list')).toMatch(new RegExp(`\\*.*${modelVersion}`));
  });

  test('rollback without an earlier champion is refused with a fix', async () => {
    const { code, stderr } = await warm.run(['models', 'rollback'], place.env);
    expect(stderr).toMatch(/^NO_CHAMPION: There is no earlier champion.*headway models promote/);
    expect(code).toBe(3);
  });

  test('rollback restores the earlier champion', async () => {
    const first = (await json('models', 'list')).champion;
    const { modelVersion } = await json('train', ...QUICK_TRAINING);
    await text('models', 'promote', modelVersion);
    expect(await text('models', 'rollback', '--reason', 'worse')).toBe(
      `${first} is the champion again: worse\n`,
    );
    const { champion, models } = await json('models', 'list');
    expect([champion, models.length]).toEqual([first, 2]);
  });

  test('refuses unknown models and snapshots and too little history', async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await warm.run(args, place.env);
      return `${code} ${stderr.split(':')[0]}`;
    };
    expect(await refused('models', 'promote', '20200101T000000Z-abcdefabcdef')).toBe(
      '3 MODEL_NOT_FOUND',
    );
    expect(await refused('models', 'promote', '../../etc')).toBe('2 KEY_INVALID');
    expect(await refused('train', '--snapshot', '9-abcdefabcdef')).toBe('3 OBJECT_NOT_FOUND');
    expect(await refused('train', '--test-days', '400')).toBe('3 HISTORY_TOO_SHORT');
    expect(await refused('panel', 'export', '--snapshot', 'latest')).toBe('3 OBJECT_NOT_FOUND');
  });
});

describe('headway forecast', () => {
  let seriesId: string;
  /** What the service said. */
  let explained: object;
  beforeAll(async () => {
    seriesId = ((await text('panel', 'export')).split('\n')[1] as string).split(',')[0] as string;
  });

  test('prints a chart and a table of one series', async () => {
    const svg = join(place.folder, 'charts', 'one.svg');
    const shown = await text('forecast', '--series', seriesId, '--svg', svg);
    expect(shown).toContain(`(${seriesId})`);
    expect(shown).toContain('America/New_York');
    expect(await readFile(svg, 'utf8')).toMatch(/^<svg/);
    expect(await forecastsStored()).toBe(0);
  });

  test('writes all series into the ledger', async () => {
    const entry = await json('forecast');
    expect([entry.seriesIds.length, entry.horizon, entry.values.length]).toEqual([
      4,
      24,
      4 * 3 * 24,
    ]);
    expect(await forecastsStored()).toBe(2);
  });

  test.each([
    [
      'an unknown series',
      ['--series', 'nowhere'],
      /^SERIES_UNKNOWN: there is no zone "nowhere".*Known series include/,
    ],
    [
      'a horizon beyond the model’s',
      ['--horizon', '25'],
      /^HORIZON_INVALID: horizon 25 is outside 1…24/,
    ],
  ])('refuses %s', async (_title, flags, message) => {
    const { code, stdout, stderr } = await warm.run(['forecast', ...flags], place.env);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  test('command line and HTTP service agree, and SIGTERM ends the service with success', async () => {
    const server = startHeadway(['serve', '--port', '0'], place.env);
    const url = (await server.until(/on (http:\/\/127\.0\.0\.1:\d+)/))[1];
    const explanation = await whenNotBusy(`${url}/v1/series/${seriesId}/explanation`);
    explained = (await explanation.json()) as object;
    const response = await whenNotBusy(`${url}/v1/series/${seriesId}/forecast?horizon=7`);
    expect(response.status).toBe(200);
    const http = (await response.json()) as Record<string, unknown> & {
      quantiles: Record<string, number[]>;
    };
    const cli = await json('forecast', '--series', seriesId, '--horizon', '7');
    for (const name of [
      'domain',
      'seriesId',
      'unit',
      'cutoff',
      'modelVersion',
      'snapshotVersion',
      'timestamps',
    ]) {
      expect([name, http[name]]).toEqual([name, cli[name]]);
    }
    expect(Object.keys(http.quantiles)).toEqual(['0.1', '0.5', '0.9']);
    for (const [quantile, values] of Object.entries(http.quantiles)) {
      // HTTP responses have six digits.
      expect(values).toEqual(
        cli.quantiles[quantile].map((value: number) => Number(value.toPrecision(6))),
      );
    }
    const unknown = await whenNotBusy(`${url}/v1/series/nowhere/forecast`);
    expect([unknown.status, ((await unknown.json()) as { code: string }).code]).toEqual([
      404,
      'SERIES_UNKNOWN',
    ]);
    server.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0, signal: null });
  });

  describe('headway explain', () => {
    const sumOf = (values: number[]) => values.reduce((a, b) => a + b, 0);

    test('the newest forecast equals that over HTTP, and the parts sum to it', async () => {
      const { similarDays, ...cli } = await json('explain', '--series', seriesId);
      expect(explained).toMatchObject(cli);
      const served = await json('forecast', '--series', seriesId);
      expect(cli.forecast.values).toEqual(served.quantiles['0.5']);
      for (const [k, value] of cli.forecast.values.entries()) {
        const parts = cli.parts.map((part: { values: number[] }) => part.values[k] as number);
        expect(cli.baseline.values[k] + sumOf(parts)).toBeCloseTo(value, 9);
      }
      expect(similarDays).toHaveLength(5);
    });

    test('prints a table, bars, similar days and a chart, and writes nothing to the store', async () => {
      const svg = join(place.folder, 'charts', 'why.svg');
      const stored = await forecastsStored();
      const shown = await text('explain', '--series', seriesId, '--svg', svg);
      for (const words of [
        'usual at this hour',
        'last two days',
        'calendar',
        'rounding',
        'step 24',
        'similar past days',
        `(${seriesId})`,
      ])
        expect(shown).toContain(words);
      expect(await readFile(svg, 'utf8')).toMatch(/^<svg/);
      expect(await forecastsStored()).toBe(stored);
    });

    test('explains an earlier cutoff and another model', async () => {
      const { cutoff, modelVersion } = await json('explain', '--series', seriesId);
      const earlier = new Date(Date.parse(cutoff) - 12 * 24 * HOUR).toISOString();
      const { models } = await json('models', 'list');
      const other = models.find(
        (one: { modelVersion: string }) => one.modelVersion !== modelVersion,
      ).modelVersion;
      const explained = await json(
        'explain',
        '--series',
        seriesId,
        '--cutoff',
        earlier,
        '--model-version',
        other,
      );
      expect([explained.cutoff, explained.modelVersion]).toEqual([earlier, other]);
    });

    test.each([
      [
        'an unknown series',
        ['--series', 'nowhere'],
        2,
        /^SERIES_UNKNOWN: there is no zone "nowhere".*Known series include/,
      ],
      [
        'a cutoff off the grid',
        ['--cutoff', '2020-01-01T00:30:00Z'],
        2,
        /^USAGE: the cutoff is not the start of an interval/,
      ],
      [
        'a cutoff in the future',
        ['--cutoff', '2100-01-01T00:00:00Z'],
        2,
        /^USAGE: the cutoff lies after .*last observed/,
      ],
      [
        'a cutoff with too little before it',
        ['--cutoff', '2020-01-01'],
        3,
        /^HISTORY_TOO_SHORT: 168 intervals up to the cutoff/,
      ],
      [
        'a cutoff that is not a timestamp',
        ['--cutoff', 'now'],
        2,
        /^USAGE: --cutoff "now" is not a timestamp/,
      ],
      [
        'an unknown model',
        ['--model-version', '20200101T000000Z-abcdefabcdef'],
        3,
        /^MODEL_NOT_FOUND: /,
      ],
    ])('refuses %s', async (_title, flags, exit, message) => {
      const { code, stdout, stderr } = await warm.run(
        ['explain', '--series', seriesId, ...flags],
        place.env,
      );
      expect(stderr).toMatch(message);
      expect([code, stdout]).toEqual([exit, '']);
    });
  });

  test('reports a port in use as SETTINGS_INVALID', async () => {
    const blocker = createServer();
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, '127.0.0.1', () => resolve((blocker.address() as { port: number }).port));
    });
    const { code, stderr } = await warm.run(['serve', '--port', String(port)], place.env);
    blocker.close();
    expect(stderr).toMatch(new RegExp(`^SETTINGS_INVALID: cannot listen on 127.0.0.1:${port}`));
    expect(code).toBe(2);
  });
});

describe('headway monitor', () => {
  test('writes, scores, recomputes and reports past forecasts bit for bit', async () => {
    const since = new Date(Math.floor(Date.now() / HOUR) * HOUR - 48 * HOUR).toISOString();
    const { model, times } = await json('forecast', '--since', since, '--every', '6');
    expect(times).toBeGreaterThanOrEqual(8);
    const page = join(place.folder, 'monitoring.html');
    const check = await json('monitor', '--page', page);
    expect(check).toMatchObject({ number: 1, page, figures: { modelVersion: model } });
    expect(check.scoredDays.length).toBeGreaterThanOrEqual(2);
    expect(check.figures.coverage80).toBeGreaterThan(0);
    expect(await readFile(page, 'utf8')).toContain('</html>');
    const kinds = (await json('decisions')).decisions.map(({ kind }: { kind: string }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['promote', 'rollback']));
    const verified = await json('ledger', 'verify', '--all');
    expect(verified).toMatchObject({ differs: 0, gone: 0 });
    expect(await json('store', 'verify')).toMatchObject({ problems: [] });
  });

  test('writes no past forecast of an hour that the model has learnt from', async () => {
    const long = ['--since', '2020-01-01', '--every', String(24 * 7)];
    const { since, model } = await json('forecast', ...long);
    const { card } = await json('models', 'show', model);
    expect(since).toBeGreaterThanOrEqual(card.trainingCutoff + HOUR);
  });

  test('the schedule runs it and lists the run', async () => {
    const args = ['schedule', '--only', 'monitoring', '--once'];
    const { code } = await warm.run(args, place.env);
    expect(code).toBe(0);
    expect(await text('jobs')).toMatch(/monitoring/);
  });

  test('refuses --since in the future', async () => {
    const { code, stderr } = await warm.run(['forecast', '--since', '2100-01-01'], place.env);
    expect([code, stderr.split(':')[0]]).toEqual([2, 'USAGE']);
  });
});

/**
 * Entries of the ledger: a batch writes one of what is served, and one of its shadows; the service
 * one of what it gave out.
 */
const forecastsStored = async (): Promise<number> =>
  (await readdir(join(place.folder, 'store', 'forecasts', 'taxi', 'log')).catch(() => [])).length;
