import type { PaymentInput } from './decide-payment.ts';
import type { RefundInput } from './decide-refund.ts';
import type {
  CancelAnswer,
  InquiryAnswer,
  Issued,
  NoAnswer,
  NoAnswerReason,
  NotifiedOutcome,
  Paid,
  PayAnswer,
  RefundAnswer,
  RefundInquiryAnswer,
  Refused,
  Unclear,
} from './wallet-answer.ts';

/*
 * One answer of every kind to every call, for tests. The tables below are typed by
 * the answers' own kinds, so a new kind does not compile here until it has an example.
 */

const amount = { currency: 'CNY', minor: 10_000n } as const;

export const paid: Paid = { kind: 'paid', walletTransactionId: '2026030222001409001400000001', amount };
export const awaitingPayer = { kind: 'awaiting_payer', walletTransactionId: null } as const;
export const issuedUrl: Issued = {
  kind: 'issued',
  action: { kind: 'redirect', url: 'https://wallet.example/cashier?token=abc' },
  walletTransactionId: '20260302194010800100188000200000001',
  known: true,
};
export const issuedCode: Issued = {
  kind: 'issued',
  action: {
    kind: 'show_code',
    value: 'https://qr.example/bax0',
    expiresAt: new Date('2026-03-02T04:02:00.000Z'),
  },
  walletTransactionId: null,
  known: false,
};
export const unclear: Unclear = {
  kind: 'unclear',
  code: 'ACQ.SYSTEM_ERROR',
  message: 'system error',
};
export const notFound = { kind: 'not_found' } as const;
export const closed = { kind: 'closed', walletTransactionId: null } as const;
export const cancelledAtWallet = { kind: 'cancelled', walletTransactionId: null } as const;
export const attemptFailed = { kind: 'failed', code: 'PAYMENT_FAIL', message: 'payment failed' } as const;
export const nothingNamed = { kind: 'nothing_named' } as const;
export const effectedClosed = { kind: 'effected', action: 'closed' } as const;
export const effectedRefunded = { kind: 'effected', action: 'refunded' } as const;
export const effectedCancelled = { kind: 'effected', action: 'cancelled' } as const;
export const refundInstead = {
  kind: 'refund_instead',
  code: 'ACQ.TRADE_CANCEL_TIME_OUT',
  message: 'the cancel window has passed',
} as const;
export const later = {
  kind: 'later',
  code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH',
  message: 'the position is too small',
} as const;

export const spent = {
  kind: 'spent',
  code: 'MERCHANT_BALANCE_NOT_ENOUGH',
  message: 'the merchant has too little',
} as const;

export function refused(remedy: Refused['remedy'] = 'payer'): Refused {
  return { kind: 'refused', code: 'ACQ.BUYER_BALANCE_NOT_ENOUGH', message: 'not enough money', remedy };
}

export function noAnswer(reason: NoAnswerReason = 'timeout'): NoAnswer {
  return { kind: 'no_answer', reason, detail: `${reason} in a test` };
}

const silences: { readonly [reason in NoAnswerReason]: NoAnswer } = {
  not_sent: noAnswer('not_sent'),
  timeout: noAnswer('timeout'),
  connection_lost: noAnswer('connection_lost'),
  malformed: noAnswer('malformed'),
  untrusted: noAnswer('untrusted'),
};

type ByKind<Answer extends { readonly kind: string }> = {
  readonly [kind in Answer['kind']]: readonly Extract<Answer, { kind: kind }>[];
};

export const payAnswers: ByKind<PayAnswer> = {
  paid: [paid],
  issued: [issuedUrl, issuedCode],
  awaiting_payer: [awaitingPayer],
  refused: [refused('payer'), refused('merchant'), refused('operator')],
  unclear: [unclear],
  no_answer: Object.values(silences),
};

export const inquiryAnswers: ByKind<InquiryAnswer> = {
  paid: [paid],
  awaiting_payer: [awaitingPayer],
  closed: [closed],
  cancelled: [cancelledAtWallet],
  failed: [attemptFailed],
  not_found: [notFound],
  refused: [refused('payer'), refused('operator')],
  unclear: [unclear],
  no_answer: Object.values(silences),
};

export const cancelAnswers: ByKind<CancelAnswer> = {
  effected: [effectedClosed, effectedRefunded, effectedCancelled],
  nothing_named: [nothingNamed],
  refund_instead: [refundInstead],
  later: [later],
  unclear: [unclear],
  no_answer: Object.values(silences),
};

export const refundAnswers: ByKind<RefundAnswer> = {
  refunded: [{ kind: 'refunded' }],
  repeated: [{ kind: 'repeated' }],
  later: [later],
  spent: [spent],
  refused: [refused('merchant'), refused('operator')],
  unclear: [unclear],
  no_answer: Object.values(silences),
};

