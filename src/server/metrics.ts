// What the server counts, in the format of Prometheus. Loaded only where metrics are on.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CallObserver } from './answered-calls.js';
import type { RouteContext } from './routes/route.js';

/** Seconds: from a cached answer to a long execution. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600];

/** The metrics of one server. */
export interface Metrics {
  /** Prints them. */
  readonly registry: Registry;
  /** Counts a call. */
  readonly observe: CallObserver;
}

/** Makes the metrics of one server. */
export function createMetrics(context: RouteContext): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  addGauges(registry, context);
  const labelNames = ['operation', 'status'] as const;
  const registers = [registry];
  const duration = new Histogram({
    name: 'rserver_request_duration_seconds',
    help: 'Time from a request to its answer, by operation of the API and status.',
    labelNames,
    buckets: BUCKETS,
    registers,
  });
  const errors = new Counter({
    name: 'rserver_errors_total',
    help: 'Answers that were errors, by operation of the API and error code.',
    labelNames: ['operation', 'code'],
    registers,
  });
  return {
    registry,
    observe: ({ operationId: operation = 'other', statusCode: status, errorCode, elapsedMs }) => {
      duration.observe({ operation, status }, elapsedMs / 1000);
      if (errorCode !== '') errors.inc({ operation, code: errorCode });
    },
  };
}

function addGauges(registry: Registry, { options, sessions }: RouteContext): void {
  const registers = [registry];
  new Gauge({
    name: 'rserver_sessions',
    help: 'Live sessions.',
    registers,
    collect() {
      this.set(sessions.count);
    },
  });
  new Gauge({
    name: 'rserver_runtimes',
    help: 'R and Python processes, by language and state.',
    labelNames: ['runtime', 'state'],
    registers,
    collect() {
      for (const pool of options.runtimes.status()) {
        const runtime = pool.runtimeType;
        this.set({ runtime, state: 'active' }, pool.activeCount);
        this.set({ runtime, state: 'max' }, pool.maxPoolSize);
        this.set({ runtime, state: 'started' }, pool.currentPoolSize);
      }
    },
  });
  new Gauge({
    name: 'rserver_info',
    help: 'Always 1; the label tells the version.',
    labelNames: ['version'],
    registers,
  }).set({ version: options.version }, 1);
}
