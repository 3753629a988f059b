/** Purpose: the online view's bytes: exact round trips, and refusal of anything else. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Panel } from '../../../../../forecasting/panel/panel.ts';
import {
  decodeOnlineView,
  encodeOnlineView,
} from '../../../../../storage/features/online/online-view.ts';
import { hashPanel } from '../../../../../storage/features/panel-hash.ts';

const panels: fc.Arbitrary<Panel> = fc
  .record({
    seriesIds: fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme' }), { maxLength: 5 }),
    length: fc.nat(9),
    start: fc.integer({ min: -1e6, max: 1e6 }).map((minutes) => minutes * 60_000),
    frequencyMinutes: fc.constantFrom(15, 60, 1440),
    extra: fc.boolean(),
    draw: fc.infiniteStream(fc.float()),
  })
  .map(({ draw, extra, ...grid }) => {
    const column = () =>
      Float32Array.from({ length: grid.seriesIds.length * grid.length }, () => draw.next().value);
    return {
      ...grid,
      columns: extra ? { target: column(), temperature: column() } : { target: column() },
    };
  });

test('a panel survives the round trip bit for bit at any alignment', () => {
  fc.assert(
    fc.property(panels, fc.nat(9), (panel, offset) => {
      const bytes = encodeOnlineView(panel);
      const moved = Buffer.concat([Buffer.alloc(offset), bytes]).subarray(offset);
      const back = decodeOnlineView('key', moved);
      expect(back.seriesIds).toEqual(panel.seriesIds);
      expect(hashPanel(back)).toBe(hashPanel(panel));
    }),
    { seed: 1 },
  );
});

test('refuses truncated, extended or foreign bytes with STORE_CORRUPT and the key', () => {
  fc.assert(
    fc.property(panels, fc.nat(), fc.uint8Array({ maxLength: 40 }), (panel, cut, foreign) => {
      const bytes = encodeOnlineView(panel);
      const broken = [
        bytes.subarray(0, cut % bytes.length),
        Buffer.concat([bytes, Buffer.alloc(1)]),
        foreign,
      ];
      for (const wrong of broken) {
        expect(() => decodeOnlineView('a/key', wrong)).toThrow(
          expect.objectContaining({ code: 'STORE_CORRUPT', where: 'a/key' }),
        );
      }
    }),
    { seed: 2 },
  );
});

test('refuses headers that contradict the bytes', () => {
  const panel = {
    seriesIds: ['a'],
    start: 0,
    frequencyMinutes: 60,
    length: 2,
    columns: { target: new Float32Array(2) },
  };
  const withHeader = (header: object) => {
    const text = Buffer.from(JSON.stringify(header));
    const fixed = Buffer.alloc(12);
    fixed.write('HWPANEL1', 'latin1');
    fixed.writeUInt32LE(text.length, 8);
    const padding = Buffer.alloc((8 - ((12 + text.length) % 8)) % 8);
    return Buffer.concat([fixed, text, padding, Buffer.alloc(8)]);
  };
  const { columns: _columns, ...grid } = panel;
  const honest = { ...grid, columns: ['target'] };
  expect(decodeOnlineView('k', withHeader(honest)).length).toBe(2);
  const lies = [
    { ...honest, length: -2 },
    { ...honest, length: 2.5 },
    { ...honest, start: 0.5 },
    { ...honest, start: 1 },
    { ...honest, frequencyMinutes: 0 },
    { ...honest, seriesIds: ['a', 'a'], length: 1 },
    { ...honest, seriesIds: [1] },
    { ...honest, columns: ['other'] },
    { ...honest, columns: [] },
    { ...honest, more: 1 },
    [],
  ];
  for (const lie of lies)
    expect(() => decodeOnlineView('k', withHeader(lie))).toThrow(
      expect.objectContaining({ code: 'STORE_CORRUPT' }),
    );
});

test('the hash differs exactly where panels differ', () => {
  const panel = (values: number[], more: Partial<Panel> = {}): Panel => ({
    ...{ seriesIds: ['a'], start: 0, frequencyMinutes: 60, length: values.length },
    ...{ columns: { target: Float32Array.from(values) }, ...more },
  });
  const negativeNan = new Float32Array(Uint32Array.of(0xffc00001).buffer);
  expect(hashPanel(panel([Number.NaN]))).toBe(
    hashPanel(panel([0], { columns: { target: negativeNan } })),
  );
  const different = [
    panel([1, 2]),
    panel([2, 1]),
    panel([1, 2], { start: 60_000 }),
    panel([1, 2], { seriesIds: ['b'] }),
  ];
  different.push(panel([1, 2], { frequencyMinutes: 30 }), panel([1, Number.NaN]));
  expect(new Set(different.map(hashPanel)).size).toBe(different.length);
});
