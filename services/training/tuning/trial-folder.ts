/**
 * Purpose: keeps the trials of a search that are done, so that a killed search goes on where it
 * was, and a larger one begins with what a smaller one found.
 * Invariants: a trial's file is named by the hash of all that decides its result; a file appears
 * whole or not at all; what is damaged, changed or foreign is reported and done again, never used.
 * One search at a time in a folder: its run lock sees to that.
 * Fails: STORE_UNAVAILABLE where the folder cannot be used.
 */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError, HeadwayError } from '../../../platform/errors.ts';
import {
  decodeChecksummedJson,
  encodeChecksummedJson,
} from '../../../platform/files/checksummed-json.ts';
import { HASH_PATTERN, sha256 } from '../../../platform/files/content-hash.ts';
import { DRAFT_ENDING, replaceFile } from '../../../platform/files/replace-file.ts';
import { lazyValidator } from '../../../platform/settings/validator.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import type { TrialScore } from './worker.ts';

const number = { type: 'number' };
const SCORE: Record<keyof TrialScore, object> = {
  loss: number,
  mae: number,
  pinball: number,
  coverage: number,
  bestNaive: { type: 'string' },
  naiveMae: number,
  parameters: number,
  backend: { type: 'string' },
  seconds: number,
};
const validator = lazyValidator({
  type: 'object',
  properties: {
    trial: { type: 'string', pattern: HASH_PATTERN },
    score: {
      type: 'object',
      properties: SCORE,
      required: Object.keys(SCORE),
      additionalProperties: false,
    },
  },
  required: ['trial', 'score'],
  additionalProperties: false,
});

export interface TrialFolder {
  readonly path: string;
  find(trial: object): TrialScore | null;
  keep(trial: object, score: TrialScore): Promise<void>;
}

/**
 * @param path a folder for what all trials in it share: the panel, the features, the seed, the
 * backend.
 */
export async function openTrialFolder(path: string, logger: Logger): Promise<TrialFolder> {
  const known = new Map<string, TrialScore>();
  try {
    await mkdir(path, { recursive: true });
    for (const name of await readdir(path)) {
      if (name.endsWith(DRAFT_ENDING)) await rm(join(path, name), { force: true });
      if (!name.endsWith('.json')) continue;
      const score = await readTrial(join(path, name), name.slice(0, -'.json'.length), logger);
      if (score !== null) known.set(name, score);
    }
  } catch (cause) {
    throw new HeadwayError(
      'STORE_UNAVAILABLE',
      `the folder of the search cannot be used: ${(cause as Error).message}`,
      {
        where: path,
        fix: 'Set HEADWAY_WORK to a folder on a local disk that can be written.',
        cause,
      },
    );
  }
  return {
    path,
    find: (trial) => known.get(`${nameOf(trial)}.json`) ?? null,
    async keep(trial, score) {
      const name = nameOf(trial);
      await replaceFile(join(path, `${name}.json`), encodeChecksummedJson({ trial: name, score }));
    },
  };
}

async function readTrial(path: string, name: string, logger: Logger): Promise<TrialScore | null> {
  try {
    const { trial, score } = decodeChecksummedJson(
      path,
      await readFile(path),
      validator,
      'STORE_CORRUPT',
    ) as {
      trial: string;
      score: TrialScore;
    };
    if (trial === name) return score;
    logger.warn({ path }, 'this file belongs to another trial: the trial is run again');
  } catch (error) {
    logger.warn(
      { path },
      `a trial cannot be read and is run again: ${describeError(error).split('. ')[0]}`,
    );
  }
  return null;
}

const nameOf = (trial: object): string => sha256(JSON.stringify(trial));