export const refundInquiryAnswers: ByKind<RefundInquiryAnswer> = {
  refunded: [{ kind: 'refunded', amount }],
  failed: [attemptFailed],
  not_found: [notFound],
  refused: [refused('operator')],
  unclear: [unclear],
  no_answer: Object.values(silences),
};

export const notPaid = { kind: 'not_paid', code: 'USER_BALANCE_NOT_ENOUGH', message: 'no funds' } as const;
export const contradictory = {
  kind: 'contradictory',
  detail: 'it states 1 CNY instead of 10000 CNY',
} as const;

export const notifiedOutcomes: ByKind<NotifiedOutcome> = {
  paid: [paid, { ...paid, paidAt: new Date('2026-03-02T03:59:58.000Z') }],
  awaiting_payer: [awaitingPayer],
  not_paid: [notPaid],
  contradictory: [contradictory],
};

function all<Answer extends { readonly kind: string }>(answers: ByKind<Answer>): Answer[] {
  return Object.values<readonly Answer[]>(answers).flat();
}

export const writtenEvidence = { by: 'Li Wei', evidence: 'mail of the wallet’s support, case 4711' } as const;

const inputsByKind: {
  readonly [kind in PaymentInput['kind']]: readonly Extract<PaymentInput, { kind: kind }>[];
} = {
  pay_answered: all(payAnswers).map((answer) => ({ kind: 'pay_answered', answer })),
  inquiry_answered: all(inquiryAnswers).map((answer) => ({ kind: 'inquiry_answered', answer })),
  cancel_answered: all(cancelAnswers).map((answer) => ({ kind: 'cancel_answered', answer })),
  reversal_refund_answered: all(refundAnswers).map((answer) => ({
    kind: 'reversal_refund_answered',
    answer,
  })),
  reversal_refund_inquired: all(refundInquiryAnswers).map((answer) => ({
    kind: 'reversal_refund_inquired',
    answer,
  })),
  notified: all(notifiedOutcomes).map((outcome) => ({ kind: 'notified', outcome })),
  payer_seen: [{ kind: 'payer_seen' }],
  undelivered: [
    { kind: 'undelivered', issued: false },
    { kind: 'undelivered', issued: true },
  ],
  cancel_requested: [{ kind: 'cancel_requested' }],
  refund_accepted: [{ kind: 'refund_accepted', amountMinor: 3_000n }],
  refund_ended: [
    { kind: 'refund_ended', amountMinor: 3_000n, succeeded: true },
    { kind: 'refund_ended', amountMinor: 3_000n, succeeded: false },
  ],
  refunds_awaited: [{ kind: 'refunds_awaited' }],
  delivery_exhausted: [{ kind: 'delivery_exhausted' }],
  held_up: [{ kind: 'held_up' }],
  step_failed: [{ kind: 'step_failed' }],
  resolved_by_hand: [
    { kind: 'resolved_by_hand', as: 'given_back', ...writtenEvidence },
    { kind: 'resolved_by_hand', as: 'noted', ...writtenEvidence },
  ],
  delivery_made_good: [{ kind: 'delivery_made_good' }],
};

export const everyPaymentInput: readonly PaymentInput[] =
  Object.values<readonly PaymentInput[]>(inputsByKind).flat();

export const everyRefundInput: readonly RefundInput[] = [
  ...all(refundAnswers).map((answer): RefundInput => ({ kind: 'refund_answered', answer })),
  ...all(refundInquiryAnswers).map((answer): RefundInput => ({ kind: 'refund_inquired', answer })),
  { kind: 'held_up' },
  { kind: 'step_failed' },
  { kind: 'resolved_by_hand', as: 'succeeded', ...writtenEvidence },
  { kind: 'resolved_by_hand', as: 'failed', ...writtenEvidence },
  { kind: 'resolved_by_hand', as: 'noted', ...writtenEvidence },
];

/** `inquiry_answered no_answer untrusted`: an input in words, for the names of tests and of failures. */
export function inWords(input: PaymentInput | RefundInput): string {
  const words: string[] = [input.kind];
  if ('answer' in input) {
    const { answer } = input;
    words.push(answer.kind);
    if (answer.kind === 'no_answer') words.push(answer.reason);
    if (answer.kind === 'effected') words.push(answer.action);
    if (answer.kind === 'refused') words.push(answer.remedy);
  }
  if ('outcome' in input) words.push(input.outcome.kind);
  if ('as' in input) words.push(input.as);
  if ('succeeded' in input) words.push(input.succeeded ? 'succeeded' : 'failed');
  return words.join(' ');
}
