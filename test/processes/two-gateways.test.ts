import { setTimeout as sleepFor } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import type { PaymentSnapshot, RefundSnapshot } from '../../src/operations/snapshots.ts';
import { clearInstallations, freePort, until } from './installation.fixture.ts';
import {
  disagreement,
  type Merchant,
  merchantWith,
  newOrderNo,
  type ProblemJson,
  type RestAnswer,
} from './merchant.fixture.ts';
import { separateProcesses } from './separate-processes.fixture.ts';

/*
 * Two gateways, processes of their own with a worker each, on one database and one wallet: what a merchant sends to
 * both at the same instant has one outcome, and the payer pays for it once. Each race is run many times, all at once.
 */
const rounds = Array.from({ length: 20 }, (_, round) => round);

clearInstallations();
/** Every order of every race. */
const orderNos: string[] = [];
let first: Merchant;
let second: Merchant;

beforeAll(async () => {
  const { home, merchant, shoudan } = await separateProcesses();
  const port = await freePort();
  first = merchant;
  second = merchantWith(first.sandbox, `http://127.0.0.1:${port}`);
  await Promise.all([
    home.untilReady(shoudan(['serve'], 5)),
    home.untilReady(shoudan(['serve'], 5, { env: { PORT: `${port}` } }), `http://127.0.0.1:${port}`),
  ]);
});

// proves PAY-13
it('one order sent to both without a key becomes one payment', async () => {
  // The winner is still open when the others are looked at, as it is with a wallet at a distance.
  await first.control('POST', 'faults', { api: 'pay', fault: 'delay', probability: 1, delay_ms: 300 });
  const codes: string[] = [];
  await Promise.all(
    rounds.map(async () => {
      const order = { merchant_order_no: nextOrderNo() };
      const answers = await Promise.all([first, second, first, second].map((one) => one.pay(order)));
      const { accepted, refused } = sorted(answers);
      expect(accepted.map(({ body }) => body.status)).toEqual(['succeeded']);
      expect(refused.map(({ status }) => status)).toEqual([409, 409, 409]);
      codes.push(...refused.map(({ body }) => body.code));
      await untilAgreed(order.merchant_order_no, 1);
    }),
  );
  await first.control('DELETE', 'faults');
  expect(codes).toContain('order_has_open_payment');
  // One that comes when the winner has been paid is told so.
  expect(codes.filter((code) => code !== 'order_already_paid' && code !== 'order_has_open_payment')).toEqual(
    [],
  );
});

it('one idempotency key sent to both becomes one payment, which all are answered with', async () => {
  await Promise.all(
    rounds.map(async (round) => {
      const order = { merchant_order_no: nextOrderNo() };
      const key = { 'idempotency-key': `key-${order.merchant_order_no}` };
      const answers = await Promise.all([first, second, first, second].map((one) => one.pay(order, key)));
      const { accepted, refused } = sorted(answers);
      expect(refused).toEqual([]);
      expect(new Set(accepted.map(({ body }) => body.id)).size).toBe(1);
      expect(accepted.filter((one) => !isReplay(one))).toHaveLength(1);
      await untilAgreed(order.merchant_order_no, 1);

      // The same key for two different requests belongs to one of them.
      const shared = { 'idempotency-key': `shared-${round}-${order.merchant_order_no}` };
      const orders = [nextOrderNo(), nextOrderNo()];
      const rivals = sorted(
        await Promise.all([
          first.pay({ merchant_order_no: orders[0] }, shared),
          second.pay({ merchant_order_no: orders[1] }, shared),
        ]),
      );
      expect(rivals.accepted.map(({ body }) => body.status)).toEqual(['succeeded']);
      expect(rivals.refused.map(({ body }) => body.code)).toEqual(['idempotency_key_reused']);
      const payments = await Promise.all(orders.map((orderNo) => untilAgreed(orderNo)));
      expect(payments.flat()).toHaveLength(1);
    }),
  );
});

