import { describe, expect, it } from 'vitest';
import { type Audited, audit, type Difference } from './audit.ts';
import { createMerchantBooks, type MerchantBooks } from './merchant-books.ts';
import type { PaymentRow, RefundRow, Rows } from './rows.ts';
import type { LedgerLine } from './wallet-control.ts';

/*
 * The auditor can fail: a world in which everything agrees, and one thing at a time that does not.
 */

const paid: PaymentRow = {
  id: 'pay_1',
  merchantOrderNo: 'O-1',
  wallet: 'alipay_open',
  product: 'payment_code',
  currency: 'CNY',
  amount: 1_000n,
  state: 'succeeded',
  reversalState: null,
  refunded: 300n,
  openRefunds: 0,
  nextStep: null,
  attention: null,
  notifyUrl: 'http://127.0.0.1/hook',
};
const undone: PaymentRow = {
  ...paid,
  id: 'pay_2',
  merchantOrderNo: 'O-2',
  state: 'cancelled',
  reversalState: 'effected',
  refunded: 0n,
};
const declined: PaymentRow = { ...paid, id: 'pay_3', merchantOrderNo: 'O-3', state: 'failed', refunded: 0n };
const refund: RefundRow = {
  id: 're_1',
  paymentId: 'pay_1',
  amount: 300n,
  state: 'succeeded',
  nextStep: null,
  attention: null,
};
const line: LedgerLine = {
  wallet: 'alipay_open',
  payment_request_id: 'P1',
  currency: 'CNY',
  amount: 1_000,
  charged: 1_000,
  refunded: 300,
  cancelled: false,
};
const undoneLine: LedgerLine = { ...line, payment_request_id: 'P2', refunded: 1_000, cancelled: true };

interface World {
  readonly payments: readonly PaymentRow[];
  readonly refunds: readonly RefundRow[];
  readonly ledger: readonly LedgerLine[];
  readonly others: Partial<Rows>;
  readonly told: (books: MerchantBooks) => void;
}

const agreed: World = {
  payments: [paid, undone, declined],
  refunds: [refund],
  ledger: [line, undoneLine],
  others: {},
  told: () => {},
};

function audited(changes: Partial<World>): Audited {
  const { payments, refunds, ledger, others, told } = { ...agreed, ...changes };
  const books = createMerchantBooks();
  tell(books, 'pay_1', 1, 'processing', 0);
  tell(books, 'pay_1', 2, 'succeeded', 0);
  tell(books, 'pay_1', 3, 'succeeded', 300);
  tell(books, 'pay_2', 2, 'succeeded', 0);
  tell(books, 'pay_2', 4, 'cancelled', 0);
  tell(books, 'pay_3', 2, 'failed', 0);
  tellRefund(books, 're_1', 2, 'succeeded', 300);
  for (const [type, id] of [
    ['payment.succeeded', 'pay_1'],
    ['refund.succeeded', 're_1'],
    ['payment.cancelled', 'pay_2'],
    ['payment.failed', 'pay_3'],
  ] as const) {
    books.tellMessage(type, id);
  }
  books.cancelAccepted({ merchantOrderNo: 'O-2', paymentId: 'pay_2' });
  books.cancelAccepted({ merchantOrderNo: 'O-3', paymentId: null });
  told(books);
  const rows: Rows = {
    payments,
    refunds,
    deliveries: [{ id: 'del_1', type: 'payment.succeeded', subjectId: 'pay_1', state: 'delivered' }],
    events: new Map(),
    strays: 0,
    untrusted: 0,
    ...others,
  };
  return { ledger, rows, books };
}

function tell(books: MerchantBooks, id: string, version: number, status: string, refunded: number): void {
  books.tell({ id, version, status, refunded: { currency: 'CNY', value: refunded } } as never);
}

function tellRefund(books: MerchantBooks, id: string, version: number, status: string, value: number): void {
  books.tellRefund({ id, version, status, amount: { currency: 'CNY', value } } as never);
}

function found(changes: Partial<World>): Difference[] {
  return audit(audited(changes)).map(({ difference }) => difference);
}

