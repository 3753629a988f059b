/**
 * Purpose: what happens around a refused run: the head, the next runs, the decision to take it all
 * the same, the evidence.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { drawQuality } from '../../../../reports/charts/data/quality-tables.ts';
import { qualityPage } from '../../../../reports/pages/quality-page.ts';
import type { RowSample } from '../../../../services/feature/sources/raw-part.ts';
import {
  AFTER,
  base,
  contractFixture,
  domain,
  NEXT,
  part,
  rowsFrom,
} from '../../../fixtures/contract-fixture.ts';

let bench: Awaited<ReturnType<typeof contractFixture>>;
beforeAll(async () => {
  bench = await contractFixture(domain);
});
afterAll(() => bench?.remove());

const week = { start: NEXT, end: AFTER };
const HALF = `(SELECT * FROM ${rowsFrom(NEXT, 1)} WHERE hash(id) % 2 = 0)`;
const half = part('half', HALF, week);
const later = part('later', rowsFrom(AFTER, 1), { start: AFTER, end: AFTER + 604_800_000 });

describe('after a refused run', () => {
  test('the head stays, good data are committed, and the refusal is reported once', async () => {
    const { features, run, said } = await bench.open();
    const head = await features.head();
    await expect(run([base(domain), half])).rejects.toMatchObject({
      code: 'DATA_QUARANTINED',
      message: expect.stringMatching(
        /the data breaks its contract, snapshot 1-\w+ stays: volume: .* times fewer/,
      ),
      where: expect.stringMatching(/^file:.* quarantine\/test\/\d{8}T\d{9}Z-[0-9a-f]{64}\.json$/),
      fix: expect.stringMatching(/headway features run --accept \S+ --reason/),
    });
    expect(await features.head()).toEqual(head);

    said.length = 0;
    const again = await run([base(domain), half]);
    expect(again).toMatchObject({
      changed: false,
      report: null,
      manifest: { snapshotVersion: head?.snapshotVersion },
    });
    expect(again.held.map(({ atFault }) => atFault[0]?.name)).toEqual(['half']);
    expect(said).toEqual([expect.stringContaining('still in quarantine, and not judged again')]);
    expect(await features.quarantine.list()).toHaveLength(1);

    const good = await run([base(domain), half, later], { now: AFTER + 605_000_000 });
    expect(good).toMatchObject({ changed: true, held: [{ id: again.held[0]?.id }] });
    expect(good.manifest.objects.map((object) => object.part)).toEqual(['base', 'later']);
    expect(good.parts.map(({ name }) => name)).toEqual(['base', 'later']);

    const fixed = part('half', rowsFrom(NEXT, 1), week);
    expect(
      (await run([base(domain), fixed, later])).manifest.objects.map((object) => object.part),
    ).toContain('half');
  });

  test('the next run commits the good parts', async () => {
    const { features, run } = await bench.open();
    await expect(
      run([base(domain), half, later], { now: AFTER + 605_000_000 }),
    ).rejects.toMatchObject({
      code: 'DATA_QUARANTINED',
    });
    const [entry] = await features.quarantine.list();
    expect(entry).toMatchObject({ atFault: [{ name: 'half' }], others: 1 });
    expect(
      (await run([base(domain), half, later])).manifest.objects.map((object) => object.part),
    ).toEqual(['base', 'later']);
  });

  test('an override commits it, with a reason in the manifest', async () => {
    const { features, run } = await bench.open();
    await run([base(domain), half]).catch(() => {});
    const [entry] = await features.quarantine.list();
    const accept = { id: entry?.id as string, reason: 'the strike was real' };
    const result = await run([base(domain), half, later], { accept, now: AFTER + 605_000_000 });
    expect(result.manifest.reason).toBe(
      `half of a test; accepted from quarantine ${entry?.id}: the strike was real`,
    );
    // Only what was accepted: the rest is for the next run to judge.
    expect(result.manifest.objects.map((object) => object.part)).toEqual(['base', 'half']);
    expect(result.report?.verdicts.find(({ name }) => name === 'volume')).toMatchObject({
      outcome: 'accepted',
    });
    await expect(run([base(domain), half], { accept })).rejects.toMatchObject({
      code: 'OBJECT_NOT_FOUND',
    });
    await expect(run([half], { accept: { id: 'x', reason: 'y' } })).rejects.toMatchObject({
      code: 'OBJECT_NOT_FOUND',
    });
  });

  test('a refused first run leaves nothing, and the next is refused again', async () => {
    const { features, run } = await bench.open(false);
    const times = part(
      'all',
      `(SELECT * REPLACE (began + INTERVAL 9 YEAR AS began) FROM ${rowsFrom(NEXT, 1)})`,
      null,
    );
    await expect(run([times])).rejects.toMatchObject({
      code: 'DATA_QUARANTINED',
      message: expect.stringContaining('nothing was committed'),
    });
    await expect(run([times])).rejects.toMatchObject({ code: 'DATA_QUARANTINED' });
    expect(await features.quarantine.list()).toHaveLength(1);
    expect(await features.head()).toBeNull();
  });
});

describe('quarantine evidence', () => {
  test('is bounded for any rows and names file, hash, reason and rows', async () => {
    const long = 'x'.repeat(100_000);
    const many = Array.from({ length: 60 }, (_, i) => `'${long.slice(0, 5000)}' AS wide${i}`).join(
      ', ',
    );
    const broken = part(
      'wide.csv',
      `(SELECT *, ${many} FROM ${rowsFrom(NEXT, 1)} WHERE id % 50 = 0)`,
      week,
      {
        fingerprint: 'abc123',
        rows: { rejections: [{ reason: 'odd <b>', when: 'id % 100 = 0' }] },
      },
    );
    const { features, store, run } = await bench.open();
    await run([base(domain), broken]).catch(() => {});
    const [entry] = await features.quarantine.list();
    expect((await store.get(entry?.key as string)).length).toBeLessThan(400_000);
    const samples = entry?.samples as RowSample[];
    expect(samples.map(({ reason }) => reason)).toEqual(['rejected: odd <b>', 'newest']);
    for (const { part, fingerprint, rows } of samples) {
      expect({ part, fingerprint, rows: rows.length }).toEqual({
        part: 'wide.csv',
        fingerprint: 'abc123',
        rows: 5,
      });
      expect(Object.keys(rows[0] ?? {}).length).toBe(40);
    }
    expect(await features.quarantine.verify()).toMatchObject({
      objects: 1,
      problems: [],
      orphans: [],
    });
    expect(entry?.report).toMatchObject({ format: 2, domain: 'test' });
  });

  test('keeps hostile names of columns, parts and reasons as text on the page', async () => {
    const name = `"><script>alert('x')</script>&`;
    const broken = part(
      `${name}.csv`,
      `(SELECT *, 1 AS "${name.replaceAll('"', '""')}" FROM ${HALF})`,
      week,
      {
        rows: { rejections: [{ reason: name, when: 'id % 7 = 0' }] },
      },
    );
    const { run, report } = await bench.open();
    await run([base(domain), broken]).catch(() => {});
    const page = qualityPage(
      report() as NonNullable<ReturnType<typeof report>>,
      drawQuality(domain, null),
    );
    expect(page).toContain('&lt;script&gt;');
    expect(page).toContain('BROKEN');
    expect(page).not.toMatch(/<script|<[^>]*alert\(/);
  });

  test('is detected if it was changed', async () => {
    const { features, store, run } = await bench.open();
    await run([base(domain), half]).catch(() => {});
    const [entry] = await features.quarantine.list();
    const bytes = Buffer.from(await store.get(String(entry?.key)));
    const forged = String(entry?.key).replace(/[0-9a-f]{64}/, '0'.repeat(64));
    await store.put(forged, bytes);
    expect(await features.quarantine.verify()).toMatchObject({ problems: [{ key: forged }] });
    await expect(features.quarantine.list()).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      where: forged,
    });
  });
});
