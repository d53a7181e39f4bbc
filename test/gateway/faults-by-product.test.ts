import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultNames } from '../../simulator/faults.ts';
import { type Payment, publicStatus } from '../../src/domain/payment.ts';
import type { ProductName, WalletName } from '../../src/domain/wallets.ts';
import { cancelPayment } from '../../src/operations/cancel.ts';
import { eventually, isFinalStatus, openRealGateway, type RealGateway } from './real-gateway.ts';

/*
 * Every fault of the simulator × every product, over real HTTP and PostgreSQL. Whatever goes wrong once, the payer's
 * money, the wallet's record, the gateway's and the merchant's agree to the cent in the end.
 */

type FaultName = (typeof faultNames)[number];

const products = {
  'Open Platform payment code': ['alipay_open', 'payment_code'],
  'Open Platform order code': ['alipay_open', 'order_code'],
  'Alipay+ payment code': ['alipay_plus', 'payment_code'],
  'Alipay+ order code': ['alipay_plus', 'order_code'],
  'Alipay+ entry code': ['alipay_plus', 'entry_code'],
} as const satisfies { readonly [name: string]: readonly [WalletName, ProductName] };

type ProductOfTable = keyof typeof products;

const lifeMs = 1_600;

/** How a payment ends: with a payment code, and with an issued code whose payer would pay at once. */
interface Ends {
  readonly api: 'pay' | 'cancel' | 'notification';
  readonly delayMs?: number;
  readonly paymentCode: 'succeeded' | 'cancelled';
  /** `undelivered`: the URL or code never reached anybody, so nobody pays, and the close time ends it. */
  readonly issued: 'succeeded' | 'undelivered' | 'paid after its cancel';
  /** Products none of whose calls can go wrong like that. In every other row the fault must have happened. */
  readonly unfit?: readonly ProductOfTable[];
}

const table = {
  no_answer: { api: 'pay', paymentCode: 'succeeded', issued: 'undelivered' },
  not_processed: { api: 'pay', paymentCode: 'cancelled', issued: 'undelivered' },
  arrives_late: { api: 'pay', delayMs: 300, paymentCode: 'succeeded', issued: 'undelivered' },
  reset: { api: 'pay', paymentCode: 'succeeded', issued: 'undelivered' },
  delay: { api: 'pay', delayMs: 1_300, paymentCode: 'succeeded', issued: 'undelivered' },
  system_error: { api: 'pay', paymentCode: 'succeeded', issued: 'undelivered' },
  paying: {
    api: 'pay',
    paymentCode: 'cancelled',
    issued: 'succeeded',
    unfit: ['Open Platform order code', 'Alipay+ order code', 'Alipay+ entry code'],
  },
  bad_signature: { api: 'pay', paymentCode: 'succeeded', issued: 'undelivered' },
  truncated: { api: 'pay', paymentCode: 'succeeded', issued: 'undelivered' },
  http_500: { api: 'pay', paymentCode: 'succeeded', issued: 'undelivered' },
  not_found_first: {
    api: 'pay',
    paymentCode: 'succeeded',
    issued: 'undelivered',
    unfit: ['Open Platform order code'],
  },
  duplicate_notification: { api: 'notification', paymentCode: 'succeeded', issued: 'succeeded' },
  late_notification: { api: 'notification', delayMs: 300, paymentCode: 'succeeded', issued: 'succeeded' },
  lost_notification: { api: 'notification', paymentCode: 'succeeded', issued: 'succeeded' },
  wrong_amount_notification: { api: 'notification', paymentCode: 'succeeded', issued: 'succeeded' },
  forged_notification: { api: 'notification', paymentCode: 'succeeded', issued: 'succeeded' },
  notification_before_answer: {
    api: 'pay',
    paymentCode: 'succeeded',
    issued: 'succeeded',
    unfit: ['Open Platform order code'],
  },
  late_success_after_cancel: {
    api: 'cancel',
    delayMs: 200,
    paymentCode: 'cancelled',
    issued: 'paid after its cancel',
    unfit: ['Open Platform payment code'],
  },
} as const satisfies { readonly [fault in FaultName]: Ends };

/** Moments instead of minutes, and an end to what codes and late calls can still do. */
const shortLives = {
  payAnswerMs: 1_000,
  expiryMinMs: 0,
  expiryDefaultMs: lifeMs,
  expiryGraceMs: 700,
  codeLifeMs: 0,
  finalLookMs: 200,
  idleInquiryIntervalMs: 200,
  payerActiveMs: 1_000,
};

