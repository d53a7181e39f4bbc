import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';
import type { PaymentSnapshot, RefundSnapshot } from '../../src/operations/snapshots.ts';
import { ask } from '../database/ask.ts';
import { clearInstallations, until } from '../processes/installation.fixture.ts';
import { disagreement, expectAgreement, type Merchant } from '../processes/merchant.fixture.ts';
import { orderCode, payInWallet } from '../processes/payer.fixture.ts';
import { type SeparateProcesses, separateProcesses } from '../processes/separate-processes.fixture.ts';

/*
 * What docs/operating/backup.md says, done: a backup by pg_dump, a day's work after it, everything killed, the backup
 * restored, and a gateway started on it. The wallet knows all of it, the database what it knew at the backup.
 */

clearInstallations();
const run = promisify(execFile);

interface HeldCancelAnswer {
  readonly status: string;
  readonly wallets: readonly {
    readonly wallet: string;
    readonly status: string;
    readonly known_to_wallet: boolean;
  }[];
}

interface Attention {
  readonly attention_total: number;
  readonly held_cancels: readonly { readonly payment_request_id: string }[];
  readonly stray_notifications_total: number;
}

const missing = await whyNoBackup();
const unless = missing === null ? '' : `${missing}, so no restore was tried: `;

// proves RES-13, CAN-05
it.skipIf(missing !== null)(
  `${unless}after a restore what the backup knew is resolved, and what only the wallet knows stands in sight`,
  async (test) => {
    const system = await separateProcesses();
    const { home, merchant, databaseUrl } = system;
    const first = system.shoudan(['serve'], 5);
    await home.untilReady(first);

    const settled = await paid(merchant);
    const cancelledLater = await paid(merchant);
    const refundedLater = await paid(merchant);
    await merchant.control('POST', 'faults', { api: 'pay', fault: 'paying', count: 1 });
    const open = (await merchant.pay({}, { prefer: 'wait=0' })).body;
    await until(
      'the wallet waits for its payer',
      () => merchant.ledgerLine(open),
      (line) => line !== undefined,
    );
    const backup = join(home.dataDir, 'shoudan.dump');
    await run('pg_dump', ['--format=custom', `--file=${backup}`, databaseUrl]);

    const lostSale = await paid(merchant);
    const lostCode = await orderCode(merchant, 'USD', `${home.gatewayUrl}/livez`);
    await merchant.control('POST', `trades/${open.payment_request_id}/confirm`);
    await merchant.untilStatus(open.id, 'succeeded');
    await merchant.call('POST', `/v1/payments/${cancelledLater.id}/cancel`, {});
    await merchant.untilStatus(cancelledLater.id, 'cancelled');
    const refund = { amount: { currency: 'CNY', value: 234 }, merchant_refund_no: 'R-1' };
    const refunds = `/v1/payments/${refundedLater.id}/refunds`;
    expect((await merchant.call<RefundSnapshot>('POST', refunds, refund)).body.status).toBe('succeeded');
    home.kill(first.pid);
    await first.ended;

    const { url: restoredUrl, drop } = await restored(backup);
    test.onTestFinished(drop);
    expect(await ask(restoredUrl, `select id from payments where due_at is not null`)).toEqual([
      { id: open.id },
    ]);
    const second = system.shoudan(['serve'], 5, { env: { DATABASE_URL: restoredUrl } });
    await home.untilReady(second);

    // What was recorded before the backup and open then, ends as the wallet has it.
    const found = await merchant.untilStatus(open.id, 'succeeded');
    for (const payment of [settled, found]) {
      expectAgreement(await merchant.payment(payment.id), await merchant.ledgerLine(payment));
    }

    // What was accepted after it is known to nobody here: a cancel by its upstream id is held, for people to see, and the
    // wallet gives the money back.
    const unknown = await merchant.call<{ readonly code: string }>('GET', `/v1/payments/${lostSale.id}`);
    expect([unknown.status, unknown.body.code]).toEqual([404, 'payment_not_found']);
    const byRequest = { payment_request_id: lostSale.payment_request_id };
    const held = await merchant.call<HeldCancelAnswer>('POST', '/v1/cancels', byRequest);
    expect(held.body.status).toBe('held');
    expect(held.body.wallets.map(({ wallet }) => wallet)).toContain('alipay_open');
    await until(
      'the lost sale is given back',
      () => merchant.ledgerLine(lostSale),
      (line) => line?.charged === 1234 && line.refunded === 1234,
    );
    const repeated = await merchant.call<HeldCancelAnswer>('POST', '/v1/cancels', byRequest);
    expect(repeated.body.wallets.find(({ wallet }) => wallet === 'alipay_open')).toMatchObject({
      status: 'cancelled',
      known_to_wallet: true,
    });
    await payInWallet(merchant, lostCode);
    const attention = await until(
      'the stray notification is in sight',
      () => attentionOf(system, restoredUrl),
      (seen) => seen.stray_notifications_total > 0,
    );
    expect(attention.held_cancels.map((one) => one.payment_request_id)).toEqual([
      lostSale.payment_request_id,
    ]);
    const metrics = await (await fetch(`${home.gatewayUrl}/metrics`)).text();
    for (const reason of ['cancel_of_unknown_request', 'stray_notification']) {
      expect(metrics).toMatch(new RegExp(`^shoudan_needs_attention\\{reason="${reason}"\\} [1-9]`, 'm'));
    }

    // What the backup knew as paid and the wallet has undone since, nobody asks about by itself: it differs until the
    // merchant's cancel is repeated, which is safe.
    const before = await merchant.payment(cancelledLater.id);
    expect(before.status).toBe('succeeded');
    expect(disagreement(before, await merchant.ledgerLine(cancelledLater))).not.toBeNull();
    await merchant.call('POST', `/v1/payments/${cancelledLater.id}/cancel`, {});
    const undone = await merchant.untilStatus(cancelledLater.id, 'cancelled');
    const line = await merchant.ledgerLine(cancelledLater);
    expectAgreement(undone, line);
    expect(line).toMatchObject({ charged: 1234, refunded: 1234 });
    // A refund of that time is forgotten, and a repeat of it would be a second one: it shows in the wallet's books alone.
    expect((await merchant.payment(refundedLater.id)).refunded.value).toBe(0);
    expect((await merchant.ledgerLine(refundedLater))?.refunded).toBe(234);

    // And the gateway goes on.
    const next = await paid(merchant);
    expectAgreement(next, await merchant.ledgerLine(next));
  },
);