it('a world in which all agree has no violations', () => {
  expect(audit(audited({}))).toEqual([]);
});

describe('the ledger against the payments', () => {
  it.each<[string, readonly LedgerLine[]]>([
    ['a charge that the gateway does not know', [line, undoneLine, { ...line, payment_request_id: 'P9' }]],
    [
      'a charge of a declined payment',
      [line, undoneLine, { ...line, payment_request_id: 'P3', refunded: 0 }],
    ],
    ['a charge of a cancelled payment that was not given back', [line, { ...undoneLine, refunded: 0 }]],
    ['one minor unit too little given back', [line, { ...undoneLine, refunded: 999 }]],
    ['a paid payment that was not charged', [{ ...line, charged: 0, refunded: 0 }, undoneLine]],
    ['a charge of another amount', [{ ...line, charged: 1_001, refunded: 301 }, undoneLine]],
    ['an order of another amount', [{ ...line, amount: 1_001 }, undoneLine]],
    ['a charge in another currency', [{ ...line, currency: 'USD' }, undoneLine]],
    ['a charge at another wallet', [{ ...line, wallet: 'alipay_plus' }, undoneLine]],
    ['a refund of one minor unit too much', [{ ...line, refunded: 301 }, undoneLine]],
    ['a double charge', [{ ...line, charged: 2_000, refunded: 1_300 }, undoneLine]],
  ])('%s is one-sided', (_, ledger) => {
    expect(found({ ledger })).toContain('one_sided');
  });
});

describe('the payments against the ledger', () => {
  it('a payment that the wallet has never heard of is one-sided, and counted once', () => {
    expect(found({ ledger: [undoneLine] })).toEqual(['one_sided']);
  });

  it('an order that two payments have charged for was paid twice', () => {
    const second = { ...paid, id: 'pay_4', refunded: 0n };
    const told = (books: MerchantBooks): void => {
      tell(books, 'pay_4', 2, 'succeeded', 0);
      books.tellMessage('payment.succeeded', 'pay_4');
    };
    const ledger = [...agreed.ledger, { ...line, payment_request_id: 'P4', refunded: 0 }];
    expect(found({ payments: [...agreed.payments, second], ledger, told })).toEqual(['paid_twice']);
  });

  it('a payment beside an undone one of its order is not paid twice', () => {
    const payments = [paid, { ...undone, merchantOrderNo: 'O-1' }, declined];
    expect(found({ payments })).toEqual([]);
  });
});

describe('refunds', () => {
  it.each<[string, Partial<World>]>([
    ['a refund that its payment does not count', { payments: [{ ...paid, refunded: 0n }, undone, declined] }],
    ['a refund of no payment', { refunds: [refund, { ...refund, id: 're_2', paymentId: 'pay_9' }] }],
    ['a failed refund that its payment counts', { refunds: [{ ...refund, state: 'failed' }] }],
    [
      'a refund that its wallet has not made',
      { payments: [paid, { ...undone, refunded: 1_001n }, declined] },
    ],
  ])('%s is wrong', (_, changes) => {
    expect(found(changes)).toContain('refund_wrong');
  });
});

