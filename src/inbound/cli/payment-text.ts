import type { PaymentSnapshot, RefundSnapshot } from '../../operations/snapshots.ts';
import { amountText } from './amount.ts';
import { fields, table } from './terminal-text.ts';

/** One line of a payment's timeline as the gateway shows it. */
export interface EventSnapshot {
  readonly type: string;
  readonly at: string;
  readonly version: number;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

/** A payment with everything that is known of it. */
export interface InspectedPayment {
  readonly payment: PaymentSnapshot;
  readonly refunds: readonly RefundSnapshot[];
  readonly events: readonly EventSnapshot[];
}

type Field = readonly [name: string, value: string | null];

/** What became of a payment, in a few lines. */
export function paymentText(payment: PaymentSnapshot): string {
  return fields(outcomeOf(payment));
}

function outcomeOf(payment: PaymentSnapshot): Field[] {
  return [
    ['payment', payment.id],
    ['status', statusText(payment)],
    ['amount', amountText(payment.amount)],
    ['refunded', payment.refunded.value === 0 ? null : amountText(payment.refunded)],
    ['order', payment.merchant_order_no],
    ['wallet', [payment.wallet, payment.wallet_transaction_id].filter((text) => text !== null).join(' ')],
    ...failureFields(payment.failure),
    ...followUpFields(payment),
  ];
}

/** A payment, its refunds and its timeline. */
export function inspectedText({ payment, refunds, events }: InspectedPayment): string {
  const all = fields([
    ...outcomeOf(payment),
    ['call', payment.needs_attention === null ? null : answersHint(payment.id)],
    ['request', payment.payment_request_id],
    ['merchant', payment.merchant_id],
    ['store', `${payment.store_id}, terminal ${payment.terminal_id}`],
    ['subject', payment.subject],
    ['created', payment.created_at],
    ['paid', payment.paid_at],
    ['updated', `${payment.updated_at}, version ${payment.version}`],
    ['expires', payment.expires_at],
    ['order code', payment.order_code === null ? null : payment.order_code.value],
  ]);
  const refundRows = refunds.map((refund) => [
    refund.id,
    refund.status,
    amountText(refund.amount),
    refund.merchant_refund_no ?? '',
    refund.created_at,
    [refund.failure?.message, refund.needs_attention?.reason, stepText(refund.next_step)]
      .filter((text) => text != null)
      .join('; '),
  ]);
  const eventRows = events.map((event) => [event.at, `${event.version}`, event.type, dataText(event.data)]);
  return [
    all,
    refundRows.length === 0
      ? ''
      : `\nrefunds\n${table(['id', 'status', 'amount', 'no', 'created', ''], refundRows, '  ')}`,
    `\ntimeline\n${table(['at', 'version', 'event', 'data'], eventRows, '  ')}`,
  ].join('');
}

export function refundText(refund: RefundSnapshot): string {
  return fields([
    ['refund', refund.id],
    ['status', refund.status],
    ['amount', amountText(refund.amount)],
    ['payment', refund.payment_id],
    ['no', refund.merchant_refund_no],
    ...failureFields(refund.failure),
    ...followUpFields(refund),
  ]);
}

/** The gateway's own people have the database, and with it what the wallet has answered. RES-19. */
function answersHint(id: string): string {
  return `\`shoudan inspect answers ${id}\` tells whom, and what the wallet has answered`;
}

function statusText(payment: PaymentSnapshot): string {
  if (payment.awaiting_payer) return `${payment.status}: the payer is asked to confirm`;
  if (payment.cancelled_by === null) return payment.status;
  return `${payment.status} (by ${payment.cancelled_by})`;
}

function failureFields(failure: PaymentSnapshot['failure']): Field[] {
  if (failure === null) return [];
  const code = failure.wallet_code === null ? failure.code : `${failure.code}, ${failure.wallet_code}`;
  return [
    ['failure', `${failure.message} (${code})`],
    ['advice', failure.advice],
  ];
}

function followUpFields(of: Pick<PaymentSnapshot, 'needs_attention' | 'next_step'>): Field[] {
  const { needs_attention: attention } = of;
  return [
    ['attention', attention === null ? null : `${attention.reason} since ${attention.since}`],
    ['next step', stepText(of.next_step)],
  ];
}

function stepText(step: PaymentSnapshot['next_step']): string | null {
  return step === null ? null : `${step.action}, due ${step.due_at}`;
}

function dataText(data: EventSnapshot['data']): string {
  return Object.entries(data)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
