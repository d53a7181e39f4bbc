import { lastTold, type MerchantBooks, type Told } from './merchant-books.ts';
import type { PaymentRow, RefundRow, Rows } from './rows.ts';
import type { LedgerLine } from './wallet-control.ts';

/*
 * The auditor of a run: the wallet's ledger, the gateway's rows and what the merchants know, compared when every row
 * should rest. It shares no decision with the gateway: states are read and mapped here once more.
 */

/** What each difference means. The first five are the promise itself. */
export const differences = {
  one_sided: 'payer and merchant do not agree on what was paid',
  paid_twice: 'one order was paid more than once',
  lost: 'what the gateway acknowledged is not in its rows',
  cancel_lost: 'a cancel was accepted, and the payer is still charged',
  told_wrongly: 'a merchant was last told, or once shown, something else than what is true',
  refund_wrong: "a refund's row and the wallet's ledger do not agree",
  forgotten: 'a row does not rest, or rests without an end',
  attention: 'something stands in an operator’s sight although everything has ended',
} as const;

export type Difference = keyof typeof differences;

export interface Violation {
  readonly difference: Difference;
  readonly paymentId: string | null;
  readonly detail: string;
}

export interface Audited {
  /** The gateway's own lines of the wallet's ledger. */
  readonly ledger: readonly LedgerLine[];
  readonly rows: Rows;
  readonly books: Pick<MerchantBooks, 'payments' | 'refunds' | 'messages' | 'cancels' | 'complaints'>;
}

export type PublicStatus = 'processing' | 'succeeded' | 'failed' | 'cancelled';

/** The published mapping of states, by hand. A state that is not here is none that a run may end in. */
const publicStatuses: { readonly [state: string]: PublicStatus } = {
  submitted: 'processing',
  issued: 'processing',
  awaiting_payer: 'processing',
  unknown: 'processing',
  reversing: 'processing',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  cancelled_provisionally: 'cancelled',
};

export function statusOf({ state }: Pick<PaymentRow, 'state'>): PublicStatus {
  return publicStatuses[state] ?? 'processing';
}

/** Everything that does not agree, each difference once. */
export function audit(audited: Audited): Violation[] {
  return [
    ...ledgerAgainstRows(audited),
    ...rowsAgainstLedger(audited),
    ...ordersPaidTwice(audited),
    ...refundsAgainstPayments(audited),
    ...rowsAtRest(audited),
    ...booksAgainstRows(audited),
    ...cancelsKept(audited),
  ];
}

/** Upstream ids by their own rule. */
function requestIdOf({ id }: Pick<PaymentRow, 'id'>): string {
  return id.replace(/^pay_/, 'P');
}

function ledgerAgainstRows({ ledger, rows }: Audited): Violation[] {
  const payments = new Map(rows.payments.map((payment) => [requestIdOf(payment), payment]));
  return ledger.flatMap((line): Violation[] => {
    const charged = BigInt(line.charged);
    const refunded = BigInt(line.refunded);
    const payment = payments.get(line.payment_request_id);
    const says = `${line.payment_request_id} of ${line.amount} ${line.currency}: charged ${charged}, refunded ${refunded}`;
    const violation = (difference: Difference, detail: string): Violation[] => [
      { difference, paymentId: payment?.id ?? null, detail: `${says}; ${detail}` },
    ];
    if (payment === undefined) return violation('one_sided', 'the gateway has no such payment');
    const is = `${payment.id} of ${payment.amount} ${payment.currency} is ${payment.state}`;
    if (line.wallet !== payment.wallet || line.currency !== payment.currency) {
      return violation('one_sided', `${is} in ${payment.currency} at ${payment.wallet}`);
    }
    if (BigInt(line.amount) !== payment.amount) return violation('one_sided', is);
    if (charged !== 0n && charged !== payment.amount)
      return violation('one_sided', `${is}: not charged once`);
    const due = statusOf(payment) === 'succeeded' ? payment.amount - payment.refunded : 0n;
    if (charged - refunded !== due) {
      return violation('one_sided', `${is} with ${payment.refunded} refunded: ${due} would be due`);
    }
    return [];
  });
}

function rowsAgainstLedger({ ledger, rows }: Audited): Violation[] {
  const known = new Set(ledger.map((line) => line.payment_request_id));
  return rows.payments
    .filter((payment) => statusOf(payment) === 'succeeded' && !known.has(requestIdOf(payment)))
    .map(({ id, state }) => ({
      difference: 'one_sided',
      paymentId: id,
      detail: `${id} is ${state}, and the wallet has never heard of it`,
    }));
}

