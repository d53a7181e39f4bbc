import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import pg from 'pg';
import { expect, it } from 'vitest';
import {
  clearInstallations,
  type Installation,
  installation,
  type Role,
  until,
  waitedForProcessorMs,
} from './installation.fixture.ts';
import {
  disagreement,
  expectAgreement,
  type Merchant,
  merchantEndpoint,
  merchantWith,
  newOrderNo,
  sandboxIn,
} from './merchant.fixture.ts';
import { separateProcesses } from './separate-processes.fixture.ts';

clearInstallations();

/** A payment is given up after 15 seconds instead of 75, so that tests see its end. */
const hastened = { SHOUDAN_POLICY_SPEED: '5' };

// proves CAN-05, RES-13
it.concurrent('after kill -9 of everything the next start is ready at once, has lost nothing and ends what was open', async ({
  onTestFinished,
}) => {
  const home = await installation();
  await home.untilReady(home.npmStart({ env: hastened }));
  const merchant = merchantWith(sandboxIn(home.dataDir));
  const endpoint = await merchantEndpoint();
  onTestFinished(endpoint.close);
  const paid = (await merchant.pay({ notify_url: endpoint.url })).body;
  expect(paid.status).toBe('succeeded');
  await until('its delivery has arrived', endpoint.arrived, (count) => count > 0);
  const unanswered = await openPayment(merchant, 'no_answer');
  const awaitingConfirmation = await openPayment(merchant, 'paying');
  const awaitingRefusal = await openPayment(merchant, 'paying');

  await home.killEverything();
  endpoint.accept();

  const second = home.npmStart({ env: hastened });
  await home.untilReady(second);
  const ownTimeMs = performance.now() - second.startedAtMs - waitedForProcessorMs(pidsOf(home));
  expect(ownTimeMs).toBeLessThan(5_000);
  expect(await merchant.payment(paid.id)).toEqual(paid);
  await merchant.control('POST', `trades/${awaitingConfirmation.payment_request_id}/confirm`);
  await merchant.control('POST', `trades/${awaitingRefusal.payment_request_id}/refuse`);
  const ends = await Promise.all([
    merchant.untilStatus(unanswered.id, 'succeeded'),
    merchant.untilStatus(awaitingConfirmation.id, 'succeeded'),
    until(
      'the refused payment has ended',
      () => merchant.payment(awaitingRefusal.id),
      ({ status }) => status === 'failed' || status === 'cancelled',
    ),
  ]);
  for (const payment of [paid, ...ends]) expectAgreement(payment, await merchant.ledgerLine(payment));
  expect(await merchant.ledger()).toHaveLength(4);
  // What no merchant has confirmed is delivered again.
  await until(
    'the delivery is accepted',
    () => endpoint.verified(merchant.sandbox.webhook_secret).map(({ data }) => data.payment.id),
    (ids) => ids.includes(paid.id),
  );
});

it.concurrent('kill -9 of npm, of its script or of the start alone ends the rest, and the next start goes on', async () => {
  const home = await installation();
  const wait = async (): Promise<Merchant> => {
    await home.untilReady(home.npmStart());
    return merchantWith(sandboxIn(home.dataDir));
  };

  const merchant = await wait();
  const paid = (await merchant.pay()).body;
  home.kill(home.pidOf('npm'));
  await home.untilGone();

  await wait();
  home.kill(home.pidOf('script'));
  await home.untilGone();

  await wait();
  home.kill(home.pidOf('start'));
  await home.untilGone('npm', 'shell', 'script', 'start', 'gateway', 'simulator');
  const orphan = home.pidOf('postmaster');

  // What npm calls, without npm: it says by its exit code how Shoudan has ended.
  const last = home.run(['node', 'scripts/run.mjs', 'start']);
  await home.untilReady(last);
  expect(home.pidOf('postmaster')).toBe(orphan);
  expect((await merchant.payment(paid.id)).status).toBe('succeeded');
  last.signalGroup('SIGINT');
  expect(await last.ended).toEqual({ exitCode: 0, signal: null });
  await home.untilGone();
  expect(last.complaints()).toEqual(['stopping']);
});

