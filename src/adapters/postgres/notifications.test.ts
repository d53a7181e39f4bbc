import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { createSealing, SealingError } from '../sealing.ts';
import {
  createStrayNotifications,
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
