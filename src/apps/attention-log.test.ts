import { pino } from 'pino';
import { beforeEach, expect, it } from 'vitest';
import { madePayment, madeRefund, reserving } from '../../test/journal-contract/journal-under-test.ts';
import { tellingAttention } from '../adapters/begun-attention.ts';
import { createMemoryJournal } from '../adapters/memory/journal.ts';
import { paymentRequestId, refundRequestId } from '../domain/ids.ts';
import type { AttentionReason, Payment, TimelineEvent } from '../domain/payment.ts';
import { newStrayCancel } from '../domain/stray-cancel.ts';
import { attentionLog } from './attention-log.ts';

const now = new Date('2026-03-02T01:30:00Z');
let lines: { readonly [field: string]: unknown }[];
let journal: ReturnType<typeof tellingAttention>;
beforeEach(() => {
  lines = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => void lines.push(JSON.parse(line)) });
  const accounts = {
    account(wallet: string, name: string) {
      if (name !== 'sandbox') throw new Error(`no ${wallet} account is named ${name}`);
      const rest = { gatewayUrl: '', appId: '', privateKey: 'private', walletPublicKey: '' };
      return { wallet, name, ...rest, supportContact: 'Wang Fang' };
    },
  };
  journal = tellingAttention(createMemoryJournal(() => now).journal, attentionLog(log, accounts));
});

const raised = (data: TimelineEvent['data']): TimelineEvent => ({ type: 'AttentionRaised', data });

async function opened(fields: Partial<Payment> = {}): Promise<Payment> {
  const result = await journal.openPayment(madePayment(now, fields), [], null, []);
  if (result.kind !== 'opened') throw new Error(`the payment was not opened: ${result.kind}`);
  return result.payment;
}

async function recorded(
  before: Payment,
  reason: AttentionReason | null,
  events: TimelineEvent[] = [],
): Promise<Payment> {
  const attention = reason === null ? null : { reason, since: now };
  const after = await journal.recordPayment({
    before,
    after: { ...before, attention },
    events,
    announcements: [],
  });
  if (after === null) throw new Error('the payment had moved on');
  return after;
}

// proves RES-19
it('what begins to need people is told once, with all that has to be named, and nothing of the payer', async () => {
  const payment = await opened({
    walletTransactionId: '2026030222001',
    metadata: { payer: '28763443825664394' },
  });
  const quiet = await recorded(payment, null);
  const event = raised({
    reason: 'cancel_unresolved',
    answer: 'unclear',
    wallet_code: 'ACQ.SYSTEM_ERROR',
    detail: 'buyer 159****5620',
  });
  const needing = await recorded(quiet, 'cancel_unresolved', [event]);
  await recorded(needing, 'cancel_unresolved');
  expect(lines).toEqual([
    {
      level: 40,
      msg: 'people are needed',
      reason: 'cancel_unresolved',
      merchant_id: 'M0001',
      merchant_order_no: payment.merchantOrderNo,
      payment_id: payment.id,
      payment_request_id: paymentRequestId(payment.id),
      refund_id: null,
      refund_request_id: null,
      wallet: 'alipay_open',
      account: 'sandbox',
      wallet_transaction_id: '2026030222001',
      answer: 'unclear',
      wallet_code: 'ACQ.SYSTEM_ERROR',
      call: 'Wang Fang',
      read: `shoudan inspect answers ${payment.id}`,
    },
  ]);
});

it('another reason is told anew, and one that begins again after its end', async () => {
  const first = await recorded(await opened(), 'cancel_unresolved');
  const second = await recorded(first, 'delivery_exhausted');
  await recorded(await recorded(second, null), 'delivery_exhausted');
  expect(lines.map(({ reason }) => reason)).toEqual([
    'cancel_unresolved',
    'delivery_exhausted',
    'delivery_exhausted',
  ]);
  expect(lines[1]).toMatchObject({ call: 'the merchant: its endpoint accepts nothing' });
});

it('what was not recorded is not told', async () => {
  const payment = await opened();
  await recorded(payment, null);
  const attention = { reason: 'cancel_unresolved', since: now } as const;
  const late = { before: payment, after: { ...payment, attention }, events: [], announcements: [] };
  expect(await journal.recordPayment(late)).toBeNull();
  expect(lines).toEqual([]);
});

it('a refund is told with its payment', async () => {
  const payment = await opened({ account: 'gone' });
  const refund = madeRefund(now, payment);
  const accepted = await journal.acceptRefund(refund, reserving(payment, refund), null);
  if (accepted.kind !== 'accepted') throw new Error(`the refund was not accepted: ${accepted.kind}`);
  const after = { ...accepted.refund, attention: { reason: 'refund_unresolved', since: now } as const };
  const rest = { payment: null, events: [], announcements: [] };
  await journal.recordRefund({ before: accepted.refund, after, ...rest });
  expect(lines).toMatchObject([
    {
      reason: 'refund_unresolved',
      payment_id: payment.id,
      refund_id: refund.id,
      refund_request_id: refundRequestId(refund.id),
      call: expect.stringContaining('nobody is named'),
      read: `shoudan inspect answers ${refund.id}`,
    },
  ]);
});

it('a cancel of a payment that nobody here knows is told by its upstream id', async () => {
  const requestId = `P${'1'.padStart(31, '0')}`;
  const named = { merchantId: 'M0001', requestId, wallet: 'alipay_plus', account: 'sandbox' } as const;
  const cancel = newStrayCancel(named, now);
  await journal.holdCancelOfRequest('M0001', requestId, [cancel]);
  const attention = { reason: 'cancel_unresolved', since: now } as const;
  await journal.recordStrayCancel(cancel, { ...cancel, attention });
  expect(lines).toMatchObject([
    {
      reason: 'cancel_unresolved',
      merchant_order_no: null,
      payment_id: null,
      payment_request_id: requestId,
      wallet: 'alipay_plus',
      read: `shoudan inspect answers ${requestId}`,
    },
  ]);
});
