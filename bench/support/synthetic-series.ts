/**
 * Purpose: very many series for benches of speed, as serving keeps them: 28 weeks of hours each.
 * Invariants: deterministic in the random streams given; nothing but the chunk that is asked for is
 * in memory.
 * Fails: never.
 */
import { createPanel, type Panel } from '../../forecasting/panel/panel.ts';
import type { Random } from '../../platform/random.ts';

const WEEK = 168;
/** What serving keeps of every series. */
export const LOOK_BACK = 28 * WEEK;
const START = Date.UTC(2025, 0, 6);

/** Counts with a daily and weekly wave, noise and a few gaps, from 0.05 to 200 an hour. */
export function chunkMaker(
  ids: readonly string[],
  streams: (name: string) => Random,
): (first: number, end: number) => Panel {
  const random = streams('series');
  const wave = Float32Array.from(
    { length: WEEK },
    (_, t) => (1 + 0.8 * Math.sin((2 * Math.PI * t) / 24)) * (t < 120 ? 1 : 0.7),
  );
  // Drawn once and begun elsewhere by every series: the generator is not what is measured.
  const noise = Float32Array.from({ length: 1 << 16 }, () => random() + random());
  return (first, end) => {
    const target = new Float32Array((end - first) * LOOK_BACK);
    for (let s = 0; s < end - first; s++) {
      const level = 0.05 * 4000 ** random();
      let at = Math.floor(random() * noise.length);
      for (let t = 0; t < LOOK_BACK; t++) {
        at = (at + 1) & (noise.length - 1);
        const draw = noise[at] as number;
        target[s * LOOK_BACK + t] =
          draw < 0.05 ? Number.NaN : Math.floor(level * (wave[t % WEEK] as number) * draw + 0.5);
      }
    }
    const seriesIds = ids.slice(first, end);
    return createPanel({
      seriesIds,
      start: START,
      frequencyMinutes: 60,
      length: LOOK_BACK,
      columns: { target },
    });
  };
}
