/**
 * Purpose: the parameter that says which image a stack runs: the same in every stack that runs one.
 * Invariants: without a value CloudFormation keeps the one before.
 * Fails: while it is deployed, at a first deployment without a value, or with one that is not a
 * tag.
 */
import { CfnParameter, type Stack } from 'aws-cdk-lib';

export function imageTagParameter(stack: Stack): string {
  return new CfnParameter(stack, 'ImageTag', {
    description:
      'Tag of the image in this environment’s repository, as `npm run deploy -- ENVIRONMENT ' +
      '--image TAG` gives it',
    allowedPattern: '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}',
  }).valueAsString;
}