async function paid(merchant: Merchant): Promise<PaymentSnapshot> {
  const { body } = await merchant.pay();
  expect(body.status).toBe('succeeded');
  return body;
}

async function attentionOf(system: SeparateProcesses, databaseUrl: string): Promise<Attention> {
  const asked = system.shoudan(['inspect', 'attention', '--json'], 5, { env: { DATABASE_URL: databaseUrl } });
  expect([(await asked.ended).exitCode, asked.stderr()]).toEqual([0, '']);
  return JSON.parse(asked.stdout()) as Attention;
}

/** The tools have to be as new as the server. `null`: they are. */
async function whyNoBackup(): Promise<string | null> {
  const [server] = await ask<{ readonly major: number }>(
    inject('testServerUrl'),
    `select current_setting('server_version_num')::int / 10000 as major`,
  );
  for (const tool of ['pg_dump', 'pg_restore']) {
    const version = await run(tool, ['--version']).then(
      ({ stdout }) => Number(/(\d+)/.exec(stdout)?.[1] ?? 0),
      () => 0,
    );
    if (version === 0) return `${tool} is not installed`;
    if (version < (server?.major ?? 0)) return `${tool} ${version} is older than PostgreSQL ${server?.major}`;
  }
  return null;
}

async function restored(backup: string): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const serverUrl = inject('testServerUrl');
  const name = `restored_${randomBytes(6).toString('hex')}`;
  await ask(serverUrl, `create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await run('pg_restore', ['--no-owner', '--exit-on-error', `--dbname=${url.href}`, backup]);
  return {
    url: url.href,
    drop: async () => void (await ask(serverUrl, `drop database if exists ${name} with (force)`)),
  };
}
