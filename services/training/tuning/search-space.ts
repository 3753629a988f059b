/**
 * Purpose: what `headway tune` searches: each parameter of the network and its fit, and the values
 * it may take.
 * Invariants: adding a line to SPACE is all it takes; the first candidate is the configuration one
 * starts from, so that a search can say what it gained; a candidate's value of one parameter
 * depends on the seed, its number and that parameter's name alone, so that more candidates, or
 * another parameter, change none of those that were there.
 * Fails: never.
 */
import type { Seasons } from '../../../forecasting/panel/seasons.ts';
import { seededRandom, seedFrom } from '../../../platform/random.ts';
import type { TrainingConfig } from '../training-config.ts';

interface Place {
  /** Which part of TrainingConfig holds the parameter. */
  readonly part: 'network' | 'fit';
  readonly name: string;
  /** For people: what it does. */
  readonly meaning: string;
}
interface Range extends Place {
  /** Drawn evenly by order of magnitude, between two ends. */
  readonly between: readonly [number, number];
}
interface Choice extends Place {
  /** One of these, evenly; ascending. */
  readonly oneOf: readonly number[];
}
type WindowSeasons = Pick<Seasons, 'day' | 'week'>;

/** Intervals, of which each domain has others: one of these of its seasons. */
interface SeasonChoice extends Place {
  readonly ofSeasons: (seasons: WindowSeasons) => readonly number[];
}
export type Parameter = Range | Choice | SeasonChoice;

/**
 * Not searched: steps (that is the budget), what only calibrates, and the share of anonymous
 * windows (it serves unseen series). Strides share no factor with 24, so that every hour meets
 * every step.
 */
export const SPACE: readonly Parameter[] = [
  { part: 'fit', name: 'peakRate', meaning: 'learning rate at its peak', between: [1e-3, 1.2e-2] },
  {
    part: 'fit',
    name: 'weightDecay',
    meaning: 'pull of the weights towards zero',
    between: [1e-3, 1e-1],
  },
  {
    part: 'fit',
    name: 'dropout',
    meaning: 'share of hidden units left out',
    oneOf: [0, 0.05, 0.1, 0.2, 0.3],
  },
  {
    part: 'fit',
    name: 'levelPower',
    meaning: 'loss: weight of busy series',
    oneOf: [0, 0.25, 0.5, 0.75, 1],
  },
  {
    part: 'fit',
    name: 'stride',
    meaning: 'intervals between training windows',
    oneOf: [5, 7, 11, 13],
  },
  { part: 'fit', name: 'batchSize', meaning: 'windows per step', oneOf: [128, 256, 512] },
  {
    part: 'network',
    name: 'width',
    meaning: 'width of the encoder',
    oneOf: [64, 96, 128, 192, 256],
  },
  {
    part: 'network',
    name: 'latentSize',
    meaning: 'what the encoder passes to each step',
    oneOf: [4, 8, 16],
  },
  { part: 'network', name: 'headWidth', meaning: 'width of the head', oneOf: [24, 48, 72, 96] },
  {
    part: 'network',
    name: 'embeddingSize',
    meaning: 'what is learned of each series',
    oneOf: [4, 8, 16],
  },
  {
    ...{ part: 'network', name: 'windowIntervals', meaning: 'intervals the encoder looks back' },
    ofSeasons: ({ day, week }) => [2 * day, 4 * day, week, 2 * week],
  },
];

/** What one candidate is: a value of every parameter of the space, by name. */
export type Candidate = Readonly<Record<string, number>>;

/** The configuration's own values, and `count − 1` drawn ones, for a domain of these seasons. */
export function drawCandidates(
  config: TrainingConfig,
  seasons: WindowSeasons,
  count: number,
  seed: number,
): Candidate[] {
  const own = Object.fromEntries(
    SPACE.map((parameter) => [parameter.name, currentValue(config, parameter)]),
  );
  const drawn = Array.from({ length: count - 1 }, (_, i) =>
    Object.fromEntries(
      SPACE.map((parameter) => [
        parameter.name,
        draw(parameter, seasons, seedFrom(seed, 'tune', i, parameter.name)),
      ]),
    ),
  );
  return [own, ...drawn];
}

/** The configuration with the candidate's values in place of its own. */
export function withCandidate(config: TrainingConfig, candidate: Candidate): TrainingConfig {
  const network: Record<string, unknown> = { ...config.network };
  const fit: Record<string, unknown> = { ...config.fit };
  for (const { part, name } of SPACE) (part === 'network' ? network : fit)[name] = candidate[name];
  return {
    ...config,
    network: network as unknown as TrainingConfig['network'],
    fit: fit as unknown as TrainingConfig['fit'],
  };
}

/** Ascending, each once: where a domain's seasons are one, some of them fall together. */
export const choicesOf = (parameter: Choice | SeasonChoice, seasons: WindowSeasons): number[] =>
  [...new Set('oneOf' in parameter ? parameter.oneOf : parameter.ofSeasons(seasons))].sort(
    (a, b) => a - b,
  );

const currentValue = (config: TrainingConfig, { part, name }: Parameter): number =>
  (config[part] as unknown as Record<string, number>)[name] as number;

function draw(parameter: Parameter, seasons: WindowSeasons, seed: number): number {
  const share = seededRandom(seed)();
  if (!('between' in parameter)) {
    const values = choicesOf(parameter, seasons);
    return values[Math.floor(share * values.length)] as number;
  }
  const [low, high] = parameter.between;
  // Three digits, so that people can read and repeat it.
  return Number((low * (high / low) ** share).toPrecision(3));
}