// proves RES-11, RES-13
it.concurrent('kill -9 of gateway, simulator and database under payments is made good by the start, and nobody pays twice', async () => {
  const home = await installation();
  const run = home.shoudan(['start'], { env: hastened });
  await home.untilReady(run);
  const merchant = merchantWith(sandboxIn(home.dataDir));
  const payers = [1, 2, 3].map(() => keepPaying(merchant));

  const victims: readonly (readonly Role[])[] = [
    ['gateway'],
    ['simulator'],
    ['postmaster'],
    ['gateway', 'postmaster'],
  ];
  for (const roles of victims) {
    const killed = roles.map((role) => home.pidOf(role));
    for (const pid of killed) home.kill(pid);
    await until(
      `another ${roles.join(' and ')} runs`,
      () => home.processes().filter(({ role, pid }) => roles.includes(role) && !killed.includes(pid)),
      (found) => found.length === roles.length,
    );
    await home.untilReady(run);
    // While the breaker has not yet heard of the wallet's return, new payments are refused before they are recorded.
    const orderNo = newOrderNo();
    const { status, body } = await until(
      'a payment is not refused',
      () => merchant.pay({ merchant_order_no: orderNo }, { 'idempotency-key': orderNo }),
      (answer) => answer.status !== 503,
    );
    expect(`${roles.join()}: ${status} ${body.status}`).toBe(`${roles.join()}: 201 succeeded`);
  }

  const orderNos = (await Promise.all(payers.map((payer) => payer.stop()))).flat();
  for (const orderNo of orderNos) {
    const payments = await merchant.paymentsOf(orderNo);
    expect(payments).toHaveLength(1);
    for (const payment of payments) {
      await until(
        'gateway and wallet agree',
        async () => disagreement(await merchant.payment(payment.id), await merchant.ledgerLine(payment)),
        (complaint) => complaint === null,
      );
    }
  }
  expect((await merchant.ledger()).length).toBeLessThanOrEqual(orderNos.length + victims.length);

  run.signalGroup('SIGTERM');
  expect(await run.ended).toEqual({ exitCode: 0, signal: null });
  await home.untilGone();
  expect(run.complaints().at(-1)).toBe('stopping');
  expect(existsSync(join(home.dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
});

// proves RES-13
it.concurrent('kill -9 of a worker that holds a payment leaves it to another when the lease ends', async () => {
  const { home, databaseUrl, merchant, shoudan } = await separateProcesses();
  const gateway = shoudan(['serve', '--no-worker'], 10);
  const doomed = shoudan(['work'], 1);
  await home.untilReady(gateway);
  // The inquiry that follows is not answered either: the worker holds the lease for the three seconds of the call.
  await merchant.control('POST', 'faults', { api: 'inquiry', fault: 'no_answer', count: 1 });
  const open = await openPayment(merchant, 'no_answer');
  const lease = await until(
    'the worker holds the payment',
    () => leaseOf(databaseUrl, open.id),
    ({ held }) => held,
    5,
  );
  home.kill(doomed.pid);
  shoudan(['work'], 10);
  const takenOver = await merchant.untilStatus(open.id, 'succeeded');
  expectAgreement(takenOver, await merchant.ledgerLine(takenOver));
  // By the process's clock, which may be a little behind the database's.
  const leaseEndMs = lease.until?.getTime() ?? Number.NaN;
  expect(new Date(takenOver.updated_at).getTime()).toBeGreaterThan(leaseEndMs - 1_000);
});

/** A merchant that pays order after order, and repeats each request with its key until it is answered. */
function keepPaying(merchant: Merchant): { stop(): Promise<readonly string[]> } {
  const orderNos: string[] = [];
  let stopping = false;
  const paying = (async () => {
    while (!stopping) {
      const orderNo = newOrderNo();
      orderNos.push(orderNo);
      await until(
        `order ${orderNo} is accepted`,
        () =>
          merchant
            .pay({ merchant_order_no: orderNo }, { 'idempotency-key': orderNo, prefer: 'wait=1' })
            .then(({ status }) => status, String),
        (status) => status === 201 || status === 202,
      );
      await sleepFor(50);
    }
  })();
  return {
    async stop() {
      stopping = true;
      await paying;
      return orderNos;
    },
  };
}

/** A payment whose call the wallet has carried out, and whose answer nobody has heard. */
async function openPayment(merchant: Merchant, fault: 'no_answer' | 'paying') {
  await merchant.control('POST', 'faults', { api: 'pay', fault, count: 1 });
  const { status, body } = await merchant.pay({}, { prefer: 'wait=0' });
  expect([status, body.status]).toEqual([202, 'processing']);
  await until(
    'the wallet knows the payment',
    () => merchant.ledgerLine(body),
    (line) => line !== undefined,
  );
  return body;
}

function pidsOf(home: Installation, ...roles: readonly Role[]): number[] {
  return home
    .processes()
    .filter(({ role }) => roles.length === 0 || roles.includes(role))
    .map(({ pid }) => pid);
}

async function leaseOf(
  databaseUrl: string,
  paymentId: string,
): Promise<{ readonly held: boolean; readonly until: Date | null }> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query(
      'select lease_until as until, coalesce(lease_until > clock_timestamp(), false) as held from payments where id = $1',
      [paymentId],
    );
    return rows[0];
  } finally {
    await client.end();
  }
}
