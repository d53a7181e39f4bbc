import type { PaymentRequest } from '../../src/domain/accept-payment.ts';
import { paymentRequestId } from '../../src/domain/ids.ts';
import { type Payment, publicStatus } from '../../src/domain/payment.ts';
import type { Refund } from '../../src/domain/refund.ts';
import type { Refusal } from '../../src/domain/refusals.ts';
import {
  type BegunCancel,
  beginCancelOrder,
  beginCancelPayment,
  beginCancelRequestId,
} from '../../src/operations/cancel.ts';
import type { Engine } from '../../src/operations/engine.ts';
import { beginPay } from '../../src/operations/pay.ts';
import { beginRefund } from '../../src/operations/refund.ts';
import { paymentSnapshot, refundSnapshot } from '../../src/operations/snapshots.ts';
import type { IdempotencyKey } from '../../src/ports/journal.ts';
import type { FrontDoor } from './front-door.ts';
import type { AcceptedCancel } from './merchant-memory.ts';
import { merchantUrl, type World } from './world.ts';

/** One sale at the till. */
interface Order {
  readonly no: string;
  readonly minor: bigint;
  readonly notifyUrl: string | null;
  readonly timeoutMs: number;
  readonly patienceMs: number;
  /** Somebody at the merchant has begun to cancel it: no more attempts. */
  cancelling: boolean;
}

/**
 * The merchant's side: sells its orders one by one, overlapping in time. It asks, waits, asks again, loses patience,
 * cancels, gives back, or walks away. It acts on nothing but what it was told, and remembers all of that.
 */
