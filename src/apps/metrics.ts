import { collectDefaultMetrics, Gauge, type Metric, Registry } from 'prom-client';
import type { Database } from '../adapters/postgres/database.ts';
import {
  type OperatingSignals,
  readOperatingSignals,
  suspectReasons,
} from '../adapters/postgres/operating-signals.ts';
import type { ProcessLoad } from '../adapters/process-load.ts';
import type { Admission } from '../inbound/rest/admission.ts';
import type { ProcessSignals } from './process-signals.ts';

export interface MetricsOptions {
  readonly database: Database;
  readonly signals: ProcessSignals;
  /** Of a process that takes payments. */
  readonly admission?: Pick<Admission, 'paymentsInFlight'>;
  readonly load?: ProcessLoad;
  readonly monotonicMs?: () => number;
}

/** Any number of collectors cost one reading of the tables in this time. */
const freshForMs = 5_000;

export type MetricsText = () => Promise<{ readonly contentType: string; readonly body: string }>;

/**
 * The metrics of this process in Prometheus' text form, with what the tables say about the work of all of them. While the
 * database does not answer, `shoudan_database_up` is 0 and what the tables would say is left out: a figure of before would
 * pass for one of now.
 */
export function gatewayMetrics(options: MetricsOptions): MetricsText {
  const { database, monotonicMs = () => performance.now() } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const metric of options.signals.metrics) registry.registerMetric(metric as Metric);
  const tables = tableGauges(registry);
  processGauges(registry, options);

  let seen: { readonly reading: Promise<OperatingSignals | null>; readonly atMs: number } | null = null;
  const read = (): Promise<OperatingSignals | null> => {
    if (seen === null || monotonicMs() - seen.atMs >= freshForMs) {
      seen = { reading: readOperatingSignals(database).catch(() => null), atMs: monotonicMs() };
    }
    return seen.reading;
  };
  return async () => {
    tables.show(await read());
    return { contentType: registry.contentType, body: await registry.metrics() };
  };
}

function tableGauges(registry: Registry): { show(signals: OperatingSignals | null): void } {
  const registers = [registry];
  const up = new Gauge({
    name: 'shoudan_database_up',
    help: 'Whether the database answered when it was last asked for these metrics.',
    registers,
  });
  const suspects = new Gauge({
    name: 'shoudan_one_sided_suspects',
    help: 'Payments and refunds whose wallet’s word and state disagree, or that stand in attention for it, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const attention = new Gauge({
    name: 'shoudan_needs_attention',
    help: 'Payments, refunds, held cancels, stray notifications and disabled endpoints that wait for a person, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const due = new Gauge({
    name: 'shoudan_due_steps',
    help: 'Rows whose next step is due and that no process works on, by kind and step.',
    labelNames: ['kind', 'step'],
    registers,
  });
  const held = new Gauge({
    name: 'shoudan_held_steps',
    help: 'Steps that wait until their wallet account answers again, by account.',
    labelNames: ['wallet', 'account'],
    registers,
  });
  const oldest = new Gauge({
    name: 'shoudan_oldest_due_seconds',
    help: 'How long the longest due step has been waiting.',
    registers,
  });
  const workers = new Gauge({
    name: 'shoudan_workers_alive',
    help: 'Processes that run the due loop and were seen lately.',
    registers,
  });
  return {
    show(signals) {
      up.set(signals === null ? 0 : 1);
      for (const gauge of [suspects, attention, due, held]) gauge.reset();
      for (const gauge of [oldest, workers]) gauge.remove();
      if (signals === null) return;
      // A reason without a payment is 0 and not absent: an alert on it must be able to end.
      for (const reason of suspectReasons)
        suspects.set({ reason }, signals.oneSidedSuspects.get(reason) ?? 0);
      for (const [reason, count] of signals.needsAttention) attention.set({ reason }, count);
      for (const { kind, step, count } of signals.dueSteps) due.set({ kind, step }, count);
      for (const { wallet, account, count } of signals.heldSteps) held.set({ wallet, account }, count);
      oldest.set(signals.oldestDueSeconds);
      workers.set(signals.workersAlive);
    },
  };
}

function processGauges(registry: Registry, { database, admission, load }: MetricsOptions): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  new Gauge({
    name: 'shoudan_database_connections',
    help: 'Connections of this process to the database, by state.',
    labelNames: ['state'],
    registers,
    collect() {
      this.set({ state: 'in_use' }, database.totalCount - database.idleCount);
      this.set({ state: 'idle' }, database.idleCount);
    },
  });
  gauge(
    'shoudan_database_connections_max',
    'Connections that this process may have.',
    () => database.options.max,
  );
  gauge(
    'shoudan_database_waiting',
    'Statements of this process that wait for a connection.',
    () => database.waitingCount,
  );
  if (load !== undefined) {
    gauge(
      'shoudan_database_wait_seconds',
      'How long a statement waits for a connection, the median of the last half second.',
      () => load.databaseWaitMs() / 1_000,
    );
    gauge(
      'shoudan_event_loop_delay_seconds',
      'How late timers of this process come, the median of the last half second.',
      () => load.eventLoopDelayMs() / 1_000,
    );
  }
  if (admission !== undefined) {
    gauge('shoudan_payments_in_flight', 'Payments that this process has in flight.', () =>
      admission.paymentsInFlight(),
    );
  }
}
