/**
 * Purpose: runs the Python peers on a panel of a domain: the environment, the files, the script and
 * its figures.
 * Invariants: versions are pinned; peers get the history, the cutoffs, the local calendar and what
 * is known in advance, as the domain's own training does.
 * Fails: where Python or the package index is not there, with the words of the tool that failed.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { metricsTable } from '../../cli/metrics-table.ts';
import type { Domain } from '../../domains/domain.ts';
import type { Panel } from '../../forecasting/panel/panel.ts';
import { defaultConfigOf, featureSpecOf } from '../../services/training/training-config.ts';
import { outputOf, pythonIn } from '../support/python-environment.ts';
import { writeCalendar, writeKnown, writePanel } from './peer-files.ts';

const PACKAGES = ['lightgbm==4.7.0', 'statsforecast==2.1.1', 'mlforecast==1.1.0', 'pandas==2.3.3'];
const SCRIPT = fileURLToPath(new URL('../support/peers.py', import.meta.url));

export interface PeerOptions {
  /** The folder of the Python environment. */
  readonly environment: string;
  readonly models: string;
  readonly historyDays: string;
  readonly leastMean: string;
  readonly localDays: string;
  readonly localModels: string;
  readonly maxLocalCutoffs: string;
  readonly threads: string;
}

export interface PeerResult {
  readonly metrics: Parameters<typeof metricsTable>[0];
  readonly seconds: Readonly<Record<string, unknown>>;
  /** What the script was asked for. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** @param folder for the files that the script reads */
export async function runPeers(
  domain: Domain,
  panel: Panel,
  folder: string,
  options: PeerOptions,
): Promise<PeerResult> {
  const config = defaultConfigOf(domain);
  const spec = featureSpecOf(domain);
  const python = await pythonIn(options.environment, PACKAGES);
  const files = { panel: join(folder, 'panel.csv'), calendar: join(folder, 'calendar.csv') };
  await writePanel(panel, files.panel);
  await writeCalendar(panel, spec.place, files.calendar);
  const known = join(folder, 'known.csv');
  const hasKnown = panel.exogenous !== undefined && domain.futureExogenous.length > 0;
  if (hasKnown) await writeKnown(panel, domain.futureExogenous, known);
  const about = {
    ...{ horizon: domain.horizon, models: options.models },
    'test-intervals': (config.testDays * 1440) / domain.frequencyMinutes,
    ...{ 'step-size': config.cutoffStep, day: spec.day, week: spec.week },
    ...{ 'history-days': options.historyDays, 'least-mean': options.leastMean },
    stride: config.fit.stride,
    ...{ 'local-days': options.localDays, 'local-models': options.localModels },
    ...{ 'max-local-cutoffs': options.maxLocalCutoffs, threads: options.threads },
    counts: domain.integerValued,
  };
  const args = Object.entries({ ...files, ...(hasKnown ? { known } : {}), ...about }).flatMap(
    ([name, value]) => [`--${name}`, String(value)],
  );
  const result = JSON.parse(await outputOf(python, SCRIPT, args)) as Omit<PeerResult, 'about'>;
  const what = { domain: domain.name, intervals: panel.length, packages: PACKAGES };
  return { ...result, about: { ...what, ...about } };
}
