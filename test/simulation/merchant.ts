import type { PaymentRequest } from '../../src/domain/accept-payment.ts';
import { type Payment, publicStatus } from '../../src/domain/payment.ts';
import { beginPay } from '../../src/operations/pay.ts';
import { type AfterSales, keyOf, type Order } from './after-sales.ts';
import { showCode } from './code-customers.ts';
import type { FrontDoor } from './front-door.ts';
import { merchantDeeds } from './merchant-traits.ts';
import { outageSteps } from './outage.ts';
import { merchantUrl, type World } from './world.ts';

/** An order at the till. */
interface TillOrder extends Order {
  readonly product: 'payment_code' | 'order_code';
  readonly namesWallet: boolean;
}

/**
 * The merchant's side: sells its orders one by one, overlapping in time. It asks, waits, asks again, loses patience,
 * cancels, gives back, or walks away. It acts on nothing but what it was told, and remembers all of that.
 */
export function startMerchant(world: World, door: FrontDoor, sales: AfterSales): void {
  const { scheduler, random, plan, tally, told, merchant } = world;
  const traits = plan.merchants;
  const { pause } = sales;
  /** Codes that the till has shown. */
  const shown = new Set<string>();

  /** What the till was told; the first time that a code is in it, its customer sees it. */
  const seen = (payment: Payment): Payment => {
    const { payerAction } = payment;
    if (payerAction?.kind !== 'show_code' || shown.has(payerAction.value)) return payment;
    shown.add(payerAction.value);
    showCode(world, {
      wallet: payment.wallet,
      issued: payerAction.value,
      closesAtMs: world.databaseClock.whenMs(payment.expiresAt.getTime()),
    });
    return payment;
  };

  const look = async (order: Order, paymentId: string): Promise<Payment | null> => {
    const found = await sales.look(order, paymentId);
    return found === null ? null : seen(found);
  };

  const vanish = (order: Order): void => {
    tally.count('merchant', merchantDeeds.vanishes);
    told.vanished.add(order.no);
  };

  /** Follows a payment until it has ended or the merchant acts: whether the order may be tried again. */
  const follow = async (order: TillOrder, first: Payment): Promise<boolean> => {
    const patientUntilMs = scheduler.nowMs() + order.patienceMs;
    let payment = first;
    while (publicStatus(payment) === 'processing' && scheduler.nowMs() < patientUntilMs) {
      await pause(random.magnitude(500, 10_000));
      payment = (await look(order, payment.id)) ?? payment;
    }
    const status = publicStatus(payment);
    switch (status) {
      case 'succeeded':
        await sales.afterSuccess(order, payment.id);
        return false;
      case 'failed':
      case 'cancelled':
        return true;
      case 'processing':
        if (random.chance(traits.vanishes)) vanish(order);
        else if (random.chance(traits.cancelsUnanswered)) {
          tally.count('merchant', merchantDeeds.cancelsUnanswered);
          await sales.cancelPayment(order, payment.id);
        } else if (order.notifyUrl === null) {
          await sales.lookUntil(order, payment.id, (status) => status !== 'processing');
          return publicStatus((await look(order, payment.id)) ?? payment) !== 'succeeded';
        }
        return false;
      default:
        return status satisfies never;
    }
  };

  /** One attempt to be paid: the payment, or `null` when there is none to go on with. */
  const create = async (order: TillOrder, attempt: number): Promise<Payment | null> => {
    const key = random.chance(traits.withoutKey) ? null : keyOf(`${order.no}-${attempt}`);
    const request = requestOf(order, attempt);
    for (let tries = 0; tries < 4 && !order.cancelling; tries += 1) {
      if (tries > 0) tally.count('merchant', merchantDeeds.repeatsPayment);
      told.creates.push({ atMs: scheduler.nowMs(), merchantOrderNo: order.no });
      const asked = await door.ask(`POST payment ${order.no}`, order.timeoutMs, async (engine) => {
        const begun = await beginPay(engine, merchant, request, key);
        return begun.kind === 'payment'
          ? { kind: 'payment' as const, payment: await sales.awaited(begun.payment, begun.answered) }
          : begun;
      });
      if (asked.kind === 'unanswered') {
        await pause(random.magnitude(200, 10_000));
        continue;
      }
      if (asked.value.kind === 'payment') return seen(sales.tell(asked.value.payment));
      const { refusal } = asked.value;
      tally.count('refusal', refusal.code);
      if (refusal.code === 'wallet_unavailable') tally.count('through an outage', outageSteps.refused);
      const standing = refusal.facts?.['payment_id'];
      if (standing === undefined) return null;
      const retryAt = refusal.facts?.['retry_at'];
      if (retryAt !== undefined && random.chance(0.7)) {
        await pause(Math.max(0, Date.parse(retryAt) - scheduler.nowMs()) + random.integer(0, 60_000));
        continue;
      }
      const found = await look(order, standing);
      if (found !== null) return found;
    }
    await giveUp(order);
    return null;
  };

  /** The create was never answered: undo whatever it may have done, look, or forget it. */
  const giveUp = async (order: Order): Promise<void> => {
    if (order.cancelling) return;
    if (random.chance(traits.vanishes)) {
      vanish(order);
      return;
    }
    tally.count('merchant', merchantDeeds.cancelsUnanswered);
    await sales.cancelOrder(order);
  };

  const requestOf = (order: TillOrder, attempt: number): PaymentRequest => ({
    merchantOrderNo: order.no,
    amount: order.amount,
    start:
      order.product === 'order_code'
        ? { product: 'order_code' }
        : { product: 'payment_code', paymentCode: `28${order.no.slice(1)}${attempt}`.padEnd(18, '0') },
    storeId: 'S0001',
    terminalId: 'T0001',
    subject: 'tea',
    wallet: order.namesWallet ? walletOf(order) : null,
    expiresAt:
      traits.expiryMsMax === 0
        ? null
        : new Date(scheduler.nowMs() + 180_000 + random.integer(0, traits.expiryMsMax)),
    notifyUrl: order.notifyUrl,
    metadata: {},
  });

  const sell = async (order: TillOrder): Promise<void> => {
    for (let attempt = 1; attempt <= 3 && !order.cancelling; attempt += 1) {
      if (attempt > 1) tally.count('merchant', merchantDeeds.triesAgain);
      const payment = await create(order, attempt);
      if (payment === null) return;
      const mayTryAgain = await follow(order, payment);
      if (!mayTryAgain || !random.chance(traits.triesAgain)) return;
      await pause(random.magnitude(100, 30_000));
    }
  };

  for (let number = 1; number <= traits.orders; number += 1) {
    const order: TillOrder = {
      no: `O${number.toString().padStart(5, '0')}`,
      amount: {
        currency: random.chance(traits.inYuan) ? 'CNY' : 'USD',
        minor: BigInt(random.magnitude(1, 200_000)),
      },
      product: random.chance(traits.showsCode) ? 'order_code' : 'payment_code',
      namesWallet: random.chance(0.3),
      notifyUrl: random.chance(traits.withoutNotifyUrl) ? null : merchantUrl,
      timeoutMs: random.magnitude(2_000, traits.timeoutMsMax),
      patienceMs: random.magnitude(1_000, traits.patienceMsMax),
      cancelling: false,
    };
    const beginsAfterMs = random.integer(0, 20_000);
    void pause(beginsAfterMs).then(() => sell(order));
    if (random.chance(traits.cancelsOrderAside)) {
      const asideMs = random.integer(0, traits.asideMsMax);
      void pause(Math.max(0, beginsAfterMs - 100 + asideMs)).then(() => {
        tally.count('merchant', merchantDeeds.cancelsAside);
        return sales.cancelOrder(order);
      });
    }
  }
}

function walletOf(order: TillOrder) {
  return order.amount.currency === 'CNY' ? 'alipay_open' : 'alipay_plus';
}
