import { paymentRequestId } from '../../src/domain/ids.ts';
import { type Payment, publicStatus } from '../../src/domain/payment.ts';
import type { Refund } from '../../src/domain/refund.ts';
import {
  type BegunCancel,
  beginCancelOrder,
  beginCancelPayment,
  beginCancelRequestId,
} from '../../src/operations/cancel.ts';
import type { Engine } from '../../src/operations/engine.ts';
import { notePayerSeen } from '../../src/operations/entry-payment.ts';
import { beginRefund } from '../../src/operations/refund.ts';
import { paymentSnapshot, refundSnapshot } from '../../src/operations/snapshots.ts';
import type { IdempotencyKey } from '../../src/ports/journal.ts';
import type { FrontDoor } from './front-door.ts';
import type { AcceptedCancel } from './merchant-memory.ts';
import { merchantDeeds } from './merchant-traits.ts';
import { merchantUrl, type World } from './world.ts';

/** One sale: at the till, or on a payer's page. */
export interface Order {
  readonly no: string;
  readonly amount: { readonly currency: string; readonly minor: bigint };
  readonly notifyUrl: string | null;
  readonly timeoutMs: number;
  readonly patienceMs: number;
  /** Somebody at the merchant has begun to cancel it: no more attempts. */
  cancelling: boolean;
}

/** What the merchant does about payments that it knows of, acting on nothing but what it was told. */
export interface AfterSales {
  pause(ms: number): Promise<void>;
  /** The caller waits for the wallet's answer, or asked not to wait at all. */
  awaited<Row>(begun: Row, answered: Promise<Row>): Promise<Row>;
  tell(payment: Payment): Payment;
  look(order: Order, paymentId: string): Promise<Payment | null>;
  /** Asks until the payment has ended. Gives up only where nobody could go on. */
  lookUntil(order: Order, paymentId: string, ended: (status: string) => boolean): Promise<void>;
  cancelPayment(order: Order, paymentId: string): Promise<void>;
  cancelOrder(order: Order): Promise<void>;
  /** Cancels a payment that was answered once, and is not known any more. Asks until that is accepted. */
  cancelLost(requestId: string, orderNo: string): Promise<void>;
  /** A paid order: mostly that was it; some goods come back. */
  afterSuccess(order: Order, paymentId: string): Promise<void>;
}

export function createAfterSales(world: World, door: FrontDoor): AfterSales {
  const { scheduler, random, plan, tally, told, merchant } = world;
  const traits = plan.merchants;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      scheduler.after(ms, resolve);
    });

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
    tally.count('merchant', merchantDeeds.polls);
    const found = await door.ask('GET payment', order.timeoutMs, async (engine) => {
      const payment = await engine.journal.findPayment(merchant.id, paymentId);
      // Who asks about a code that is shown stands before its payer.
      const isShown =
        payment !== null && payment.payerAction !== null && publicStatus(payment) === 'processing';
      return isShown ? notePayerSeen(engine, payment) : payment;
    });
    return found.kind === 'answered' && found.value !== null ? tell(found.value) : null;
  };

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
      if (tries > 0) tally.count('merchant', merchantDeeds.repeatsCancel);
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
    const way = random.pick<Exclude<AcceptedCancel['by'], 'page' | 'lost'>>([
      'payment',
      'payment',
      'order',
      'request',
    ]);
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

  const cancelLost = (requestId: string, orderNo: string): Promise<void> => {
    const order: Order = {
      no: orderNo,
      amount: { currency: 'CNY', minor: 0n },
      notifyUrl: merchantUrl,
      timeoutMs: random.magnitude(2_000, traits.timeoutMsMax),
      patienceMs: 0,
      cancelling: true,
    };
    return cancel(order, 'lost', requestId, (engine) => beginCancelRequestId(engine, merchant, requestId));
  };

  const refund = async (order: Order, paymentId: string, minor: bigint, number: number): Promise<void> => {
    const keyed = !random.chance(traits.withoutKey);
    const name = `${order.no}-refund-${number}`;
    const command = {
      paymentId,
      amount: { currency: order.amount.currency, minor },
      reason: null,
      merchantRefundNo: keyed && random.chance(0.5) ? null : name,
    };
    for (let tries = 0; tries < 12; tries += 1) {
      if (tries > 0) tally.count('merchant', merchantDeeds.repeatsRefund);
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
        tally.count('refusal', asked.value.refusal.code);
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

  const afterSuccess = async (order: Order, paymentId: string): Promise<void> => {
    const under: Promise<void>[] = [];
    const { minor: whole } = order.amount;
    if (random.chance(traits.refunds)) {
      const count = random.integer(1, 3);
      for (let number = 1; number <= count; number += 1) {
        if (!random.chance(traits.refundsAtOnce)) await pause(random.magnitude(10, 20_000));
        const minor = random.chance(0.2) ? whole : BigInt(random.integer(1, Number(whole)));
        under.push(refund(order, paymentId, minor, number));
        if (!random.chance(traits.refundsAtOnce)) await under.at(-1);
      }
    }
    if (random.chance(traits.cancelsPaid)) {
      await pause(random.magnitude(1, traits.cancelsPaidMsMax));
      tally.count('merchant', merchantDeeds.cancelsPaid);
      under.push(cancelPayment(order, paymentId));
    }
    await Promise.all(under);
  };

  return { pause, awaited, tell, look, lookUntil, cancelPayment, cancelOrder, cancelLost, afterSuccess };
}

export function keyOf(name: string): IdempotencyKey {
  return { key: name, fingerprint: new Uint8Array(32) };
}
