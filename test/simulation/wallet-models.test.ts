import { describe, expect, test } from 'vitest';
import type { PaymentStart } from '../../src/domain/payment-start.ts';
import type { PayRequest } from '../../src/ports/wallet.ts';
import { createAlipayPlusModel } from './alipay-plus-model.ts';
import { createWalletClock } from './clocks.ts';
import { createOpenPlatformModel } from './open-platform-model.ts';
import { createRandom } from './random.ts';
import { createScheduler } from './scheduler.ts';
import { createTally } from './tally.ts';
import { createLedger } from './wallet-ledger.ts';
import type { Notice, WalletModel } from './wallet-model.ts';
import { type AllWalletTraits, drawWalletTraits } from './wallet-traits.ts';

const startMs = Date.UTC(2026, 2, 2);
const minuteMs = 60_000;

/** Payers who pay at once, and a wallet that does at once what it is told. */
const calm = {
  asksPayer: 0,
  declines: 0,
  payerConfirms: 1,
  payerRefuses: 0,
  payerMsMax: 1_000,
  confirmsAtTheClose: 0,
  cancelWindowMs: 24 * 60 * minuteMs,
  windowFirst: false,
  refundShowsAfterMs: 0,
  hidesAtFirst: 0,
  positionShortForMs: 0,
  refusesRefund: 0,
};

const calmPlus = { cancelsAside: 0, settlesLate: 0, spendsRefundId: 0, refundsSlowly: 0, closesLateMs: 0 };

function wallets(plus: Partial<AllWalletTraits['alipay_plus']> = {}) {
  const scheduler = createScheduler(startMs);
  const random = createRandom(1);
  const ledger = createLedger();
  const notices: Notice[] = [];
  const notify = (notice: Notice): void => {
    notices.push(notice);
  };
  const around = {
    scheduler,
    clock: createWalletClock(0),
    random,
    ledger,
    startMs,
    tally: createTally(),
    notify,
  };
  const drawn = drawWalletTraits(random);
  return {
    open: createOpenPlatformModel(around, { ...drawn.alipay_open, ...calm, closesAtSentTime: false }),
    plus: createAlipayPlusModel(around, { ...drawn.alipay_plus, ...calm, ...calmPlus, ...plus }),
    kinds: () => ledger.log.map(({ kind }) => kind),
    notices,
    /** Lets so much time pass, and all that is under way come to its end. */
    pass: (ms: number, then = (): void => {}) => {
      scheduler.after(ms, then);
      return scheduler.run(() => true, { untilMs: startMs + 1e9, events: 1_000 });
    },
  };
}

const starts: { readonly [product in PaymentStart['product']]: PaymentStart } = {
  payment_code: { product: 'payment_code', paymentCode: '281234567890123456' },
  entry_code: { product: 'entry_code', userAgent: 'AlipayConnect', returnUrl: 'https://pay.example/r' },
  order_code: { product: 'order_code' },
};

function request(product: PaymentStart['product'], id = 'P1'): PayRequest {
  const place = { name: 'Tea House', mcc: '5814' };
  return {
    account: 'sandbox',
    requestId: id,
    amount: { currency: 'USD', minor: 599n },
    start: starts[product],
    subject: 'tea',
    merchantOrderNo: 'O1',
    merchant: place,
    store: { ...place, id: 'S0001' },
    terminalId: 'T0001',
    subMerchantId: '1',
    requestedAt: new Date(startMs),
    expiresAt: new Date(startMs + 10 * minuteMs),
  };
}

function refundOf(id: string, minor: bigint) {
  return {
    ...request('payment_code'),
    walletTransactionId: '1',
    refundRequestId: id,
    refundAmount: { currency: 'USD', minor },
    reason: null,
  };
}

function issuedBy(wallet: WalletModel, product: 'entry_code' | 'order_code'): string {
  const answer = wallet.pay(request(product));
  if (answer.kind !== 'issued') throw new Error(`${product} was answered with ${answer.kind}`);
  return answer.action.kind === 'redirect' ? answer.action.url : answer.action.value;
}

