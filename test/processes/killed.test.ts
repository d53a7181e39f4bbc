import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
import { expectAgreement, type Merchant, merchantWith, sandboxIn } from './merchant.fixture.ts';
import { separateProcesses } from './separate-processes.fixture.ts';

clearInstallations();

/** A payment is given up after 15 seconds instead of 75, so that tests see its end. */
const hastened = { SHOUDAN_POLICY_SPEED: '5' };

// proves CAN-05, RES-13
it.concurrent('after kill -9 of everything the next start is ready at once, has lost nothing and ends what was open', async () => {
  const home = await installation();
  await home.untilReady(home.npmStart({ env: hastened }));
  const merchant = merchantWith(sandboxIn(home.dataDir));
  const paid = (await merchant.pay()).body;
  expect(paid.status).toBe('succeeded');
  const unanswered = await openPayment(merchant, 'no_answer');
  const awaitingConfirmation = await openPayment(merchant, 'paying');
  const awaitingRefusal = await openPayment(merchant, 'paying');

  await home.killEverything();

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

it.concurrent('kill -9 of the gateway, of the simulator or of the database is made good by the start', async () => {
  const home = await installation();
  const run = home.shoudan(['start']);
  await home.untilReady(run);
  const merchant = merchantWith(sandboxIn(home.dataDir));
  const before = (await merchant.pay()).body;

  for (const role of ['gateway', 'simulator', 'postmaster'] as const) {
    const killed = home.pidOf(role);
    home.kill(killed);
    await until(
      `another ${role} runs`,
      () => home.processes().filter((one) => one.role === role),
      ([found]) => found !== undefined && found.pid !== killed,
    );
    await home.untilReady(run);
    const { status, body } = await merchant.pay();
    expect(`${role}: ${status} ${body.status}`).toBe(`${role}: 201 succeeded`);
    expectAgreement(body, await merchant.ledgerLine(body));
  }

  expect(await merchant.payment(before.id)).toEqual(before);
  expect(run.complaints().filter((line) => !line.startsWith('{'))).toEqual([
    'gateway ended unexpectedly (SIGKILL), starting it again',
    'simulator ended unexpectedly (SIGKILL), starting it again',
    'the embedded PostgreSQL ended unexpectedly, starting it again',
  ]);
  run.signalGroup('SIGTERM');
  expect(await run.ended).toEqual({ exitCode: 0, signal: null });
  await home.untilGone();
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
