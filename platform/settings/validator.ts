/**
 * Purpose: checks values against a JSON Schema.
 * Invariants: a validator is compiled at its first use, because most programs need few of them.
 * Fails: never.
 */
import { Check, Compile } from 'typebox/schema';

export interface Validator {
  Check(value: unknown): boolean;
  Errors(value: unknown): [boolean, { instancePath: string; message: string }[]];
}

/** For values that are read often or are large. */
export function lazyValidator(schema: object): Validator {
  let compiled: Validator | undefined;
  const validator = () => {
    compiled ??= Compile(schema) as unknown as Validator;
    return compiled;
  };
  return {
    Check: (value) => validator().Check(value),
    Errors: (value) => validator().Errors(value),
  };
}

/** For a small value that is read once: compiling would take longer. */
export const matchesSchema = (schema: object, value: unknown): boolean => Check(schema, value);

/** The JSON Schema of an object with exactly these fields. */
export const record = (properties: Record<string, object>) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});

/** The first thing that is wrong with `value`, for people; null where it matches. */
export function schemaProblem(validator: Validator, value: unknown): string | null {
  if (validator.Check(value)) return null;
  const error = validator.Errors(value)[1][0];
  return error
    ? `${error.instancePath || 'the whole'} ${error.message}`
    : 'it does not match its schema';
}