describe('the model of Alipay+', () => {
  test('charges a payment code once, however often its id comes', () => {
    const { plus, kinds } = wallets();
    expect(plus.pay(request('payment_code'))).toMatchObject({ kind: 'paid' });
    expect(plus.pay(request('payment_code'))).toMatchObject({ kind: 'paid' });
    expect(kinds()).toEqual(['opened', 'charged']);
  });

  test.each(['entry_code', 'order_code'] as const)('charges an %s when a payer comes', async (product) => {
    const { plus, notices, pass } = wallets();
    const issued = issuedBy(plus, product);
    expect(plus.inquire(request(product))).toMatchObject({ kind: 'awaiting_payer' });
    plus.payerComes(issued);
    await pass(minuteMs);
    expect(plus.inquire(request(product))).toMatchObject({ kind: 'paid' });
    expect(notices.map(({ outcome }) => outcome.kind)).toEqual(['paid']);
  });

  test('fails what nobody has paid in time, and takes a payer no more', async () => {
    const { plus, kinds, pass } = wallets();
    const issued = issuedBy(plus, 'entry_code');
    await pass(11 * minuteMs);
    expect(plus.inquire(request('entry_code'))).toMatchObject({ kind: 'failed' });
    plus.payerComes(issued);
    await pass(minuteMs);
    expect(kinds()).toEqual(['opened', 'closed']);
  });

  test('stays SUCCESS after refunds, and refuses a cancel then', () => {
    const { plus } = wallets();
    plus.pay(request('payment_code'));
    expect(plus.refund(refundOf('R1', 100n))).toEqual({ kind: 'refunded' });
    expect(plus.cancel(request('payment_code'))).toMatchObject({ kind: 'refund_instead' });
    expect(plus.refund(refundOf('R2', 499n))).toEqual({ kind: 'refunded' });
    expect(plus.statusOf('P1')).toBe('SUCCESS');
  });

  test('has nothing to cancel before the payment has come, and charges it all the same', () => {
    const { plus } = wallets();
    expect(plus.cancel(request('payment_code'))).toEqual({ kind: 'nothing_named' });
    expect(plus.pay(request('payment_code'))).toMatchObject({ kind: 'paid' });
    expect(plus.cancel(request('payment_code'))).toEqual({ kind: 'effected', action: 'cancelled' });
    expect(plus.cancel(request('payment_code'))).toEqual({ kind: 'effected', action: 'cancelled' });
  });

  test('stays cancelled when the money comes after a cancel, and returns it', async () => {
    const { plus, kinds, pass } = wallets({ settlesLate: 1, settlesMsMax: minuteMs });
    plus.payerComes(issuedBy(plus, 'entry_code'));
    // The payer has confirmed by then.
    await pass(1_050, () => {
      expect(plus.cancel(request('entry_code'))).toEqual({ kind: 'effected', action: 'cancelled' });
    });
    expect(kinds()).toEqual(['opened', 'closed', 'charged_late', 'given_back']);
    expect(plus.statusOf('P1')).toBe('CANCELLED');
  });

  test('lets a refund id fail once and for ever, and takes another one', () => {
    const { plus } = wallets({ refusesRefund: 1, namesFailedRefunds: false });
    plus.pay(request('payment_code'));
    for (const _ of [1, 2]) {
      expect(plus.refund(refundOf('R1', 599n))).toMatchObject({ kind: 'spent' });
      expect(plus.inquireRefund(refundOf('R1', 599n))).toEqual({ kind: 'not_found' });
    }
    expect(plus.spentRefundIds).toEqual(new Set(['R1']));
    expect(plus.refund(refundOf('V1', 599n))).toEqual({ kind: 'refunded' });
  });
});

describe('the model of the Open Platform', () => {
  test('knows nothing of an order code before it is scanned', async () => {
    const { open, kinds, pass } = wallets();
    const code = issuedBy(open, 'order_code');
    expect(open.inquire(request('order_code'))).toEqual({ kind: 'not_found' });
    expect(open.cancel(request('order_code'))).toEqual({ kind: 'nothing_named' });
    open.payerComes(code);
    expect(open.inquire(request('order_code'))).toMatchObject({ kind: 'awaiting_payer' });
    await pass(minuteMs);
    expect(kinds()).toEqual(['opened', 'charged']);
  });

  test('has a code scanned for two hours, and an order live from its scan', async () => {
    const late = wallets();
    const code = issuedBy(late.open, 'order_code');
    await late.pass(119 * minuteMs);
    late.open.payerComes(code);
    await late.pass(minuteMs);
    expect(late.kinds()).toEqual(['opened', 'charged']);
    const tooLate = wallets();
    const dead = issuedBy(tooLate.open, 'order_code');
    await tooLate.pass(121 * minuteMs);
    tooLate.open.payerComes(dead);
    expect(tooLate.kinds()).toEqual([]);
  });
});
