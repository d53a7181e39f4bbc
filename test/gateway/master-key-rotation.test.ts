import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { type Gateway, openGateway } from '../../src/apps/gateway.ts';
import { shoudan } from '../../src/apps/scripted-gateway.fixture.ts';
import { readSettings } from '../../src/apps/settings.ts';
import { type Payment, publicStatus } from '../../src/domain/payment.ts';
import { pay } from '../../src/operations/pay.ts';
import { eventually, merchantId, openRealGateway, paymentOf } from './real-gateway.ts';

/*
 * The master key is changed while two gateways pay: one that seals with the old key and opens the new one's too, as every
 * process does first, and one that has been started anew and seals with the new one.
 */

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const hex = (key: Uint8Array) => Buffer.from(key).toString('hex');

it('gateways pay and tell merchants while everything is sealed again under another master key', async () => {
  const next = randomBytes(32);
  const real = await openRealGateway({ worker: false, furtherMasterKeys: [next] });
  ends.push(() => real.close());
  const logged: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void logged.push(line) });
  const openWith = async (master: Uint8Array, further?: Uint8Array): Promise<Gateway> => {
    const settings = readSettings({
      SHOUDAN_PUBLIC_URL: real.publicUrl,
      ...(further === undefined ? {} : { SHOUDAN_FURTHER_MASTER_KEYS: hex(further) }),
    });
    const opened = await openGateway(settings, real.databaseUrl, master, log);
    ends.push(() => opened.close());
    return opened;
  };
  const anew = await openWith(next, real.masterKey);
  await real.startWorker(anew);

  const payments: Payment[] = [];
  let isStopped = false;
  const payingOn = async ({ engine }: Gateway): Promise<void> => {
    while (!isStopped) {
      const merchant = await engine.merchants.find(merchantId);
      if (merchant === null) throw new Error('the test merchant is missing');
      payments.push(paymentOf(await pay(engine, merchant, real.request(), null)));
    }
  };
  const paying = Promise.all([real.gateway, anew].map(payingOn));
  const environment = {
    DATABASE_URL: real.databaseUrl,
    SHOUDAN_MASTER_KEY: hex(next),
    SHOUDAN_FURTHER_MASTER_KEYS: hex(real.masterKey),
  };
  await eventually(
    async () => payments.length,
    (paid) => paid > 20,
  );
  expect(await shoudan(['master-key', 'rotate'], environment)).toMatchObject({ exitCode: 0, err: '' });
  const rotatedAt = payments.length;
  // Longer than a gateway goes on with what it has read before.
  await eventually(
    async () => performance.now(),
    (
      (sinceMs) => (nowMs: number) =>
        nowMs > sinceMs + 6_000
    )(performance.now()),
  );
  isStopped = true;
  await paying;

  expect(payments.length).toBeGreaterThan(rotatedAt + 20);
  expect(payments.filter((payment) => publicStatus(payment) !== 'succeeded')).toEqual([]);
  const checked = await shoudan(['master-key', 'rotate', '--check'], environment);
  expect(checked).toMatchObject({ exitCode: 0, err: '' });

  // The old key is taken away: a gateway that knows the new one alone pays and tells.
  const alone = await openWith(next);
  const merchant = await alone.engine.merchants.find(merchantId);
  if (merchant === null) throw new Error('the test merchant is missing');
  const last = paymentOf(await pay(alone.engine, merchant, real.request(), null));
  expect(publicStatus(last)).toBe('succeeded');
  await eventually(
    async () => real.received.length,
    (told) => told >= payments.length,
  );
  expect(logged.filter((line) => line.includes('seal'))).toEqual([]);
  expect(real.logged.filter((line) => JSON.stringify(line).includes('seal'))).toEqual([]);
}, 60_000);
