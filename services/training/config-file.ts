/**
 * Purpose: a training configuration as a file: `headway tune` writes one, `train` and `backtest
 * --config FILE` use it, people edit it.
 * Invariants: what the file leaves out keeps its default; a field that is misspelt or out of range
 * is refused, never ignored.
 * Fails: SETTINGS_INVALID with the file and the field, also for a file that is absent or was tuned
 * for another domain.
 */
import { readFile } from 'node:fs/promises';
import { HeadwayError } from '../../platform/errors.ts';
import { lazyValidator, schemaProblem } from '../../platform/settings/validator.ts';
import type { TrainingConfig } from './training-config.ts';

export interface ConfigFile {
  readonly format: 1;
  /** Whom it was tuned for. A file without it fits every domain. */
  readonly domain?: string;
  /** One sentence for people: where the values are from. */
  readonly origin?: string;
  readonly network?: Partial<TrainingConfig['network']>;
  readonly fit?: Partial<TrainingConfig['fit']>;
  readonly maxValues?: number;
  readonly followsCoverage?: boolean;
}

const whole = (minimum: number, maximum: number) => ({ type: 'integer', minimum, maximum });
const share = (maximum = 1) => ({ type: 'number', minimum: 0, maximum });
const object = (properties: Record<string, unknown>) => ({
  type: 'object',
  properties,
  additionalProperties: false,
});

/** The type makes sure that no field of the configuration is forgotten here. */
const NETWORK: Record<keyof TrainingConfig['network'], object> = {
  width: whole(1, 4096),
  latentSize: whole(1, 1024),
  headWidth: whole(1, 4096),
  embeddingSize: whole(1, 1024),
  windowIntervals: whole(1, 1_000_000),
  contextComponents: whole(0, 64),
};
const FIT: Record<keyof TrainingConfig['fit'], object> = {
  members: whole(1, 32),
  stride: whole(1, 10_000),
  steps: whole(1, 10_000_000),
  maxPasses: { type: 'number', exclusiveMinimum: 0 },
  batchSize: whole(1, 65_536),
  peakRate: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
  weightDecay: share(),
  dropout: share(0.95),
  anonymous: share(),
  levelPower: share(4),
  calibrationIntervals: whole(0, 1_000_000),
  tuneShare: share(0.9),
  patience: share(1),
};
const validator = lazyValidator({
  ...object({
    format: { const: 1 },
    domain: { type: 'string' },
    origin: { type: 'string' },
    network: object(NETWORK),
    fit: object(FIT),
    maxValues: whole(1, 2 ** 30),
    followsCoverage: { type: 'boolean' },
  }),
  required: ['format'],
});

/** `config` with what the file says in place of its own. */
export async function readConfigFile(
  path: string,
  domain: string,
  config: TrainingConfig,
): Promise<TrainingConfig> {
  const invalid = (problem: string, fix: string, cause?: unknown) =>
    new HeadwayError('SETTINGS_INVALID', `the training configuration ${problem}`, {
      where: path,
      fix,
      cause,
    });
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw invalid(
      `cannot be read: ${cause.message}`,
      'Name a file that `headway tune` wrote.',
      cause,
    );
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid('is not JSON', 'Fix it, or let `headway tune` write it again.', cause);
  }
  const problem = schemaProblem(validator, value);
  if (problem !== null)
    throw invalid(
      `is not valid: ${problem.replace('schema is false', 'is not a field of it')}`,
      'Fix that field; docs/tuning.md lists the fields.',
    );
  const file = value as ConfigFile;
  if (file.domain !== undefined && file.domain !== domain) {
    const fix = `Tune ${domain} itself, or remove "domain" from the file to use it anyway.`;
    throw invalid(`was tuned for ${file.domain}, not for ${domain}`, fix);
  }
  return {
    ...config,
    network: { ...config.network, ...file.network },
    fit: { ...config.fit, ...file.fit },
    maxValues: file.maxValues ?? config.maxValues,
    followsCoverage: file.followsCoverage ?? config.followsCoverage,
  };
}

/**
 * The file of a configuration. The step budget stays out of it: a search knows only what is best at
 * its own.
 */
export function configFileOf(config: TrainingConfig, domain: string, origin: string): ConfigFile {
  const { steps: _budget, ...fit } = config.fit;
  return { format: 1, domain, origin, network: config.network, fit };
}