function ordersPaidTwice({ ledger, rows }: Audited): Violation[] {
  const lines = new Map(ledger.map((line) => [line.payment_request_id, line]));
  const paid = new Map<string, string[]>();
  for (const payment of rows.payments) {
    const line = lines.get(requestIdOf(payment));
    if (line === undefined || line.charged === line.refunded) continue;
    paid.set(payment.merchantOrderNo, [...(paid.get(payment.merchantOrderNo) ?? []), payment.id]);
  }
  return [...paid].flatMap(([orderNo, ids]) =>
    ids.length < 2
      ? []
      : [
          {
            difference: 'paid_twice' as const,
            paymentId: ids[0] ?? null,
            detail: `order ${orderNo} was paid by ${ids.join(' and ')}`,
          },
        ],
  );
}

function refundsAgainstPayments({ ledger, rows }: Audited): Violation[] {
  const lines = new Map(ledger.map((line) => [line.payment_request_id, line]));
  const given = new Map<string, bigint>();
  for (const { paymentId, state, amount } of rows.refunds) {
    if (state === 'succeeded') given.set(paymentId, (given.get(paymentId) ?? 0n) + amount);
  }
  const known = new Set(rows.payments.map(({ id }) => id));
  const orphans = rows.refunds
    .filter(({ paymentId }) => !known.has(paymentId))
    .map(({ id, paymentId }) => wrong(paymentId, `${id} is a refund of no payment`));
  return rows.payments.reduce((violations, payment) => {
    const refunds = given.get(payment.id) ?? 0n;
    const atWallet = BigInt(lines.get(requestIdOf(payment))?.refunded ?? 0);
    const is = `${payment.id} is ${payment.state} with ${payment.refunded} refunded`;
    if (statusOf(payment) === 'succeeded') {
      if (refunds !== payment.refunded)
        violations.push(wrong(payment.id, `${is}; its refunds are ${refunds}`));
    } else if (refunds > payment.refunded || payment.refunded > atWallet) {
      violations.push(
        wrong(payment.id, `${is}; its refunds are ${refunds}, the wallet gave back ${atWallet}`),
      );
    }
    return violations;
  }, orphans);
}

function wrong(paymentId: string, detail: string): Violation {
  return { difference: 'refund_wrong', paymentId, detail };
}

function rowsAtRest({ rows }: Audited): Violation[] {
  const paymentEnds = new Set(['succeeded', 'failed', 'cancelled']);
  const refundEnds = new Set(['succeeded', 'failed']);
  const reversalEnds = new Set([null, 'effected', 'baseless']);
  const violations: Violation[] = [];
  const say = (difference: Difference, paymentId: string | null, detail: string): void => {
    violations.push({ difference, paymentId, detail });
  };
  for (const payment of rows.payments) {
    const { id, state, reversalState, nextStep, attention, openRefunds } = payment;
    if (nextStep !== null) say('forgotten', id, `${id} is ${state} and still waits to ${nextStep}`);
    else if (!paymentEnds.has(state)) say('forgotten', id, `${id} is ${state} without a next step`);
    else if (!reversalEnds.has(reversalState))
      say('forgotten', id, `the reversal of ${id} is ${reversalState}`);
    else if (openRefunds !== 0) say('forgotten', id, `${id} counts ${openRefunds} refunds as open`);
    if (attention !== null) say('attention', id, `${id} is ${state} and needs attention: ${attention}`);
  }
  for (const { id, paymentId, state, nextStep, attention } of rows.refunds) {
    if (nextStep !== null || !refundEnds.has(state)) {
      say('forgotten', paymentId, `${id} is ${state}, next step ${nextStep ?? 'none'}`);
    }
    if (attention !== null) say('attention', paymentId, `${id} needs attention: ${attention}`);
  }
  for (const { id, type, subjectId, state } of rows.deliveries) {
    if (state === 'delivered' || state === 'withdrawn') continue;
    const isWaiting = state === 'pending' || state === 'held';
    say(isWaiting ? 'forgotten' : 'attention', null, `${id}, ${type} of ${subjectId}, is ${state}`);
  }
  if (rows.strays > 0) say('attention', null, `${rows.strays} notifications tell of unknown payments`);
  if (rows.untrusted > 0)
    say('attention', null, `${rows.untrusted} answers or notifications were not trusted`);
  return violations;
}

