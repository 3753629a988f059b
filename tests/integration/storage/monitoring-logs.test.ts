/**
 * Purpose: the logs of decisions and of runs of jobs keep their contract on S3, also a failing
 * one.
 */
import { FAR_STORES } from '../../fixtures/storage/every-store.ts';
import { describeDecisionLog, describeJobLog } from '../../fixtures/storage/log-contracts.ts';

for (const [name, open] of FAR_STORES) {
  describeDecisionLog(name, open);
  describeJobLog(name, open);
}