// proves RES-12
it('one refund number sent to both is refunded once, and two refunds of everything are not', async () => {
  await Promise.all(
    rounds.map(async () => {
      const paid = (await first.pay({ merchant_order_no: nextOrderNo() })).body;
      const refund = {
        amount: { currency: 'CNY', value: 234 },
        merchant_refund_no: `R-${paid.merchant_order_no}`,
      };
      const answers = await Promise.all(
        [first, second, first, second].map((one) =>
          one.call<RefundSnapshot>('POST', refundsOf(paid), refund),
        ),
      );
      const { accepted, refused } = sorted(answers);
      expect(refused).toEqual([]);
      expect(new Set(accepted.map(({ body }) => body.id)).size).toBe(1);
      expect(accepted.filter((one) => !isReplay(one))).toHaveLength(1);

      const other = (await second.pay({ merchant_order_no: nextOrderNo() })).body;
      const everything = { amount: other.amount };
      const rivals = sorted(
        await Promise.all(
          [first, second].map((one) => one.call<RefundSnapshot>('POST', refundsOf(other), everything)),
        ),
      );
      expect(rivals.accepted).toHaveLength(1);
      expect(rivals.refused.map(({ body }) => body.code)).toEqual(['refund_exceeds_remaining']);
      const refunded = [
        ...(await untilAgreed(paid.merchant_order_no, 1, 234)),
        ...(await untilAgreed(other.merchant_order_no, 1, 1234)),
      ];
      expect(refunded.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    }),
  );
});

// proves CAN-02
it('a cancel of an order that is not seen yet and its payment leave nothing paid, whichever comes first', async () => {
  await Promise.all(
    rounds.map(async (round) => {
      const order = { merchant_order_no: nextOrderNo() };
      const [canceller, payer] = round % 2 === 0 ? [first, second] : [second, first];
      const [cancel] = await Promise.all([
        sleepFor((round * 7) % 10).then(() => cancelOrder(canceller, order.merchant_order_no)),
        sleepFor(round % 10).then(() => payer.pay(order)),
      ]);
      expect([200, 202]).toContain(cancel.status);
      const [payment] = await untilAgreed(order.merchant_order_no, 1);
      const line = payment === undefined ? undefined : await first.ledgerLine(payment);
      expect(payment?.status).toBe('cancelled');
      // A cancel that came first keeps the payment from ever being sent.
      if (cancel.body.status === 'held') expect(line).toBeUndefined();
    }),
  );
});

it('payments, keys, cancels and refunds of one order at once end the same for payer, wallet and merchant', async () => {
  await Promise.all(
    rounds.map(async (round) => {
      const order = { merchant_order_no: nextOrderNo() };
      const key = { 'idempotency-key': `all-${order.merchant_order_no}` };
      const later = (call: () => Promise<unknown>, step: number) => sleepFor((step * round) % 7).then(call);
      await Promise.all([
        later(() => first.pay(order, key), 1),
        later(() => second.pay(order, key), 2),
        later(() => second.pay(order), 3),
        later(() => cancelOrder(first, order.merchant_order_no), 4),
        later(() => refundWhatIsPaid(second, order.merchant_order_no), 5),
        later(() => cancelOrder(second, order.merchant_order_no), 6),
      ]);
      const payments = await untilAgreed(order.merchant_order_no);
      expect(payments.filter(({ status }) => status === 'succeeded').length).toBeLessThanOrEqual(1);
    }),
  );
});

it('in the end the wallet has charged nobody but for these payments, and all of them still agree', async () => {
  const payments = (await Promise.all(orderNos.map((orderNo) => untilAgreed(orderNo)))).flat();
  const known = new Set(payments.map(({ payment_request_id }) => payment_request_id));
  const strangers = (await first.ledger()).filter(({ payment_request_id }) => !known.has(payment_request_id));
  expect(strangers).toEqual([]);
});

function nextOrderNo(): string {
  const orderNo = newOrderNo();
  orderNos.push(orderNo);
  return orderNo;
}

interface CancelJson {
  readonly status: 'held' | 'applied';
}

function cancelOrder(merchant: Merchant, orderNo: string): Promise<RestAnswer<CancelJson>> {
  return merchant.call<CancelJson>('POST', '/v1/cancels', { merchant_order_no: orderNo });
}

async function refundWhatIsPaid(merchant: Merchant, orderNo: string): Promise<void> {
  for (const payment of await merchant.paymentsOf(orderNo)) {
    await merchant.call('POST', refundsOf(payment), { amount: { currency: 'CNY', value: 34 } });
  }
}

function refundsOf(payment: PaymentSnapshot): string {
  return `/v1/payments/${payment.id}/refunds`;
}

/** The payments of an order (so many of them) as soon as each has ended, agrees with the ledger, and has so much refunded. */
async function untilAgreed(
  orderNo: string,
  count?: number,
  refundedMinor?: number,
): Promise<readonly PaymentSnapshot[]> {
  let payments: readonly PaymentSnapshot[] = [];
  await until(
    `gateways and wallet agree on order ${orderNo}`,
    async () => {
      payments = await second.paymentsOf(orderNo);
      const open = await Promise.all(
        payments.map(async (payment) => {
          if (refundedMinor !== undefined && payment.refunded.value !== refundedMinor)
            return 'not refunded yet';
          return disagreement(payment, await first.ledgerLine(payment));
        }),
      );
      return open.filter((one) => one !== null);
    },
    (open) => open.length === 0,
    100,
  );
  if (count !== undefined) expect(payments).toHaveLength(count);
  return payments;
}

function isReplay({ headers }: RestAnswer<unknown>): boolean {
  return headers.get('idempotent-replayed') === 'true';
}

/** What was accepted, and the problems of what was not. */
function sorted<Body>(answers: readonly RestAnswer<Body>[]): {
  readonly accepted: readonly RestAnswer<Body>[];
  readonly refused: readonly RestAnswer<ProblemJson>[];
} {
  return {
    accepted: answers.filter(({ status }) => status === 201 || status === 202),
    refused: answers.filter(
      ({ status }) => status >= 400,
    ) as readonly RestAnswer<unknown>[] as readonly RestAnswer<ProblemJson>[],
  };
}
