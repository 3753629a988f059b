/**
 * Purpose: the error of a service that has more to do than it can.
 * Fails: never.
 */
import { HeadwayError } from '../../platform/errors.ts';

export const overloaded = (what: string): HeadwayError =>
  new HeadwayError('OVERLOADED', what, { fix: 'Try again in a few seconds.' });
