/**
 * Purpose: the policy by which models are retrained, promoted, rolled back and refitted: a file of
 * YAML or JSON, or the defaults.
 * Invariants: what a file leaves out keeps its default; a field that is misspelt or out of range is
 * refused, never ignored. The hash is of the values, not of the text: a comment changes nothing.
 * Fails: SETTINGS_INVALID with the file and the field.
 */
import { readFile } from 'node:fs/promises';
import { HeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { lazyValidator, schemaProblem } from '../../platform/settings/validator.ts';

export interface Policy {
  readonly retrain: {
    /** Hours after the last training, whoever began it; null: never by the clock. */
    readonly everyHours: number | null;
    /** Names of drift verdicts that begin a training; "*" is every name. */
    readonly onDrift: readonly string[];
    /** Live skill below this over these days begins a training; null: never. */
    readonly onSkill: { readonly below: number; readonly days: number } | null;
    /** The policy begins no training within this time of the last one. */
    readonly atMostEveryHours: number;
  };
  readonly challenger: {
    /** A new model forecasts in shadow for this long before it is served; 0: at once. */
    readonly shadowHours: number;
  };
  readonly rollback: {
    /** The losses of so many hours count as one observation. */
    readonly blockHours: number;
    /** How much worse does not matter, as a share of the other's loss. */
    readonly margin: number;
    /** How often a champion that is no worse may be rolled back while it serves. */
    readonly falseAlarmRate: number;
    readonly against: readonly RollbackReference[];
  };
  readonly refit: {
    /** A champion that has learnt from nothing newer than this is fitted again; null: never. */
    readonly afterDays: number | null;
  };
}

/** The scored twin of a refitted champion, the previous champion, the naive baselines. */
export const ROLLBACK_REFERENCES = ['twin', 'previous', 'naive'] as const;
export type RollbackReference = (typeof ROLLBACK_REFERENCES)[number];

export const DEFAULT_POLICY: Policy = {
  retrain: {
    everyHours: 168,
    // What a training may cure. Values that are wrong, such as a unit that changed or zeros of all
    // series, are nothing to learn from; a total that jumped is `level` after three days, or gone.
    onDrift: ['level', 'variance', 'skill', 'coverage'],
    onSkill: { below: 0, days: 7 },
    atMostEveryHours: 24,
  },
  challenger: { shadowHours: 24 },
  rollback: {
    blockHours: 6,
    margin: 0.05,
    falseAlarmRate: 0.05,
    against: ['twin', 'previous', 'naive'],
  },
  refit: { afterDays: 30 },
};

const MAX_HOURS = 24 * 366;
const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });
const hours = (minimum: number) => ({ type: 'number', minimum, maximum: MAX_HOURS });
const days = { type: 'number', minimum: 1, maximum: 366 };
const object = (properties: Record<string, object>, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});

/** The type makes sure that no field of the policy is forgotten here. */
const SECTIONS: { readonly [Name in keyof Policy]: Record<keyof Policy[Name], object> } = {
  retrain: {
    everyHours: orNull(hours(1)),
    onDrift: { type: 'array', items: { type: 'string', pattern: '^([a-z][a-z0-9-]{0,63}|[*])$' } },
    onSkill: orNull(
      object({ below: { type: 'number', minimum: -10, maximum: 1 }, days }, ['below', 'days']),
    ),
    atMostEveryHours: hours(1),
  },
  challenger: { shadowHours: hours(0) },
  rollback: {
    blockHours: { enum: [1, 2, 3, 4, 6, 8, 12, 24] },
    margin: { type: 'number', minimum: 0, maximum: 10 },
    falseAlarmRate: { type: 'number', minimum: 1e-6, maximum: 0.5 },
    against: { type: 'array', uniqueItems: true, items: { enum: ROLLBACK_REFERENCES } },
  },
  refit: { afterDays: orNull(days) },
};
const validator = lazyValidator(
  object(
    {
      format: { const: 1 },
      ...Object.fromEntries(
        Object.entries(SECTIONS).map(([name, fields]) => [name, object(fields)]),
      ),
    },
    ['format'],
  ),
);

type PolicyFile = { readonly format: 1 } & {
  readonly [Name in keyof Policy]?: Partial<Policy[Name]>;
};

export interface ReadPolicy {
  readonly policy: Policy;
  /** Names the policy in decisions. */
  readonly hash: string;
}

/** @param path of the file; null: the defaults */
export async function readPolicy(path: string | null): Promise<ReadPolicy> {
  if (path === null) return hashed(DEFAULT_POLICY);
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    const fix = 'Name a file that can be read, or unset HEADWAY_POLICY for the defaults.';
    throw invalid(path, `cannot be read: ${cause.message}`, fix, cause);
  });
  return parsePolicy(text, path);
}

/** @param where names the text in errors */
export async function parsePolicy(text: string, where: string): Promise<ReadPolicy> {
  // Loaded here, because the service needs no policy.
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text, { schema: 'core', maxAliasCount: 0 });
  } catch (cause) {
    const [line] = (cause as Error).message.split('\n');
    throw invalid(where, `is neither YAML nor JSON: ${line}`, 'Fix that line.', cause);
  }
  const problem = schemaProblem(validator, value);
  if (problem !== null) {
    const [, path, what] = /^\/(\S+) (.*)$/.exec(problem) ?? [];
    const field = path?.replaceAll('/', '.') ?? 'the file';
    const wrong = (what ?? problem).replace('schema is false', 'is not a field of it');
    const fix = `Fix ${field}; docs/monitoring.md lists the fields.`;
    throw invalid(path ? `${where}: ${field}` : where, `is not valid: ${field} ${wrong}`, fix);
  }
  return hashed(withDefaults(value as PolicyFile));
}

const invalid = (where: string, problem: string, fix: string, cause?: unknown) =>
  new HeadwayError('SETTINGS_INVALID', `the policy ${problem}`, { where, fix, cause });

const withDefaults = (file: PolicyFile): Policy => ({
  retrain: { ...DEFAULT_POLICY.retrain, ...file.retrain },
  challenger: { ...DEFAULT_POLICY.challenger, ...file.challenger },
  rollback: { ...DEFAULT_POLICY.rollback, ...file.rollback },
  refit: { ...DEFAULT_POLICY.refit, ...file.refit },
});

/** Equal policies have equal hashes, in whatever order a file names their fields. */
function hashed(policy: Policy): ReadPolicy {
  const sections = Object.entries(policy).map(([name, section]) => [name, sortedFields(section)]);
  const text = JSON.stringify(sections, (_, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(sortedFields(value))
      : value,
  );
  return { policy, hash: sha256(text).slice(0, 16) };
}

const sortedFields = (section: object): [string, unknown][] =>
  Object.entries(section).sort(([a], [b]) => (a < b ? -1 : 1));
