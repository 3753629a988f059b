/**
 * Purpose: reads and checks the settings of settings-table.ts, from flags and environment. `headway
 * config` lists them.
 * Invariants: flags override the environment, which overrides the defaults; an empty variable
 * counts as unset; settings are frozen; the environment is an argument, so only the entry reads it.
 * Fails: SETTINGS_INVALID with the variable, its value and the allowed values. An unknown HEADWAY_*
 * variable is refused too: ignoring a misspelt setting costs more than stopping the start.
 */
import { closest, distance } from 'fastest-levenshtein';
import { HeadwayError } from '../errors.ts';
import type { About } from './about-setting.ts';
import { SETTINGS, type SettingName, type Settings } from './settings-table.ts';
import { matchesSchema } from './validator.ts';

export type { SettingName, Settings } from './settings-table.ts';

/**
 * Values of flags: text is parsed like a variable; undefined means "not set".
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
/** Variables of the tests. */
const IGNORED = /^HEADWAY_TEST_/;
/** An unknown variable with at most this many edits to a known one is a typing error. */
const MAX_EDITS = 4;

/** Where each value came from: a hidden property, so that settings stay plain values. */
const ORIGIN = Symbol('origin');
interface Origin {
  readonly sources: Record<string, SettingRow['source']>;
  readonly defaults: Record<string, unknown>;
}

/**
 * @param defaults that only the caller has (the domain), or that differ from the table
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
    // An empty secret must not start a service without keys.
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
    // Defaults of the table need no check: a test covers them.
    settings[name] = given === aboutOf(name).default ? given : check(name, given, sources[name]);
  }
  const origin: Origin = { sources, defaults: allDefaults };
  Object.defineProperty(settings, ORIGIN, { value: origin });
  return Object.freeze(settings) as unknown as Settings;
}

/** One row per setting, for `headway config`. */
export function describeSettings(settings: Settings): SettingRow[] {
  const origin = (settings as Settings & { [ORIGIN]?: Origin })[ORIGIN];
  return NAMES.map((name) => {
    const { variable, unit, description, isSecret, isHidden } = aboutOf(name);
    const shown = show(name, settings[name]);
    // Hashes are not secret, but they would fill the screen.
    const isJson = isSecret && shown.trimStart().startsWith('{');
    const isMasked = isHidden === true && settings[name] !== null;
    const value = isMasked ? '***' : isJson ? '{…}' : maskCredentials(shown);
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
  const shown = setting.isHidden ? 'a value' : JSON.stringify(maskCredentials(String(given)));
  const origin = source === 'flag' ? ' (from the command line)' : '';
  throw new HeadwayError(
    'SETTINGS_INVALID',
    `${setting.variable} is ${shown}${origin}, which is not ${setting.allowed}`,
    {
      where: setting.variable,
      fix: `Set it to ${setting.allowed}, or unset it for the default.`,
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

/**
 * A password inside an address ("https://user:password@…"), and the query of a web address, which
 * may be a signature, never reach a screen or a log.
 */
const maskCredentials = (text: string): string =>
  text.replace(/:\/\/[^/@\s]+@/g, '://***@').replace(/^(https?:\/\/[^?]*)\?.*$/is, '$1?***');

function refuseUnknown(env: Record<string, string | undefined>): void {
  const variables = NAMES.map((name) => aboutOf(name).variable);
  const unknown = Object.keys(env).find(
    (v) => v.startsWith('HEADWAY_') && !variables.includes(v) && !IGNORED.test(v),
  );
  if (!unknown) return;
  const nearest = closest(unknown, variables);
  const meant = distance(unknown, nearest) <= MAX_EDITS ? ` Did you mean ${nearest}?` : '';
  throw new HeadwayError('SETTINGS_INVALID', `${unknown} is not a setting of Headway.${meant}`, {
    where: unknown,
    fix: 'Unset it, or see `headway config` for every setting.',
  });
}