/** One gateway, wallet and database for each product; its payments come one after the other, for faults count calls. */
const gateways = new Map<string, { readonly real: RealGateway; free: Promise<unknown> }>();
beforeAll(async () => {
  for (const product of Object.keys(products)) {
    const real = await openRealGateway({
      policy: shortLives,
      simulator: { notification_speed: 2_000, payment_code_notifications: 'on' },
    });
    gateways.set(product, { real, free: Promise.resolve() });
  }
});
afterAll(async () => {
  for (const { real } of gateways.values()) await real.close();
});

async function endOf(product: ProductOfTable, fault: string, ends: Ends): Promise<void> {
  const [wallet, kind] = products[product];
  const { real } = gateways.get(product) ?? {};
  if (real === undefined) throw new Error(`no gateway for ${product}`);
  const delayed = ends.delayMs === undefined ? {} : { delay_ms: ends.delayMs };
  await real.control('POST', '/control/faults', { api: ends.api, fault, count: 1, wallet, ...delayed });
  if (ends.api === 'cancel' && kind === 'payment_code') {
    await real.control('POST', '/control/faults', { api: 'pay', fault: 'paying', count: 1, wallet });
  }
  const expiresAt = new Date(Date.now() + lifeMs);
  const begun = await real.payBy(wallet, kind, kind === 'payment_code' ? {} : { expiresAt });
  const delivered = kind !== 'payment_code' && ends.issued === 'succeeded';
  if (delivered) await real.payerPays(begun);
  // The merchant cancels what nobody has paid yet; a payer comes all the same.
  if (ends.api === 'cancel' && kind !== 'payment_code') {
    await cancelPayment(real.gateway.engine, real.merchant.id, begun.id);
  }
  const rests = (one: Payment): boolean => isFinalStatus(one) && one.nextStep === null;
  await real.until(begun.id, rests);
  await happened(real, fault, ends.unfit?.includes(product) ? 1 : 0);
  await real.control('DELETE', '/control/faults');

  const unpaid = ['failed', 'cancelled'];
  const isPaid = kind === 'payment_code' ? ends.paymentCode === 'succeeded' : delivered;
  const charged = isPaid || isPaidLate(product, ends) ? 1234 : 0;
  const line = await eventually(
    async () => (await real.ledgerLine(begun)) ?? { charged: 0, refunded: 0 },
    (one) => one.charged >= charged && one.charged - one.refunded === (isPaid ? 1234 : 0),
  );
  expect(line.charged - line.refunded).toBe(isPaid ? 1234 : 0);
  // Late evidence that the money moved may have come since.
  const payment = await real.until(begun.id, (one) => rests(one) && one.attention === null);
  expect(isPaid ? ['succeeded'] : unpaid).toContain(publicStatus(payment));
}

/**
 * The simulator counts a fault down when it happens, and every other with it; a notification may leave after its payment
 * has come to rest.
 */
async function happened(real: RealGateway, fault: string, unused: 0 | 1): Promise<void> {
  const rules = await eventually(
    async () => (await real.control('GET', '/control/faults')) as { fault: string; remaining: number }[],
    (all) => all.every((rule) => rule.remaining === (rule.fault === fault ? unused : 0)),
  );
  expect(rules.map((rule) => rule.fault)).toContain(fault);
}

/** Whether the payer pays although the payment was cancelled: the money comes back. */
function isPaidLate(product: ProductOfTable, ends: Ends): boolean {
  return ends.issued === 'paid after its cancel' && product !== 'Open Platform payment code';
}

const rows = Object.entries<Ends>(table).flatMap(([fault, ends]) =>
  (Object.keys(products) as ProductOfTable[]).map((product) => ({ product, fault, ends })),
);

describe('one fault', () => {
  // proves RES-01, RES-02, RES-05, RES-14, RES-16, RES-20, NOT-01, NOT-02, PAY-03
  it.concurrent.each(rows)(
    '$fault at an $product ends the same for everybody',
    async ({ product, fault, ends }) => {
      const gateway = gateways.get(product);
      if (gateway === undefined) throw new Error(`no gateway for ${product}`);
      const turn = gateway.free.then(() => endOf(product, fault, ends));
      gateway.free = turn.catch(() => {});
      await turn;
    },
  );
});

it('the table speaks of every fault that the simulator has', () => {
  expect(Object.keys(table).sort()).toEqual([...faultNames].sort());
});
