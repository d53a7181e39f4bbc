/*
 * Answers as the published description shows them. The tests hold each against its schema.
 */

const paid = {
  object: 'payment',
  id: 'pay_00000011MTA2T0B9D5MPJTB9D5MPJTB',
  payment_request_id: 'P00000011MTA2T0B9D5MPJTB9D5MPJTB',
  merchant_id: 'M0000001',
  merchant_order_no: 'ORDER-1001',
  product: 'payment_code',
  status: 'succeeded',
  amount: { currency: 'CNY', value: 1234 },
  wallet: 'alipay_open',
  wallet_transaction_id: '2026030222001409001400000001',
  order_code: null,
  store_id: 'S00000001',
  terminal_id: 'T0000001',
  subject: 'Coffee',
  failure: null,
  refunded: { currency: 'CNY', value: 0 },
  cancelled_by: null,
  needs_attention: null,
  next_step: null,
  awaiting_payer: false,
  metadata: {},
  paid_at: '2026-03-02T04:00:01.000Z',
  expires_at: '2026-03-02T04:03:00.000Z',
  version: 2,
  created_at: '2026-03-02T04:00:00.000Z',
  updated_at: '2026-03-02T04:00:01.120Z',
} as const;

const unpaid = { ...paid, wallet_transaction_id: null, paid_at: null } as const;

const orderCode = {
  ...unpaid,
  product: 'order_code',
  status: 'processing',
  amount: { currency: 'USD', value: 350 },
  refunded: { currency: 'USD', value: 0 },
  wallet: 'alipay_plus',
  order_code: { value: 'https://wallet.example/code/20260302', expires_at: '2026-03-02T04:02:00.000Z' },
  next_step: { action: 'inquire', due_at: '2026-03-02T04:00:10.000Z' },
} as const;

const failure = {
  code: 'payment_declined',
  wallet_code: 'ACQ.BUYER_BALANCE_NOT_ENOUGH',
  message: 'The balance is not enough.',
  advice: 'Ask the payer for a fresh payment code or another way to pay, then start a new attempt.',
} as const;

const cancelled = { ...unpaid, status: 'cancelled', cancelled_by: 'close', version: 4 } as const;

const beingCancelled = {
  ...unpaid,
  status: 'processing',
  next_step: { action: 'cancel', due_at: '2026-03-02T04:00:10.000Z' },
  version: 3,
} as const;

const refunded = {
  object: 'refund',
  id: 're_00000011MTA6AGMYKTF9X7MYKTF9X7M',
  refund_request_id: 'R00000011MTA6AGMYKTF9X7MYKTF9X7M',
  payment_id: paid.id,
  merchant_id: paid.merchant_id,
  merchant_refund_no: null,
  status: 'succeeded',
  amount: { currency: 'CNY', value: 100 },
  reason: 'one cup was cold',
  failure: null,
  needs_attention: null,
  next_step: null,
  version: 2,
  created_at: '2026-03-02T05:00:00.000Z',
  updated_at: '2026-03-02T05:00:01.000Z',
} as const;

export const answerExamples = {
  paid,
  failed: { ...unpaid, status: 'failed', failure },
  orderCode,
  cancelled,
  beingCancelled,
  refunded,
  failedRefund: {
    ...refunded,
    status: 'failed',
    failure: {
      code: 'refund_refused',
      wallet_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH',
      message: 'The balance of the merchant is not enough.',
      advice: 'The acquirer must act: show it this code.',
    },
  },
  beingRefunded: {
    ...refunded,
    status: 'processing',
    next_step: { action: 'refund', due_at: '2026-03-02T05:00:05.000Z' },
    version: 1,
  },
  heldCancel: {
    object: 'cancel',
    status: 'held',
    merchant_order_no: 'ORDER-1001',
    payment_request_id: null,
    payment: null,
    wallets: [],
    advice:
      'merchant_order_no ORDER-1001 is closed: no payment of it is open or paid, and one that still arrives is not sent ' +
      'to the wallet. Use a new merchant_order_no for a new sale.',
  },
  appliedCancel: {
    object: 'cancel',
    status: 'applied',
    merchant_order_no: 'ORDER-1001',
    payment_request_id: paid.payment_request_id,
    payment: beingCancelled,
    wallets: [],
    advice:
      'The cancel is accepted and goes on until the wallet has done it: look again with ' +
      `GET /v1/payments/${paid.id}; nothing has to be repeated.`,
  },
  timelineEvent: {
    type: 'PaymentSucceeded',
    at: '2026-03-02T04:00:01.120Z',
    version: 2,
    data: { source: 'pay' },
  },
} as const;
