/**
 * Purpose: whether a value fits a JSON Schema. In the Lambda bundle another module stands in for
 * this one (infra/lambda/bundle-schemas.ts).
 * Invariants: a shape is compiled at its first use, so that a program which never needs it pays
 * nothing.
 * Fails: never; a schema that is none fits whatever TypeBox says it does.
 */
import { Check, Compile } from 'typebox/schema';

export interface Shape {
  Check(value: unknown): boolean;
  Errors(value: unknown): [boolean, { instancePath: string; message: string }[]];
}

/** For values that are read again and again, or are large. */
export function lazyValidator(schema: object): Shape {
  let compiled: Shape | undefined;
  const shape = () => {
    compiled ??= Compile(schema) as unknown as Shape;
    return compiled;
  };
  return { Check: (value) => shape().Check(value), Errors: (value) => shape().Errors(value) };
}

/** For a small value that is read once: compiling takes longer. */
export const matchesSchema = (schema: object, value: unknown): boolean => Check(schema, value);
