import type { Sandbox } from '../src/apps/sandbox-file.ts';
import type { PaymentSnapshot } from '../src/operations/snapshots.ts';
import { entrySale } from './entry-sale.ts';
import { type Answer, paymentIn, type Till } from './till.ts';
import type { WalletControl } from './wallet-control.ts';

/** What the shops of a run have in common. */
export interface Shops {
  readonly sandbox: Sandbox;
  readonly wallet: WalletControl;
  readonly url: string;
  /** A payer's payment code whose funds end soon. */
  readonly poorCode: string;
  readonly notifyUrl: string;
  /** How long an order code can be paid. */
  readonly codeExpiryMs: number;
  /** A number that no order of the run has had. */
  orderNo(): string;
}

/** From this amount the wallets ask the payer to confirm; the simulated ones are set so. */
export const confirmFromMinor = 50_000;

/** One customer at a till, from the order to whatever the merchant does about it. */
export async function sale(shops: Shops, till: Till): Promise<void> {
  till.counts.sales += 1;
  const kind = till.random.fraction();
  if (kind < 0.6) await paymentCodeSale(shops, till);
  else if (kind < 0.87) await orderCodeSale(shops, till);
  else await entrySale(shops, till);
}

async function paymentCodeSale(shops: Shops, till: Till): Promise<void> {
  const { random } = till;
  const wallet = random.pick(['alipay_open', 'alipay_plus']);
  const confirms = random.chance(0.06);
  const value = confirms ? random.integer(8, 12) * confirmFromMinor : random.integer(100, 4_999);
  const isPoor = wallet === 'alipay_open' && random.chance(0.06);
  const order = {
    merchant_order_no: shops.orderNo(),
    amount: { currency: wallet === 'alipay_open' ? 'CNY' : 'USD', value },
    product: 'payment_code',
    payment_code: isPoor ? shops.poorCode : shops.sandbox.payment_codes[wallet],
    ...placeOf(shops),
  };
  if (random.chance(0.03)) return cancelAndPayAtOnce(till, order);
  const first = await create(till, order);
  if (first === 'vanished' || first === null) return;
  if (confirms && first.status === 'processing' && random.chance(0.7)) {
    await till.pause(100, 2_500);
    await shops.wallet.payer(first.payment_request_id, random.chance(0.8) ? 'confirm' : 'refuse');
  }
  const payment = await untilFinal(till, first, random.integer(3, 15));
  if (payment === null) return;
  if (payment.status === 'succeeded') return afterSuccess(till, payment, order);
  if (payment.status === 'failed' && random.chance(0.5)) {
    // Another attempt of the same order, with another code.
    const again = { ...order, payment_code: shops.sandbox.payment_codes[wallet] };
    const second = await create(till, again);
    if (second !== 'vanished' && second !== null) await untilFinal(till, second, 10);
  }
}

async function orderCodeSale(shops: Shops, till: Till): Promise<void> {
  const { random } = till;
  const lifeMs = random.integer(shops.codeExpiryMs / 2, shops.codeExpiryMs);
  const expiresAtMs = Date.now() + lifeMs;
  const order = {
    merchant_order_no: shops.orderNo(),
    amount: { currency: random.pick(['CNY', 'USD']), value: random.integer(100, 99_999) },
    product: 'order_code',
    expires_at: new Date(expiresAtMs).toISOString(),
    ...placeOf(shops),
  };
  const shown = await create(till, order);
  if (shown === 'vanished' || shown === null) return;
  const payer = payAsTheyPlease(shops, till, shown, expiresAtMs);
  if (random.chance(0.1)) {
    await till.pause(0, lifeMs);
    await cancel(till, shown);
  } else if (random.chance(0.7)) {
    const payment = await untilFinal(till, shown, Math.ceil(lifeMs / 1_000) + 5);
    if (payment?.status === 'succeeded') await afterSuccess(till, payment, order);
  }
  await payer;
}

/** Some payers pay at once, some when the code has expired, some scan and think better of it, and some never come. */
async function payAsTheyPlease(
  shops: Shops,
  { random, pause }: Till,
  { payment_request_id: requestId }: PaymentSnapshot,
  expiresAtMs: number,
): Promise<void> {
  const mood = random.fraction();
  if (mood < 0.15) return;
  const leftMs = Math.max(0, expiresAtMs - Date.now() - 800);
  if (mood < 0.35) await pause(leftMs, leftMs + 2_800);
  else await pause(50, 2_000);
  if (!(await shops.wallet.payer(requestId, 'scan'))) return;
  await pause(20, 800);
  if (mood > 0.92) return;
  await shops.wallet.payer(requestId, mood > 0.86 ? 'refuse' : 'confirm');
}

function placeOf({ sandbox, notifyUrl }: Shops) {
  return {
    store_id: sandbox.store_id,
    terminal_id: sandbox.terminal_id,
    subject: 'Chaos',
    notify_url: notifyUrl,
  };
}

type Order = { readonly merchant_order_no: string } & object;

