/**
 * Purpose: reads and checks the settings of platform/settings/settings-table.ts, from flags and environment.
 * `headway config` lists them.
 * Invariants: a flag beats the environment, the environment beats the default; an empty variable
 * counts as unset; settings are frozen; the environment is an argument, so nothing else needs to
 * read it.
 * Fails: SETTINGS_INVALID, which names the variable, the value and what is allowed. An unknown
 * HEADWAY_* variable is refused too, because a setting that is misspelt and silently ignored costs
 * more than a start that stops.
 */
import { HeadwayError } from '../errors.ts';
import { nearestWord } from '../text/nearest-word.ts';
import { type About, SETTINGS, type SettingName, type Settings } from './settings-table.ts';
import { matchesSchema } from './validator.ts';

export type { SettingName, Settings } from './settings-table.ts';

/**
 * Values as flags give them: text is read as the environment's would be; undefined means "not
 * given".
 */
export type SettingOverrides = { readonly [K in SettingName]?: Settings[K] | string | undefined };

export interface SettingRow {
  name: string;
  value: string;
  default: string;
  source: 'default' | 'environment' | 'flag';
  unit: string;
  description: string;
  /** The value held a password, which is masked here. */
  secret: boolean;
}

const NAMES = Object.keys(SETTINGS) as SettingName[];
const aboutOf = (name: SettingName): About => SETTINGS[name];
/** Variables that other parts of the repository own: the tests say where their data lies. */
const IGNORED = /^HEADWAY_TEST_/;

/**
 * Where each value of a settings object came from, kept aside so that settings stay plain values.
 */
const origins = new WeakMap<
  Settings,
  { sources: Record<string, SettingRow['source']>; defaults: Record<string, unknown> }
>();

/**
 * @param defaults for settings whose default only the caller knows (the domain), or that it wants
 * otherwise.
 */
export function readSettings(
  env: Record<string, string | undefined>,
  overrides: SettingOverrides = {},
  defaults: Partial<Settings> = {},
): Settings {
  refuseUnknown(env);
  const settings: Record<string, unknown> = {};
  const sources: Record<string, SettingRow['source']> = {};
  const allDefaults: Record<string, unknown> = {};
  for (const name of NAMES) {
    const { variable, isSecret } = aboutOf(name);
    const flag = overrides[name];
    const fallback = name in defaults ? defaults[name] : aboutOf(name).default;
    // A secret that was not filled in must not open the service.
    const fromEnvironment = env[variable]?.trim() || isSecret ? env[variable] : undefined;
    const given = flag ?? fromEnvironment ?? fallback;
    sources[name] =
      flag !== undefined && flag !== null
        ? 'flag'
        : fromEnvironment === undefined
          ? 'default'
          : 'environment';
    allDefaults[name] = fallback;
    if (given === undefined) {
      throw new HeadwayError('SETTINGS_INVALID', `${variable} is not set and has no default`, {
        where: variable,
        fix: `Set it to ${aboutOf(name).allowed}.`,
      });
    }
    // What the table says itself needs no check: a test has looked at all of it.
    settings[name] = given === aboutOf(name).default ? given : check(name, given, sources[name]);
  }
  const frozen = Object.freeze(settings) as unknown as Settings;
  origins.set(frozen, { sources, defaults: allDefaults });
  return frozen;
}

/** One row a setting, for `headway config`. */
export function describeSettings(settings: Settings): SettingRow[] {
  const origin = origins.get(settings);
  return NAMES.map((name) => {
    const { variable, unit, description, isSecret } = aboutOf(name);
    const shown = show(name, settings[name]);
    // Hashes are no secret, but a screen full of them hides what is.
    const value = isSecret && shown.trimStart().startsWith('{') ? '{…}' : maskCredentials(shown);
    return {
      name: variable,
      value,
      default: show(name, origin ? origin.defaults[name] : aboutOf(name).default),
      source: origin?.sources[name] ?? 'flag',
      unit: unit ?? '',
      description,
      secret: value !== shown,
    };
  });
}

function check(name: SettingName, given: unknown, source: SettingRow['source']): unknown {
  const setting = aboutOf(name);
  const { schema, isSound = () => true } = setting;
  const value = typeof given === 'string' ? fromText(setting, given.trim()) : given;
  if (matchesSchema(schema, value) && (value === null || isSound(value))) return value;
  const origin = source === 'flag' ? ' (from the command line)' : '';
  throw new HeadwayError(
    'SETTINGS_INVALID',
    `${setting.variable} is ${JSON.stringify(maskCredentials(String(given)))}${origin}, which is not ${setting.allowed}`,
    {
      where: setting.variable,
      fix: `Set it to ${setting.allowed}, or leave it out for the default.`,
    },
  );
}

function fromText({ schema, off, read }: About, text: string): unknown {
  if (off !== undefined && text.toLowerCase() === off) return null;
  if (read) return read(text);
  return schema.type?.includes('integer') && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

function show(name: SettingName, value: unknown): string {
  if (value === undefined) return '';
  return value === null ? (aboutOf(name).none ?? "the domain's own") : String(value);
}

/** A password inside an address ("https://user:password@…") never reaches a screen or a log. */
const maskCredentials = (text: string): string => text.replace(/:\/\/[^/@\s]+@/g, '://***@');

function refuseUnknown(env: Record<string, string | undefined>): void {
  const variables = NAMES.map((name) => aboutOf(name).variable);
  const unknown = Object.keys(env).find(
    (v) => v.startsWith('HEADWAY_') && !variables.includes(v) && !IGNORED.test(v),
  );
  if (!unknown) return;
  const nearest = nearestWord(unknown, variables);
  const meant = nearest ? ` Did you mean ${nearest}?` : '';
  throw new HeadwayError('SETTINGS_INVALID', `${unknown} is not a setting of Headway.${meant}`, {
    where: unknown,
    fix: 'Unset it, or see `headway config` for every setting.',
  });
}