export function startMerchant(world: World, door: FrontDoor): void {
  const { scheduler, random, plan, tally, told, merchant } = world;
  const traits = plan.merchants;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      scheduler.after(ms, resolve);
    });

  /** The caller waits for the wallet's answer, or asked not to wait at all. */
  const awaited = async <Row>(begun: Row, answered: Promise<Row>): Promise<Row> => {
    if (random.chance(0.8)) return answered;
    answered.catch(() => {});
    return begun;
  };

  const tell = (payment: Payment): Payment => {
    told.tell(scheduler.nowMs(), 'answer', paymentSnapshot(payment));
    return payment;
  };

  const tellRefund = (refund: Refund): Refund => {
    told.tellRefund(scheduler.nowMs(), 'answer', refundSnapshot(refund));
    return refund;
  };

  const knownStatus = (paymentId: string) => told.lastTold(paymentId)?.status ?? 'processing';

  const look = async (order: Order, paymentId: string): Promise<Payment | null> => {
    const found = await door.ask('GET payment', order.timeoutMs, (engine) =>
      engine.journal.findPayment(merchant.id, paymentId),
    );
    return found.kind === 'answered' && found.value !== null ? tell(found.value) : null;
  };

  /** Asks until the payment has ended. Gives up only where nobody could go on. */
  const lookUntil = async (
    order: Order,
    paymentId: string,
    ended: (status: string) => boolean,
  ): Promise<void> => {
    for (let looks = 0; looks < 80; looks += 1) {
      if (ended(knownStatus(paymentId))) return;
      await pause(Math.min(2_000 * 1.3 ** looks, 30 * 60_000) | 0);
      await look(order, paymentId);
    }
  };

  /** Looks until what the merchant knows of is undone: one payment, or every attempt of the order. */
  const seeUndone = async (order: Order, paymentId: string | null): Promise<void> => {
    const known = told.payments.filter((one) => one.merchantOrderNo === order.no);
    for (const id of new Set(known.map((one) => one.paymentId))) {
      if (paymentId !== null && id !== paymentId) continue;
      await lookUntil(order, id, (status) => status === 'cancelled' || status === 'failed');
    }
  };

  const cancel = async (
    order: Order,
    by: AcceptedCancel['by'],
    paymentId: string | null,
    begin: (engine: Engine) => Promise<BegunCancel>,
  ): Promise<void> => {
    order.cancelling = true;
    for (let tries = 0; ; tries += 1) {
      const asked = await door.ask(`cancel by ${by}`, order.timeoutMs, async (engine) => {
        const begun = await begin(engine);
        return begun.kind === 'payment'
          ? { ...begun, payment: await awaited(begun.payment, begun.answered) }
          : begun;
      });
      if (asked.kind === 'answered') {
        const { value } = asked;
        if (value.kind === 'refused') return;
        const shown = value.kind === 'payment' ? value.payment : value.latest;
        if (shown !== null) tell(shown);
        const named = value.kind === 'payment' ? value.payment.id : null;
        tally.count('merchant', `cancel by ${by} ${value.kind === 'held' ? 'held' : 'accepted'}`);
        told.cancels.push({
          atMs: scheduler.nowMs(),
          by,
          merchantOrderNo: order.no,
          paymentId: named ?? (by === 'order' ? null : paymentId),
        });
        if (order.notifyUrl === null) await seeUndone(order, by === 'order' ? null : paymentId);
        return;
      }
      await pause(random.magnitude(500, 5_000) * Math.min(tries + 1, 20));
    }
  };

  const cancelPayment = (order: Order, paymentId: string): Promise<void> => {
    const way = random.pick<AcceptedCancel['by']>(['payment', 'payment', 'order', 'request']);
    switch (way) {
      case 'payment':
        return cancel(order, 'payment', paymentId, (engine) =>
          beginCancelPayment(engine, merchant.id, paymentId),
        );
      case 'order':
        return cancelOrder(order);
      case 'request':
        return cancel(order, 'request', paymentId, (engine) =>
          beginCancelRequestId(engine, merchant, paymentRequestId(paymentId)),
        );
      default:
        return way satisfies never;
    }
  };

  const cancelOrder = (order: Order): Promise<void> =>
    cancel(order, 'order', null, (engine) => beginCancelOrder(engine, merchant.id, order.no));

  const refund = async (order: Order, payment: Payment, minor: bigint, number: number): Promise<void> => {
    const keyed = !random.chance(traits.withoutKey);
    const name = `${order.no}-refund-${number}`;
    const command = {
      paymentId: payment.id,
      amount: { currency: 'CNY', minor },
      reason: null,
      merchantRefundNo: keyed && random.chance(0.5) ? null : name,
    };
    for (let tries = 0; tries < 12; tries += 1) {
      const asked = await door.ask(`refund ${minor}`, order.timeoutMs, async (engine) => {
        const begun = await beginRefund(engine, merchant, command, keyed ? keyOf(name) : null);
        return begun.kind === 'refund'
          ? { kind: 'refund' as const, refund: await awaited(begun.refund, begun.answered) }
          : begun;
      });
      if (asked.kind === 'unanswered') {
        await pause(random.magnitude(500, 10_000));
        continue;
      }
      if (asked.value.kind === 'refused') {
        noteRefusal(asked.value.refusal);
        return;
      }
      const { id } = tellRefund(asked.value.refund);
      if (order.notifyUrl === null) await lookUntilRefundEnds(order, id);
      return;
    }
  };

  const lookUntilRefundEnds = async (order: Order, refundId: string): Promise<void> => {
    for (let looks = 0; looks < 80; looks += 1) {
      if (told.lastToldOfRefund(refundId)?.status !== 'processing') return;
      await pause(Math.min(2_000 * 1.3 ** looks, 30 * 60_000) | 0);
      const found = await door.ask('GET refund', order.timeoutMs, (engine) =>
        engine.journal.findRefund(merchant.id, refundId),
      );
      if (found.kind === 'answered' && found.value !== null) tellRefund(found.value);
    }
  };

  /** A paid order: mostly that was it; some goods come back. */
  const afterSuccess = async (order: Order, payment: Payment): Promise<void> => {
    const under: Promise<void>[] = [];
    if (random.chance(traits.refunds)) {
      const count = random.integer(1, 3);
      for (let number = 1; number <= count; number += 1) {
        if (!random.chance(traits.refundsAtOnce)) await pause(random.magnitude(10, 20_000));
        const minor = random.chance(0.2) ? order.minor : BigInt(random.integer(1, Number(order.minor)));
        under.push(refund(order, payment, minor, number));
        if (!random.chance(traits.refundsAtOnce)) await under.at(-1);
      }
    }
    if (random.chance(traits.cancelsPaid)) {
      await pause(random.magnitude(1, traits.cancelsPaidMsMax));
      under.push(cancelPayment(order, payment.id));
    }
    await Promise.all(under);
  };

  /** Follows a payment until it has ended or the merchant acts: whether the order may be tried again. */
  const follow = async (order: Order, first: Payment): Promise<boolean> => {
    const patientUntilMs = scheduler.nowMs() + order.patienceMs;
    let payment = first;
    while (publicStatus(payment) === 'processing' && scheduler.nowMs() < patientUntilMs) {
      await pause(random.magnitude(500, 10_000));
      payment = (await look(order, payment.id)) ?? payment;
    }
    const status = publicStatus(payment);
    switch (status) {
      case 'succeeded':
        await afterSuccess(order, payment);
        return false;
      case 'failed':
      case 'cancelled':
        return true;
      case 'processing':
        if (random.chance(traits.vanishes)) {
          told.vanished.add(order.no);
        } else if (random.chance(traits.cancelsUnanswered)) {
          await cancelPayment(order, payment.id);
        } else if (order.notifyUrl === null) {
          await lookUntil(order, payment.id, (status) => status !== 'processing');
          return publicStatus((await look(order, payment.id)) ?? payment) !== 'succeeded';
        }
        return false;
      default:
        return status satisfies never;
    }
  };

  const noteRefusal = (refusal: Refusal): void => tally.count('refusal', refusal.code);

  /** One attempt to be paid: the payment, or `null` when there is none to go on with. */
  const create = async (order: Order, attempt: number): Promise<Payment | null> => {
    const key = random.chance(traits.withoutKey) ? null : keyOf(`${order.no}-${attempt}`);
    const request = requestOf(order, attempt);
    for (let tries = 0; tries < 4 && !order.cancelling; tries += 1) {
      told.creates.push({ atMs: scheduler.nowMs(), merchantOrderNo: order.no });
      const asked = await door.ask(`POST payment ${order.no}`, order.timeoutMs, async (engine) => {
        const begun = await beginPay(engine, merchant, request, key);
        return begun.kind === 'payment'
          ? { kind: 'payment' as const, payment: await awaited(begun.payment, begun.answered) }
          : begun;
      });
      if (asked.kind === 'unanswered') {
        await pause(random.magnitude(200, 10_000));
        continue;
      }
      if (asked.value.kind === 'payment') return tell(asked.value.payment);
      const { refusal } = asked.value;
      noteRefusal(refusal);
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
      told.vanished.add(order.no);
      return;
    }
    await cancelOrder(order);
  };

  const requestOf = (order: Order, attempt: number): PaymentRequest => ({
    merchantOrderNo: order.no,
    amount: { currency: 'CNY', minor: order.minor },
    product: 'payment_code',
    paymentCode: `28${order.no.slice(1)}${attempt}`.padEnd(18, '0'),
    storeId: 'S0001',
    terminalId: 'T0001',
    subject: 'tea',
    wallet: null,
    expiresAt:
      traits.expiryMsMax === 0
        ? null
        : new Date(scheduler.nowMs() + 180_000 + random.integer(0, traits.expiryMsMax)),
    notifyUrl: order.notifyUrl,
    metadata: {},
  });

  const sell = async (order: Order): Promise<void> => {
    for (let attempt = 1; attempt <= 3 && !order.cancelling; attempt += 1) {
      const payment = await create(order, attempt);
      if (payment === null) return;
      const mayTryAgain = await follow(order, payment);
      if (!mayTryAgain || !random.chance(traits.triesAgain)) return;
      await pause(random.magnitude(100, 30_000));
    }
  };

  for (let number = 1; number <= traits.orders; number += 1) {
    const order: Order = {
      no: `O${number.toString().padStart(5, '0')}`,
      minor: BigInt(random.magnitude(1, 200_000)),
      notifyUrl: random.chance(traits.withoutNotifyUrl) ? null : merchantUrl,
      timeoutMs: random.magnitude(2_000, traits.timeoutMsMax),
      patienceMs: random.magnitude(1_000, traits.patienceMsMax),
      cancelling: false,
    };
    const beginsAfterMs = random.integer(0, 20_000);
    void pause(beginsAfterMs).then(() => sell(order));
    if (random.chance(traits.cancelsOrderAside)) {
      const asideMs = random.integer(0, traits.asideMsMax);
      void pause(Math.max(0, beginsAfterMs - 100 + asideMs)).then(() => cancelOrder(order));
    }
  }
}

function keyOf(name: string): IdempotencyKey {
  return { key: name, fingerprint: new Uint8Array(32) };
}
