/**
 * Purpose: synthesises the variants in a process of its own: loading the CDK into Jest's takes
 * longer than all of it.
 *   node --import tsx synth.ts BUNDLE OUT → OUT/plain and OUT/everything
 * Invariants: the same program as infra/app.ts, cdk-nag included; CloudFormation's own rules are
 * left to `npm run synth`.
 * Fails: with what the synthesis says.
 */
import { join } from 'node:path';
import { buildApp } from '../../../infra/build-app.ts';
import { everything, plain } from '../variants.ts';

const [bundle = '', out = ''] = process.argv.slice(2);
buildApp(plain, bundle, join(out, 'plain')).app.synth();
buildApp([everything], bundle, join(out, 'everything')).app.synth();