describe('rows at rest', () => {
  const payment = (changes: Partial<PaymentRow>): Partial<World> => ({
    payments: [paid, { ...undone, ...changes }, declined],
  });
  it.each<[string, Partial<World>]>([
    ['a payment with a step before it', payment({ nextStep: 'cancel' })],
    ['a payment that is not final and waits for nothing', payment({ state: 'reversing' })],
    ['a provisional cancel without its watch', payment({ state: 'cancelled_provisionally' })],
    ['a state that nobody has heard of', payment({ state: 'lost' })],
    ['a reversal that nobody goes on with', payment({ reversalState: 'refunding' })],
    ['a refund that counts as open', payment({ openRefunds: 1 })],
    ['a refund with a step before it', { refunds: [{ ...refund, nextStep: 'inquire' }] }],
    ['a refund without an end', { refunds: [{ ...refund, state: 'unknown' }] }],
    [
      'a message that was never delivered',
      {
        others: { deliveries: [{ id: 'del_1', type: 'refund.failed', subjectId: 're_1', state: 'pending' }] },
      },
    ],
    [
      'a message that waits for its endpoint',
      {
        others: { deliveries: [{ id: 'del_1', type: 'refund.failed', subjectId: 're_1', state: 'held' }] },
      },
    ],
  ])('%s is forgotten', (_, changes) => {
    expect(found(changes)).toContain('forgotten');
  });

  it.each<[string, Partial<World>]>([
    ['a payment', payment({ attention: 'paid_after_end' })],
    ['a refund', { refunds: [{ ...refund, attention: 'refund_unresolved' }] }],
    ['a notification of an unknown payment', { others: { strays: 1 } }],
    ['an answer that was not trusted', { others: { untrusted: 1 } }],
    [
      'a message that was given up',
      {
        others: {
          deliveries: [{ id: 'del_1', type: 'refund.failed', subjectId: 're_1', state: 'exhausted' }],
        },
      },
    ],
  ])('%s that still needs attention is reported', (_, changes) => {
    expect(found(changes)).toEqual(['attention']);
  });
});

describe('what merchants know', () => {
  it.each<[string, World['told']]>([
    ['an older state as the newest', (books) => tell(books, 'pay_1', 9, 'processing', 0)],
    ['another sum refunded', (books) => tell(books, 'pay_1', 9, 'succeeded', 299)],
    ['two things under one version', (books) => tell(books, 'pay_1', 2, 'processing', 0)],
    ['a success after a cancel', (books) => tell(books, 'pay_2', 5, 'succeeded', 0)],
    ['a success after a failure', (books) => tell(books, 'pay_3', 3, 'succeeded', 0)],
    ['another end of a refund', (books) => tellRefund(books, 're_1', 3, 'failed', 300)],
    ['another amount of a refund', (books) => tellRefund(books, 're_1', 3, 'succeeded', 301)],
    [
      'a success whose message arrives after the cancel’s',
      (books) => books.tellMessage('payment.succeeded', 'pay_2'),
    ],
    ['what should never be', (books) => books.complain('one key became pay_1 and pay_2')],
  ])('%s was told wrongly', (_, told) => {
    expect(found({ told })).toContain('told_wrongly');
  });

  it('an end that no message told of was told wrongly', () => {
    const unheard = { ...declined, id: 'pay_5', merchantOrderNo: 'O-5' };
    const told = (books: MerchantBooks): void => tell(books, 'pay_5', 2, 'failed', 0);
    expect(found({ payments: [...agreed.payments, unheard], told })).toEqual(['told_wrongly']);
    const silent = { ...unheard, notifyUrl: null };
    expect(found({ payments: [...agreed.payments, silent], told })).toEqual([]);
    expect(found({ payments: [...agreed.payments, silent] })).toEqual(['told_wrongly']);
  });

  it('a payment or refund that was shown and is gone is lost', () => {
    expect(found({ told: (books) => tell(books, 'pay_9', 1, 'processing', 0) })).toEqual(['lost']);
    expect(found({ told: (books) => tellRefund(books, 're_9', 1, 'processing', 1) })).toEqual(['lost']);
  });

  it('an accepted cancel of what its payer still pays for is lost', () => {
    const told = (books: MerchantBooks): void => {
      books.cancelAccepted({ merchantOrderNo: 'O-1', paymentId: 'pay_1' });
      books.cancelAccepted({ merchantOrderNo: 'O-1', paymentId: null });
    };
    expect(found({ told })).toEqual(['cancel_lost']);
    const ofOrder = (books: MerchantBooks): void =>
      books.cancelAccepted({ merchantOrderNo: 'O-1', paymentId: null });
    expect(found({ told: ofOrder })).toEqual(['cancel_lost']);
  });

  it('an accepted cancel that gave back all but one minor unit is lost too', () => {
    expect(found({ ledger: [line, { ...undoneLine, refunded: 999 }] })).toContain('cancel_lost');
  });
});
