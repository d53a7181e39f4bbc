import type { Payment, TimelineEvent } from '../../src/domain/payment.ts';
import type { Refund } from '../../src/domain/refund.ts';
import type { DeliveryJournal, DueRow, DueRows } from '../../src/ports/due-rows.ts';
import type {
  CancelJournal,
  IdempotencyKey,
  PaymentJournal,
  PaymentRecord,
  RefundJournal,
} from '../../src/ports/journal.ts';

/** An implementation of the journal's ports, empty, with a way to let its clock go on. */
export interface JournalUnderTest {
  readonly journal: PaymentJournal & RefundJournal & CancelJournal;
  readonly due: DueRows;
  readonly deliveries: DeliveryJournal;
  /** The clock that its due times, leases and refund turns are compared with. */
  now(): Promise<Date>;
  /** Lets at least this much time pass on that clock; never asked for more than a few hundred milliseconds. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** A lease that outlives the test. */
export const longLeaseMs = 60_000;

/** A lease that a test waits for. */
export const shortLeaseMs = 50;

/** The merchants whose rows the contract writes; a directory must know them if the journal asks for it. */
export const contractMerchants = ['M0001', 'M0002'] as const;

let made = 0;

/** Ids of the gateway's form, told apart by a counter. */
function core(): string {
  made += 1;
  return made.toString().padStart(31, '0');
}

/** A payment just accepted, due now, with what differs. */
export function madePayment(now: Date, fields: Partial<Payment> = {}): Payment {
  const id = core();
  return {
    merchantId: 'M0001',
    id: `pay_${id}`,
    merchantOrderNo: `order-${id}`,
    wallet: 'alipay_open',
    account: 'sandbox',
    product: 'payment_code',
    amount: { currency: 'CNY', minor: 10_000n },
    storeId: 'S0001',
    terminalId: 'T0001',
    subMerchantId: '2088000000000002',
    subject: 'tea',
    expiresAt: new Date(now.getTime() + 300_000),
    notifyUrl: 'https://merchant.example/notify',
    metadata: { till: '7' },
    state: 'submitted',
    reversal: null,
    knownToWallet: false,
    paidEvidence: false,
    walletTransactionId: null,
    payerAction: null,
    payerActiveUntil: null,
    paidAt: null,
    failure: null,
    cancelledBy: null,
    refundReserved: 0n,
    refunded: 0n,
    openRefunds: 0,
    nextStep: { action: 'inquire', dueAt: now },
    tries: 0,
    attention: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
    ...fields,
  };
}

export function madeRefund(now: Date, payment: Payment, fields: Partial<Refund> = {}): Refund {
  return {
    merchantId: payment.merchantId,
    id: `re_${core()}`,
    paymentId: payment.id,
    merchantRefundNo: null,
    amount: { currency: 'CNY', minor: 1_000n },
    reason: null,
    state: 'accepted',
    failure: null,
    nextStep: { action: 'refund', dueAt: now },
    tries: 0,
    attention: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
    ...fields,
  };
}

export function madeKey(key: string, body = 'body'): IdempotencyKey {
  return { key, fingerprint: new Uint8Array(32).fill(body.length).fill(body.charCodeAt(0), 0, 16) };
}

export const submitted: TimelineEvent = { type: 'PaymentSubmitted', data: { wallet: 'alipay_open' } };

/** Opens a payment that nothing stands in the way of; on a given order under a key, as another attempt needs it. */
export async function opened(under: JournalUnderTest, fields: Partial<Payment> = {}): Promise<Payment> {
  const payment = madePayment(await under.now(), fields);
  const key = fields.merchantOrderNo === undefined ? null : madeKey(`key of ${payment.id}`);
  const result = await under.journal.openPayment(payment, [submitted], key, []);
  if (result.kind !== 'opened') throw new Error(`the payment was not opened: ${result.kind}`);
  return result.payment;
}

/** Opens a payment and records it as succeeded. */
export async function openedAndPaid(
  under: JournalUnderTest,
  fields: Partial<Payment> = {},
): Promise<Payment> {
  return recorded(under, await opened(under, fields), { state: 'succeeded', nextStep: null });
}

/** What a change of a payment writes, when only fields change. */
export function changeOf(
  before: Payment,
  fields: Partial<Payment>,
  rest: Partial<PaymentRecord> = {},
): PaymentRecord {
  return { before, after: { ...before, ...fields }, events: [], announcements: [], ...rest };
}

export async function recorded(
  under: JournalUnderTest,
  before: Payment,
  fields: Partial<Payment>,
  rest: Partial<PaymentRecord> = {},
): Promise<Payment> {
  const payment = await under.journal.recordPayment(changeOf(before, fields, rest));
  if (payment === null) throw new Error(`payment ${before.id} had moved on`);
  return payment;
}

/** Accepts a refund that nothing stands in the way of. */
export async function acceptedRefund(
  under: JournalUnderTest,
  payment: Payment,
  fields: Partial<Refund> = {},
): Promise<{ readonly refund: Refund; readonly payment: Payment }> {
  const refund = madeRefund(await under.now(), payment, fields);
  const result = await under.journal.acceptRefund(refund, reserving(payment, refund), null);
  if (result.kind !== 'accepted') throw new Error(`the refund was not accepted: ${result.kind}`);
  return result;
}

/** The payment's part of accepting a refund. */
export function reserving(payment: Payment, refund: Refund): PaymentRecord {
  return changeOf(
    payment,
    { refundReserved: payment.refundReserved + refund.amount.minor, openRefunds: payment.openRefunds + 1 },
    { events: [{ type: 'RefundAccepted', data: { refund_id: refund.id } }] },
  );
}

export function idOfDueRow(row: DueRow): string {
  switch (row.kind) {
    case 'payment':
      return row.payment.id;
    case 'refund':
      return row.refund.id;
    case 'stray_cancel':
      return row.cancel.id;
    case 'delivery':
      return row.delivery.id;
    default:
      return row satisfies never;
  }
}

/** Ids of all rows that are due and free, under a lease from now on. */
export async function claimedIds(under: JournalUnderTest): Promise<string[]> {
  return (await under.due.claimDue(100, longLeaseMs)).map(idOfDueRow);
}
