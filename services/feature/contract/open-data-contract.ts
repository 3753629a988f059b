/**
 * Purpose: a domain's data contract as an Open Data Contract (Bitol ODCS 3.1): what its raw data
 * must have, what the panel made of them is, and the limits that a run is held to.
 * Invariants: says what `contract.ts` judges by, from the same declarations and defaults.
 * Fails: SETTINGS_INVALID for limits that do not hold.
 * Source: Open Data Contract Standard 3.1.0.
 */
import type { Domain } from '../../../domains/domain.ts';
import type { ColumnKind } from '../../../domains/expectations.ts';
import { EXPECTATION_NAMES, EXPECTATIONS, limitsOf } from './verdict.ts';

const API_VERSION = 'v3.1.0';
/** Of this description; a change that readers must follow raises the first number. */
const VERSION = '1.0.0';
const LOGICAL: Readonly<Record<ColumnKind, string | undefined>> = {
  ...{ number: 'number', text: 'string', time: 'timestamp', boolean: 'boolean', other: undefined },
};

export function openDataContract(domain: Domain) {
  const { name, title, unit, seriesNoun, frequencyMinutes, timeZone } = domain;
  return {
    ...{ apiVersion: API_VERSION, kind: 'DataContract', id: `urn:headway:contract:${name}` },
    ...{ name: title, version: VERSION, status: 'active', domain: name },
    description: {
      purpose: `${title}: ${unit}, one series per ${seriesNoun}, for forecasts`,
      limitations:
        `Intervals of ${frequencyMinutes} minutes in UTC; the calendar is that of ${timeZone}. ` +
        (domain.missing === 'zero'
          ? 'Inside the span of the data an interval without rows is zero.'
          : 'An interval without rows is unknown.'),
    },
    schema: [...rawObject(domain), panelObject(domain)],
    slaProperties: [
      { property: 'frequency', value: frequencyMinutes, unit: 'minutes', element: 'panel.ds' },
      ...freshness(domain),
    ],
  };
}

function rawObject(domain: Domain) {
  const columns = domain.expectations?.columns ?? [];
  if (columns.length === 0) return [];
  const properties = columns.map(({ names, kinds }) => ({
    name: names[0] as string,
    ...(LOGICAL[kinds[0] as ColumnKind] ? { logicalType: LOGICAL[kinds[0] as ColumnKind] } : {}),
    required: true,
    description: [
      `Kinds: ${kinds.join(', ')}`,
      ...(names.length > 1 ? [`also spelt ${names.slice(1).join(', ')}`] : []),
    ].join('; '),
  }));
  const description = 'Each raw file; it may have more columns';
  return [{ name: 'raw', logicalType: 'object', description, properties }];
}

function panelObject(domain: Domain) {
  const { unit, nonNegative, integerValued, pastExogenous, futureExogenous } = domain;
  const key = (name: string, position: number, logicalType: string, description: string) => ({
    ...{ name, logicalType, description, required: true },
    ...{ primaryKey: true, primaryKeyPosition: position },
  });
  const exogenous = (name: string, description: string) => ({
    ...{ name, logicalType: 'number', required: false, description },
  });
  return {
    ...{ name: 'panel', logicalType: 'object' },
    description: 'What `headway panel export` writes; exogenous columns are in the snapshot only',
    properties: [
      key('unique_id', 1, 'string', `The ${domain.seriesNoun}`),
      key('ds', 2, 'timestamp', 'UTC start of the interval'),
      {
        ...{ name: 'y', logicalType: integerValued ? 'integer' : 'number', required: false },
        description: `${unit}; null is unknown, not zero`,
        ...(nonNegative ? { logicalTypeOptions: { minimum: 0 } } : {}),
      },
      ...pastExogenous.map((name) => exogenous(name, 'Known only afterwards')),
      ...futureExogenous.map((name) => exogenous(name, 'Known at least a horizon in advance')),
    ],
    quality: EXPECTATION_NAMES.flatMap((name) => {
      const { soft, hard } = limitsOf(domain, name);
      const { title, unit: measure } = EXPECTATIONS[name];
      const rule = (severity: 'warning' | 'error', above: number) => ({
        ...{ name: `${name}_${severity}`, description: title, type: 'custom', engine: 'headway' },
        implementation: { expectation: name, unit: measure, mayNotBeAbove: above },
        severity,
      });
      return [
        ...(soft === null ? [] : [rule('warning', soft)]),
        ...(hard === null ? [] : [rule('error', hard)]),
      ];
    }),
  };
}

function freshness(domain: Domain) {
  const { hard, soft } = limitsOf(domain, 'freshness');
  const value = hard ?? soft;
  return value === null ? [] : [{ property: 'latency', value, unit: 'h', element: 'panel.ds' }];
}