/** Begins a payment under a key, again and again until it is answered; or the till is switched off in the middle. */
async function create(till: Till, order: Order): Promise<PaymentSnapshot | 'vanished' | null> {
  const { random } = till;
  const headers = {
    'idempotency-key': `${order.merchant_order_no}-${random.integer(0, 1e9)}`,
    prefer: `wait=${random.pick([0, 2, 5, 30])}`,
  };
  if (random.chance(0.06)) {
    till.counts.vanished += 1;
    await till.once('POST', '/v1/payments', order, headers, random.integer(1, 300));
    // Who comes to the till next cancels the order that it has no result of.
    if (random.chance(0.5)) await cancelOrder(till, order.merchant_order_no);
    return 'vanished';
  }
  if (random.chance(0.1)) {
    // The first copy is not waited for; the second one, under the same key, is the same payment.
    const copies = await Promise.all([
      till.insist('POST', '/v1/payments', order, headers),
      till.insist('POST', '/v1/payments', order, headers),
    ]);
    const ids = new Set(copies.flatMap((copy) => paymentIn(copy)?.id ?? []));
    if (ids.size > 1) till.books.complain(`one key became ${[...ids].join(' and ')}`);
    return paymentIn(copies[0]) ?? paymentIn(copies[1]);
  }
  return paymentIn(await till.insist('POST', '/v1/payments', order, headers));
}

async function untilFinal(
  till: Till,
  payment: PaymentSnapshot,
  patienceS: number,
): Promise<PaymentSnapshot | null> {
  const giveUpAtMs = performance.now() + patienceS * 1_000;
  let seen: PaymentSnapshot | null = payment;
  while (seen !== null && seen.status === 'processing') {
    if (performance.now() > giveUpAtMs) {
      if (!till.random.chance(0.8)) return null;
      return cancel(till, payment);
    }
    await till.pause(300, 1_200);
    seen = paymentIn(await till.insist('GET', `/v1/payments/${payment.id}`, undefined, { prefer: 'wait=2' }));
  }
  return seen;
}

async function cancel(till: Till, payment: PaymentSnapshot): Promise<PaymentSnapshot | null> {
  const answer = await till.insist('POST', `/v1/payments/${payment.id}/cancel`, {}, { prefer: 'wait=2' });
  if (answer === null) return null;
  if (answer.status >= 300) {
    till.books.complain(`the cancel of ${payment.id} was answered ${answer.status} ${answer.body['code']}`);
    return null;
  }
  till.books.cancelAccepted({ merchantOrderNo: payment.merchant_order_no, paymentId: payment.id });
  return paymentIn(answer);
}

async function cancelOrder(till: Till, orderNo: string): Promise<Answer | null> {
  const answer = await till.insist(
    'POST',
    '/v1/cancels',
    { merchant_order_no: orderNo },
    { prefer: 'wait=2' },
  );
  if (answer !== null && answer.status < 300) {
    till.books.cancelAccepted({ merchantOrderNo: orderNo, paymentId: null });
  }
  return answer;
}

/** A cancel and its payment at the same instant: whichever comes first, nothing is paid. CAN-02. */
async function cancelAndPayAtOnce(till: Till, order: Order): Promise<void> {
  const paying = till
    .pause(0, 40)
    .then(() => till.once('POST', '/v1/payments', order, { 'idempotency-key': order.merchant_order_no }));
  await till.pause(0, 40);
  await cancelOrder(till, order.merchant_order_no);
  await paying;
}

async function afterSuccess(till: Till, payment: PaymentSnapshot, order: Order): Promise<void> {
  const { random } = till;
  const mood = random.fraction();
  if (mood < 0.1) {
    await cancel(till, payment);
  } else if (mood < 0.3) {
    for (let no = 1; no <= random.integer(1, 3); no += 1) await refund(till, payment, no);
    if (random.chance(0.3)) await cancel(till, payment);
  } else if (mood < 0.34) {
    const again = await till.insist('POST', '/v1/payments', order, {
      'idempotency-key': `again-${payment.id}`,
    });
    if (paymentIn(again) !== null) {
      till.books.complain(`the paid order ${payment.merchant_order_no} was taken a second time`);
    }
  }
}

async function refund(till: Till, payment: PaymentSnapshot, no: number): Promise<void> {
  const { random } = till;
  const { currency, value: whole } = payment.amount;
  const value = random.chance(0.15) ? whole : random.integer(1, Math.max(1, Math.floor(whole / 2)));
  const body = { amount: { currency, value }, merchant_refund_no: `R${no}` };
  const path = `/v1/payments/${payment.id}/refunds`;
  const ask = () => till.insist('POST', path, body, { prefer: `wait=${random.pick([0, 3])}` });
  const [first, second] = await Promise.all([ask(), random.chance(0.2) ? ask() : null]);
  const ids = new Set(
    [first, second].flatMap((one) => (one !== null && one.status < 300 ? [one.body['id']] : [])),
  );
  if (ids.size > 1) till.books.complain(`one refund number became ${[...ids].join(' and ')}`);
}
