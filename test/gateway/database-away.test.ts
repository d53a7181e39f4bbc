import { afterEach, describe, expect, it } from 'vitest';
import { publicStatus } from '../../src/domain/payment.ts';
import { cancelPayment } from '../../src/operations/cancel.ts';
import { pay } from '../../src/operations/pay.ts';
import { ask } from '../database/ask.ts';
import { eventually, isFinalStatus, openRealGateway, type RealGateway } from './real-gateway.ts';

/*
 * A database that breaks the gateway's connections, or is away for a while, under a gateway that goes on running.
 */
let real: RealGateway;
afterEach(() => real.close());

/** Ends every connection of the gateway, whatever it is doing. */
async function breakConnections(): Promise<void> {
  await real.database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'shoudan'`,
  );
}

/** Whether the database lets anybody in. It cannot be told so over a connection to itself. */
async function letIn(allowed: boolean): Promise<void> {
  const url = new URL(real.databaseUrl);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  await ask(url.href, `alter database ${name} allow_connections ${allowed}`);
}

/** Whoever lost the database under a step holds a lease on it still: no test waits until it has run out. */
async function endLeases(): Promise<void> {
  await real.database.query('update payments set lease_until = null where lease_until is not null');
}

/** Every payment that was recorded, once all of them have ended, with what the payer has paid and not got back. */
async function ended() {
  const { rows } = await real.database.query<{ readonly id: string }>('select id from payments order by id');
  return Promise.all(
    rows.map(async ({ id }) => {
      const payment = await real.until(id, isFinalStatus);
      const line = await real.ledgerLine(payment);
      return { payment, kept: (line?.charged ?? 0) - (line?.refunded ?? 0) };
    }),
  );
}

// proves RES-13
describe('under open payments', () => {
  it('connections that break all the time: every payment ends the same for payer and merchant', async () => {
    // A caller who lost the database leaves its payment to the due loop, after the time of an answer.
    real = await openRealGateway({ policy: { payAnswerMs: 500 } });
    await real.control('POST', '/control/faults', { api: 'pay', fault: 'system_error', probability: 0.5 });
    const callers = Array.from({ length: 8 }, async (_, index) => {
      const request = real.request();
      // A caller whose call broke tries its order again, as tills do.
      await eventually(
        () => pay(real.gateway.engine, real.merchant, request, null).catch(() => null),
        (result) => result !== null,
      );
      if (index % 4 !== 0) return;
      const attempts = await eventually(
        () =>
          real.gateway.engine.journal
            .findPaymentsOfOrder(real.merchant.id, request.merchantOrderNo)
            .catch(() => []),
        (found) => found.length > 0,
      );
      const id = attempts[0]?.id ?? '';
      await eventually(
        () => cancelPayment(real.gateway.engine, real.merchant.id, id).catch(() => null),
        (result) => result !== null,
      );
    });
    const everyone = Promise.all(callers).then(() => true);
    for (let rounds = 0; rounds < 8; rounds += 1) {
      await breakConnections();
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await everyone;
    await endLeases();
    const results = await ended();
    expect(results.length).toBeGreaterThanOrEqual(8);
    for (const { payment, kept } of results) {
      expect(kept, payment.id).toBe(publicStatus(payment) === 'succeeded' ? 1234 : 0);
    }
  });

  it('a database that is away: the worker waits for it and then does what has fallen due', async () => {
    real = await openRealGateway();
    await real.control('POST', '/control/faults', { api: 'pay', fault: 'system_error', count: 3 });
    await real.control('POST', '/control/faults', { api: 'inquiry', fault: 'system_error', count: 6 });
    const begun = await Promise.all([real.pay(), real.pay(), real.pay()]);
    expect(begun.map(({ state }) => state)).toEqual(['unknown', 'unknown', 'unknown']);
    await letIn(false);
    await breakConnections();
    try {
      await expect(real.pay()).rejects.toThrow();
      await expect(real.payment(begun[0]?.id ?? '')).rejects.toThrow();
      // Longer than a poll of the due loop, and than every step that is due.
      await new Promise((resolve) => setTimeout(resolve, 700));
    } finally {
      await letIn(true);
    }
    await endLeases();
    const results = await ended();
    expect(results).toHaveLength(3);
    for (const { payment, kept } of results) {
      expect(publicStatus(payment)).toBe('succeeded');
      expect(kept).toBe(1234);
    }
  });
});
