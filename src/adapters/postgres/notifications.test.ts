import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createSealing, SealingError } from '../sealing.ts';
import {
  countUntrustedNotifications,
  createStrayNotifications,
  findStrays,
  keepUntrustedNotification,
  listStrayNotifications,
} from './notifications.ts';
import { openedTestDatabase } from './opened-test-database.fixture.ts';

const sealing = createSealing(randomBytes(32));
const { database } = await openedTestDatabase();

// Not UTF-8: what was received may be anything.
const raw = Buffer.concat([Buffer.from('{"paymentRequestId":"P1"}'), Buffer.of(0xff, 0)]);

// proves NOT-01
it('a notification that cannot be trusted is kept byte by byte, and nobody reads it without the master key', async () => {
  await keepUntrustedNotification(database, sealing, {
    wallet: 'alipay_plus',
    account: 'sandbox',
    detail: 'its signature does not fit',
    raw,
  });
  const { rows } = await database.query<{ readonly sealed_bytes: Buffer; readonly detail: string }>(
    'select sealed_bytes, detail from untrusted_notifications',
  );
  const [kept] = rows;
  expect(kept?.detail).toBe('its signature does not fit');
  const sealed = kept?.sealed_bytes ?? Buffer.of();
  expect(sealed.includes('paymentRequestId')).toBe(false);
  const context = 'untrusted_notifications.sealed_bytes alipay_plus/sandbox';
  expect(sealing.open(sealed, context).equals(raw)).toBe(true);
  expect(() => createSealing(randomBytes(32)).open(sealed, context)).toThrow(SealingError);
});

// money case 10
it('a notification of a payment that nobody knows stands in sight once, however often it is repeated', async () => {
  const strays = createStrayNotifications(database, sealing);
  const stray = {
    wallet: 'alipay_plus',
    account: 'sandbox',
    requestId: `P${'0'.repeat(31)}`,
    says: 'paid 599 USD as 2026',
    raw,
  } as const;
  await Promise.all([strays.keep(stray), strays.keep(stray), strays.keep(stray)]);
  await strays.keep({ ...stray, says: 'not paid: ORDER_IS_CLOSED' });
  const { rows, total } = await listStrayNotifications(database, 10);
  expect(total).toBe(2);
  expect(rows).toMatchObject([
    { paymentRequestId: stray.requestId, says: stray.says, times: 3 },
    { paymentRequestId: stray.requestId, says: 'not paid: ORDER_IS_CLOSED', times: 1 },
  ]);
  expect((await listStrayNotifications(database, 1)).rows).toHaveLength(1);
});

it('a stray notification is kept byte by byte, and a repeat says when it was told last', async () => {
  const strays = createStrayNotifications(database, sealing);
  const stray = {
    wallet: 'alipay_open',
    account: 'sandbox',
    requestId: 'ORDER-1',
    says: 'waiting for its payer',
    raw,
  } as const;
  await strays.keep(stray);
  await database.query(
    `update stray_notifications set created_at = created_at - interval '1 hour', last_at = last_at - interval '1 hour'
     where payment_request_id = 'ORDER-1'`,
  );
  await strays.keep(stray);
  const [listed] = await findStrays(database, 'ORDER-1');
  expect((listed?.lastAt.getTime() ?? 0) - (listed?.since.getTime() ?? 0)).toBeGreaterThan(3_500_000);
  const { rows } = await database.query<{ readonly sealed_bytes: Buffer }>(
    `select sealed_bytes from stray_notifications where payment_request_id = 'ORDER-1'`,
  );
  const context = 'stray_notifications.sealed_bytes alipay_open/sandbox/ORDER-1';
  expect(sealing.open(rows[0]?.sealed_bytes ?? Buffer.of(), context).equals(raw)).toBe(true);
});

it('untrusted notifications are counted for each account over the last day, with what is wrong with the newest', async () => {
  const untrusted = { wallet: 'alipay_open', account: 'counted', raw } as const;
  await keepUntrustedNotification(database, sealing, { ...untrusted, detail: 'old' });
  await database.query(
    `update untrusted_notifications set received_at = received_at - interval '25 hours' where detail = 'old'`,
  );
  await keepUntrustedNotification(database, sealing, { ...untrusted, detail: 'first' });
  await keepUntrustedNotification(database, sealing, { ...untrusted, detail: 'second' });
  const counts = await countUntrustedNotifications(database);
  expect(counts.find(({ account }) => account === 'counted')).toMatchObject({ kept: 2, detail: 'second' });
});
