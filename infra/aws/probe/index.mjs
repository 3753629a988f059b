/**
 * Purpose: asks the service from outside whether it is ready, and writes what it hears as metrics:
 * the one measure of freshness and fallback that does not trust the service's own counting, and
 * that goes on when nobody asks.
 * Invariants: no rights, no dependency, no import: metrics are a line of the log in CloudWatch's
 * embedded metric format. Every run writes exactly one line; a service that cannot be asked is
 * `Ready` 0. Before there is anything to serve there is nothing to be ready: an empty store is
 * neither ready nor a failure, and no model yet is no fallback.
 * Fails: never; what went wrong is in the line.
 */

const NAMESPACE = 'Headway';
const UNITS = {
  Ready: 'None',
  Fallback: 'None',
  DataAge: 'Seconds',
  RescuedSeries: 'Count',
  ProbeLatency: 'Milliseconds',
};

/**
 * @param status of GET /health/ready, or null where there was no response
 * @param body of it, as text
 */
export function metricsOf(status, body, latencyMs) {
  const health = parsed(body);
  if (status === 503 && health?.code === 'SNAPSHOT_EMPTY') return { ProbeLatency: latencyMs };
  const isServing = status === 200 && (health?.status === 'ready' || health?.status === 'degraded');
  if (!isServing) return { Ready: 0, ProbeLatency: latencyMs };
  return {
    Ready: 1,
    Fallback: health.status === 'degraded' && health.fallback?.reason !== 'NO_CHAMPION' ? 1 : 0,
    ...(Number.isFinite(health.dataAgeSeconds) ? { DataAge: health.dataAgeSeconds } : {}),
    ...(Number.isFinite(health.rescuedSeries) ? { RescuedSeries: health.rescuedSeries } : {}),
    ProbeLatency: latencyMs,
  };
}

/** One line of CloudWatch's embedded metric format. */
export function metricLine(environment, timestamp, metrics, about = {}) {
  const named = Object.keys(metrics).map((Name) => ({ Name, Unit: UNITS[Name] }));
  return JSON.stringify({
    _aws: {
      Timestamp: timestamp,
      CloudWatchMetrics: [{ Namespace: NAMESPACE, Dimensions: [['Environment']], Metrics: named }],
    },
    Environment: environment,
    ...metrics,
    ...about,
  });
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

export async function handler() {
  const { PROBE_URL, PROBE_ENVIRONMENT } = process.env;
  const started = Date.now();
  let status = null;
  let body = '';
  let problem;
  try {
    const response = await fetch(`${PROBE_URL}/health/ready`, {
      signal: AbortSignal.timeout(25_000),
    });
    status = response.status;
    body = (await response.text()).slice(0, 10_000);
  } catch (error) {
    problem = String(error?.cause?.code ?? error?.name ?? 'unknown').slice(0, 100);
  }
  const metrics = metricsOf(status, body, Date.now() - started);
  const { fallback, modelVersion, snapshotVersion, code } = parsed(body) ?? {};
  const about = {
    status,
    problem,
    fallbackReason: fallback?.reason,
    modelVersion,
    snapshotVersion,
    code,
  };
  console.log(metricLine(PROBE_ENVIRONMENT, started, metrics, about));
  return metrics;
}
