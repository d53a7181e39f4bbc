import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Database } from '../adapters/postgres/database.ts';

/** Notifications that need people, counted by this process as they arrive: also those of which nothing is kept. */
export interface NotificationCounts {
  /** Their signature does not hold, or they name another application. NOT-01. */
  readonly untrusted: Counter<'wallet' | 'account'>;
  /** They hold, and belong to no payment. Money case 10. */
  readonly stray: Counter<'wallet' | 'account'>;
}

/** Only wallets and accounts that exist are counted, so that nobody outside can add a series. */
export function createNotificationCounts(): NotificationCounts {
  const counter = (name: string, help: string): Counter<'wallet' | 'account'> =>
    new Counter({ name, help, labelNames: ['wallet', 'account'], registers: [] });
  return {
    untrusted: counter('shoudan_untrusted_notifications_total', 'Notifications that cannot be trusted.'),
    stray: counter('shoudan_stray_notifications_total', 'Trusted notifications that belong to no payment.'),
  };
}

/** The gateway's metrics in Prometheus' text form. The gauges ask the database when they are read. */
export function gatewayMetrics(
  database: Database,
  counts: NotificationCounts,
): () => Promise<{ readonly contentType: string; readonly body: string }> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  registry.registerMetric(counts.untrusted);
  registry.registerMetric(counts.stray);
  new Gauge({
    name: 'shoudan_oldest_due_seconds',
    help: 'How long the longest due step has been waiting.',
    registers: [registry],
    async collect() {
      const { rows } = await database.query<{ readonly seconds: number }>({
        name: 'oldest_due',
        text: `select greatest(0, coalesce(extract(epoch from clock_timestamp() - least(
                 (select min(due_at) from payments where due_at is not null),
                 (select min(due_at) from refunds where due_at is not null),
                 (select min(due_at) from deliveries where due_at is not null))), 0))::float8 as seconds`,
      });
      this.set(rows[0]?.seconds ?? 0);
    },
  });
  new Gauge({
    name: 'shoudan_needs_attention',
    help: 'Payments, refunds, held cancels and stray notifications that wait for a person, by reason.',
    labelNames: ['reason'],
    registers: [registry],
    async collect() {
      const { rows } = await database.query<{ readonly reason: string; readonly count: bigint }>({
        name: 'needs_attention',
        text: `select attention as reason, count(*) from payments where attention is not null group by 1
               union all
               select attention, count(*) from refunds where attention is not null group by 1
               union all
               select 'cancel_of_unknown_request', count(*) from held_cancels
               union all
               select 'stray_notification', count(*) from stray_notifications where cleared_at is null`,
      });
      const counts = new Map<string, number>();
      for (const { reason, count } of rows) counts.set(reason, (counts.get(reason) ?? 0) + Number(count));
      this.reset();
      for (const [reason, count] of counts) this.set({ reason }, count);
    },
  });
  return async () => ({ contentType: registry.contentType, body: await registry.metrics() });
}
