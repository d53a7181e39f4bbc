import { paymentRequestId, refundRequestId } from '../domain/ids.ts';
import type { Payment, TimelineEvent } from '../domain/payment.ts';
import type { Refund } from '../domain/refund.ts';
import type { StrayCancel } from '../domain/stray-cancel.ts';
import type { CancelJournal, PaymentJournal, RefundJournal } from '../ports/journal.ts';

type Journal = PaymentJournal & RefundJournal & CancelJournal;

/** What has begun to need people, with all that whoever is alerted has to name. Nothing of the payer. RES-19. */
export interface BegunAttention {
  readonly reason: string;
  readonly merchantId: string;
  readonly merchantOrderNo: string | null;
  readonly wallet: string;
  readonly account: string;
  readonly paymentId: string | null;
  readonly paymentRequestId: string;
  readonly walletTransactionId: string | null;
  readonly refundId: string | null;
  readonly refundRequestId: string | null;
  /** By which answer it came to that: its kind, and the wallet's code. */
  readonly answer: string | null;
  readonly walletCode: string | null;
}

/** The same journal, which tells of every record by which something begins to need people, once it is durable. */
export function tellingAttention(journal: Journal, tell: (begun: BegunAttention) => void): Journal {
  return {
    ...journal,
    async recordPayment(record) {
      const recorded = await journal.recordPayment(record);
      if (recorded !== null && begins(record.before, recorded)) {
        tell({ ...ofPayment(recorded), ...ofNone, ...toldBy(recorded, record.events) });
      }
      return recorded;
    },
    async recordRefund(record) {
      const recorded = await journal.recordRefund(record);
      if (recorded !== null && begins(record.before, recorded)) {
        const payment = await journal.findPayment(recorded.merchantId, recorded.paymentId);
        if (payment !== null) {
          const refund = { refundId: recorded.id, refundRequestId: refundRequestId(recorded.id) };
          tell({ ...ofPayment(payment), ...refund, ...toldBy(recorded, record.events) });
        }
      }
      return recorded;
    },
    async recordStrayCancel(before, after) {
      const recorded = await journal.recordStrayCancel(before, after);
      if (recorded !== null && begins(before, recorded)) {
        tell({ ...ofStrayCancel(recorded), ...ofNone, ...toldBy(recorded, []) });
      }
      return recorded;
    },
  };
}

type Row = Pick<Payment | Refund | StrayCancel, 'attention'>;

function begins(before: Row, after: Row): boolean {
  return after.attention !== null && after.attention.reason !== before.attention?.reason;
}

const ofNone = { refundId: null, refundRequestId: null };

type OfPayment = Omit<BegunAttention, 'reason' | 'answer' | 'walletCode' | 'refundId' | 'refundRequestId'>;

function ofPayment(payment: Payment): OfPayment {
  const { merchantId, merchantOrderNo, wallet, account, id: paymentId, walletTransactionId } = payment;
  const requestId = paymentRequestId(paymentId);
  return {
    merchantId,
    merchantOrderNo,
    wallet,
    account,
    paymentId,
    paymentRequestId: requestId,
    walletTransactionId,
  };
}

/** Nobody here knows its payment or its order. */
function ofStrayCancel({
  merchantId,
  wallet,
  account,
  requestId,
  walletTransactionId,
}: StrayCancel): OfPayment {
  return {
    merchantId,
    merchantOrderNo: null,
    wallet,
    account,
    paymentId: null,
    paymentRequestId: requestId,
    walletTransactionId,
  };
}

/** The wallet's own words are left out: what stands in them is other people's. The timeline has them. */
function toldBy(
  { attention }: Row,
  events: readonly TimelineEvent[],
): Pick<BegunAttention, 'reason' | 'answer' | 'walletCode'> {
  const data = events.find(({ type }) => type === 'AttentionRaised')?.data ?? {};
  const word = (name: string): string | null => {
    const value = data[name];
    return typeof value === 'string' ? value : null;
  };
  return { reason: attention?.reason ?? '', answer: word('answer'), walletCode: word('wallet_code') };
}