function booksAgainstRows({ rows, books }: Audited): Violation[] {
  const violations: Violation[] = books.complaints.map((detail) => ({
    difference: 'told_wrongly',
    paymentId: null,
    detail,
  }));
  const payments = new Map(rows.payments.map((payment) => [payment.id, payment]));
  const refunds = new Map(rows.refunds.map((refund) => [refund.id, refund]));
  for (const [id, told] of books.payments) {
    const payment = payments.get(id);
    if (payment === undefined) violations.push(lost(id, `payment ${id} was shown and is not in the rows`));
    violations.push(...inconsistent(id, id, told));
  }
  for (const [id, told] of books.refunds) {
    const refund = refunds.get(id);
    if (refund === undefined) violations.push(lost(null, `refund ${id} was shown and is not in the rows`));
    violations.push(...inconsistent(id, refund?.paymentId ?? null, told));
  }
  for (const payment of rows.payments) violations.push(...paymentTold(payment, books));
  for (const refund of rows.refunds) {
    const url = payments.get(refund.paymentId)?.notifyUrl ?? null;
    violations.push(...refundTold(refund, url, books));
  }
  return violations;
}

function lost(paymentId: string | null, detail: string): Violation {
  return { difference: 'lost', paymentId, detail };
}

/** The same version tells the same, and nothing that was undone or had failed is paid later. */
function inconsistent(id: string, paymentId: string | null, told: readonly Told[]): Violation[] {
  const inOrder = told.toSorted((a, b) => a.version - b.version);
  for (const [index, one] of inOrder.entries()) {
    const before = inOrder[index - 1];
    if (before === undefined) continue;
    const isSame = before.status === one.status && before.minor === one.minor;
    const wasUnpaid = before.status === 'failed' || before.status === 'cancelled';
    if ((before.version === one.version && !isSame) || (wasUnpaid && one.status !== before.status)) {
      const detail = `${id} was told as ${inWords(before)} and as ${inWords(one)}`;
      return [{ difference: 'told_wrongly', paymentId, detail }];
    }
  }
  return [];
}

function paymentTold(payment: PaymentRow, books: Audited['books']): Violation[] {
  const status = statusOf(payment);
  if (status === 'processing') return [];
  const last = lastTold(books.payments.get(payment.id) ?? []);
  const is = `${payment.id} is ${payment.state} with ${payment.refunded} refunded`;
  const isTold =
    last?.status === status && (status !== 'succeeded' || BigInt(last.minor) === payment.refunded);
  const isAnnounced =
    payment.notifyUrl === null || books.messages.get(payment.id)?.has(`payment.${status}`) === true;
  if (isTold && isAnnounced) return [];
  const knows = last === null ? 'its merchant knows nothing of it' : `last told as ${inWords(last)}`;
  const detail = `${is}; ${knows}${isAnnounced ? '' : `, and payment.${status} has not arrived`}`;
  return [{ difference: 'told_wrongly', paymentId: payment.id, detail }];
}

function refundTold(refund: RefundRow, notifyUrl: string | null, books: Audited['books']): Violation[] {
  const { id, paymentId, state } = refund;
  if (state !== 'succeeded' && state !== 'failed') return [];
  const last = lastTold(books.refunds.get(id) ?? []);
  const isAnnounced = notifyUrl === null || books.messages.get(id)?.has(`refund.${state}`) === true;
  if (last?.status === state && BigInt(last.minor) === refund.amount && isAnnounced) return [];
  const knows = last === null ? 'its merchant knows nothing of it' : `last told as ${inWords(last)}`;
  const detail = `${id} of ${refund.amount} is ${state}; ${knows}${isAnnounced ? '' : `, and refund.${state} has not arrived`}`;
  return [{ difference: 'told_wrongly', paymentId, detail }];
}

function inWords({ version, status, minor }: Told): string {
  return `${status} (${minor}) in version ${version}`;
}

function cancelsKept({ ledger, rows, books }: Audited): Violation[] {
  const lines = new Map(ledger.map((line) => [line.payment_request_id, line]));
  const isCharged = (payment: PaymentRow): boolean => {
    const line = lines.get(requestIdOf(payment));
    return line !== undefined && line.charged !== line.refunded;
  };
  const charged = rows.payments.filter(isCharged);
  const byId = new Map(charged.map((payment) => [payment.id, payment]));
  const byOrder = new Map(charged.map((payment) => [payment.merchantOrderNo, payment]));
  const found = new Set<PaymentRow>();
  for (const { merchantOrderNo, paymentId } of books.cancels) {
    const payment = paymentId === null ? byOrder.get(merchantOrderNo) : byId.get(paymentId);
    if (payment !== undefined) found.add(payment);
  }
  return [...found].map(({ id, state }) => ({
    difference: 'cancel_lost',
    paymentId: id,
    detail: `a cancel of ${id} was accepted; it is ${state}, and its payer is charged`,
  }));
}
