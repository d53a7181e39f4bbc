import { answerExamples } from './answer-examples.ts';
import { waitSecondsDefault } from './prefer-wait.ts';
import type { Bilingual } from './problem-catalogue.ts';
import type { ProblemCode } from './problems.ts';

/** Of the first example: the sandbox's wallet takes it for ever. */
export const examplePaymentCode = '281234567890123456';

/** What the published description says of an operation beyond the schemas that its route validates with. */
export interface OperationWords {
  /** Stable: clients are generated with it. */
  readonly id: string;
  readonly tag: TagName;
  readonly summary: Bilingual;
  readonly description: Bilingual;
  /** Seconds that it waits for a final state when `Prefer: wait=N` names none; `null` where it does not wait. */
  readonly waitSecondsDefault: number | null;
  /** `replays`: a repeated key is answered with what has become of the first request. */
  readonly idempotencyKey: 'replays' | 'accepted' | null;
  readonly answers: { readonly [status in 200 | 201 | 202]?: AnswerWords };
  /** The codes that this operation may be answered with, besides those of every request. */
  readonly problems: readonly ProblemCode[];
  /** Operations that take the `id` of what this one has made. */
  readonly leadsTo?: readonly string[];
  /** Bodies to begin with, by name. Each can be sent to the sandbox as it stands. */
  readonly requestExamples: { readonly [name: string]: RequestExample };
}

export interface AnswerWords {
  readonly description: string;
  readonly headers: readonly ('Location' | 'Retry-After')[];
  readonly example: unknown;
}

export interface RequestExample {
  readonly summary: Bilingual;
  readonly value: Readonly<Record<string, unknown>>;
}

export const tags = {
  payments: {
    title: { en: 'Payments', 'zh-CN': '付款' },
    description: {
      en: 'Take a payment, look at it, undo it.',
      'zh-CN': '发起、查询和撤销付款。',
    },
  },
  cancels: {
    title: { en: 'Cancels', 'zh-CN': '撤销' },
    description: {
      en: 'Undo a payment whose create was never answered.',
      'zh-CN': '撤销没有收到应答的付款。',
    },
  },
  refunds: {
    title: { en: 'Refunds', 'zh-CN': '退款' },
    description: {
      en: 'Give back part or all of a paid payment.',
      'zh-CN': '退还已付款项的部分或全部。',
    },
  },
} as const satisfies {
  readonly [tag: string]: { readonly title: Bilingual; readonly description: Bilingual };
};

export type TagName = keyof typeof tags;

/** Every request under `/v1` may be answered with these, whatever it asks for. */
export const problemsOfEveryRequest = [
  'malformed_request',
  'unauthorized',
  'signature_missing',
  'signature_invalid',
  'signature_expired',
  'signature_replayed',
  'forbidden',
  'request_timeout',
  'rate_limited',
  'headers_too_large',
  'internal',
  'unavailable',
  'overloaded',
] as const satisfies readonly ProblemCode[];

const problemsOfBodies = [
  'invalid_json',
  'body_too_large',
  'unsupported_media_type',
  'invalid_request',
] as const satisfies readonly ProblemCode[];

/** An id longer than any is part of no path. */
const problemsOfPaymentIds = [
  'payment_not_found',
  'route_not_found',
] as const satisfies readonly ProblemCode[];

const saleOf = (fields: Readonly<Record<string, unknown>>) => ({
  merchant_order_no: 'ORDER-1001',
  ...fields,
  store_id: 'S00000001',
  terminal_id: 'T0000001',
  subject: 'Coffee',
});

const noBody = {
  nothing: { summary: { en: 'No fields are needed', 'zh-CN': '不需要任何字段' }, value: {} },
} as const;

export const operations = {
  createPayment: {
    id: 'createPayment',
    tag: 'payments',
    summary: { en: 'Take a payment', 'zh-CN': '发起付款' },
    description: {
      en:
        'One request, and the gateway sees the payment through: it inquires, cancels and refunds until payer, wallet and ' +
        'merchant agree. A declined payment is a created one with `status: "failed"`, not a problem. With ' +
        '`product: "order_code"` the answer comes as soon as there is a code to show.',
      'zh-CN':
        '只需一个请求，其余由网关负责：查询、撤销、退款，直到付款人、钱包和商户的结果一致。被拒的付款也是已创建的付款' +
        '（`status: "failed"`），而不是错误。`product: "order_code"` 时，一有可出示的码就立即应答。',
    },
    waitSecondsDefault,
    idempotencyKey: 'replays',
    answers: {
      201: {
        description: 'The payment has ended: `status` says how.',
        headers: ['Location'],
        example: answerExamples.paid,
      },
      202: {
        description:
          'It goes on: `next_step` says with what, and when. Look again, or wait for the delivery.',
        headers: ['Location', 'Retry-After'],
        example: answerExamples.orderCode,
      },
    },
    problems: [
      ...problemsOfBodies,
      'invalid_parameter',
      'unknown_merchant',
      'amount_not_positive',
      'unknown_currency',
      'unknown_store',
      'order_codes_off',
      'payment_code_unknown',
      'wallet_not_available',
      'product_not_offered',
      'currency_not_accepted',
      'wallet_ambiguous',
      'amount_not_payable',
      'amount_too_large',
      'sub_merchant_missing',
      'merchant_category_missing',
      'expiry_out_of_range',
      'wallet_unavailable',
      'idempotency_key_reused',
      'order_already_paid',
      'order_has_open_payment',
      'order_repeated',
    ],
    leadsTo: ['getPayment', 'cancelPayment', 'listPaymentEvents', 'createRefund', 'listRefunds'],
    requestExamples: {
      payment_code: {
        summary: { en: "The payer's wallet shows a code", 'zh-CN': '付款人出示付款码' },
        value: saleOf({
          amount: { currency: 'CNY', value: 1234 },
          product: 'payment_code',
          payment_code: examplePaymentCode,
        }),
      },
      order_code: {
        summary: { en: 'The payer scans a code made for this order', 'zh-CN': '付款人扫描为本订单生成的码' },
        value: saleOf({ amount: { currency: 'USD', value: 350 }, product: 'order_code' }),
      },
    },
  },
  listPayments: {
    id: 'listPayments',
    tag: 'payments',
    summary: { en: "Look up an order's payments", 'zh-CN': '按订单号查询付款' },
    description: {
      en: 'Every attempt of an order, the newest first: what became of a create that was never answered.',
      'zh-CN': '该订单的每一次付款，最新的在前。没有收到应答的付款，可由此得知结果。',
    },
    waitSecondsDefault: null,
    idempotencyKey: null,
    answers: {
      200: {
        description: 'The attempts; none for an order that nobody has seen.',
        headers: [],
        example: { data: [answerExamples.paid], next_cursor: null },
      },
    },
    problems: ['invalid_parameter', 'unknown_merchant'],
    requestExamples: {},
  },
  getPayment: {
    id: 'getPayment',
    tag: 'payments',
    summary: { en: 'Look at a payment', 'zh-CN': '查询付款' },
    description: {
      en: 'The payment as it stands. `Prefer: wait=N` holds the answer until it has ended.',
      'zh-CN': '付款的当前状态。`Prefer: wait=N` 会等到付款完结再应答。',
    },
    waitSecondsDefault: 0,
    idempotencyKey: null,
    answers: {
      200: { description: 'The payment as it stands.', headers: [], example: answerExamples.paid },
    },
    problems: ['invalid_parameter', ...problemsOfPaymentIds],
    requestExamples: {},
  },
  cancelPayment: {
    id: 'cancelPayment',
    tag: 'payments',
    summary: { en: 'Cancel a payment', 'zh-CN': '撤销付款' },
    description: {
      en:
        'Undoes it, whatever has become of it: an open one is closed, a paid one given back, an ended one stays as it is. ' +
        'Repeating it changes nothing.',
      'zh-CN':
        '无论付款进展如何都予以撤销：未完结的关闭，已付的退回，已结束的保持不变。重复请求不会产生其他影响。',
    },
    waitSecondsDefault,
    idempotencyKey: 'accepted',
    answers: {
      200: {
        description: 'The payment as the cancel has left it.',
        headers: [],
        example: answerExamples.cancelled,
      },
      202: {
        description:
          'The cancel is accepted and goes on until the wallet has done it; nothing has to be repeated.',
        headers: ['Retry-After'],
        example: answerExamples.beingCancelled,
      },
    },
    problems: [...problemsOfBodies, 'invalid_parameter', ...problemsOfPaymentIds],
    requestExamples: noBody,
  },
  listPaymentEvents: {
    id: 'listPaymentEvents',
    tag: 'payments',
    summary: { en: "Read a payment's timeline", 'zh-CN': '查看付款的时间线' },
    description: {
      en: 'Everything that happened to the payment, the oldest first. `type` grows: take unknown ones for news.',
      'zh-CN': '付款经历的一切，最早的在前。`type` 会增加，遇到未知的请按一般消息处理。',
    },
    waitSecondsDefault: null,
    idempotencyKey: null,
    answers: {
      200: {
        description: 'The timeline.',
        headers: [],
        example: { data: [answerExamples.timelineEvent], next_cursor: null },
      },
    },
    problems: problemsOfPaymentIds,
    requestExamples: {},
  },
  createCancel: {
    id: 'createCancel',
    tag: 'cancels',
    summary: { en: 'Cancel by what you know', 'zh-CN': '按已知信息撤销' },
    description: {
      en:
        'For a create that got no answer: name `merchant_order_no` or `payment_request_id`, exactly one of them. A cancel of ' +
        'an order without an open or paid attempt is `held`: a payment of it that arrives later is never sent to the wallet.',
      'zh-CN':
        '用于没有收到应答的付款：给出 `merchant_order_no` 或 `payment_request_id`，两者只能给一个。订单没有未完结或已付的付款时，' +
        '撤销会被保留（`held`）：之后到达的付款不会发往钱包。',
    },
    waitSecondsDefault,
    idempotencyKey: 'accepted',
    answers: {
      200: {
        description: '`applied` to a payment, or `held` for one that may still arrive.',
        headers: [],
        example: answerExamples.heldCancel,
      },
      202: {
        description:
          'The cancel is accepted and goes on until the wallet has done it; nothing has to be repeated.',
        headers: ['Retry-After'],
        example: answerExamples.appliedCancel,
      },
    },
    problems: [...problemsOfBodies, 'invalid_parameter', 'unknown_merchant', 'payment_not_found'],
    requestExamples: {
      by_order: {
        summary: { en: 'By order number', 'zh-CN': '按订单号' },
        value: { merchant_order_no: 'ORDER-1001' },
      },
      by_request_id: {
        summary: { en: 'By payment_request_id', 'zh-CN': '按 payment_request_id' },
        value: { payment_request_id: answerExamples.paid.payment_request_id },
      },
    },
  },
  createRefund: {
    id: 'createRefund',
    tag: 'refunds',
    summary: { en: 'Refund a payment', 'zh-CN': '退款' },
    description: {
      en:
        'What fits is accepted, reserved at once and made as the wallet wants it; what does not fit is a problem and leaves ' +
        'no trace.',
      'zh-CN': '金额合适即受理并立即预留，再按钱包的要求执行；不合适的会报错，且不留任何记录。',
    },
    waitSecondsDefault,
    idempotencyKey: 'replays',
    answers: {
      201: {
        description: 'The refund has ended: `status` says how.',
        headers: ['Location'],
        example: answerExamples.refunded,
      },
      202: {
        description: 'The refund is accepted and goes on; nothing has to be repeated.',
        headers: ['Location', 'Retry-After'],
        example: answerExamples.beingRefunded,
      },
    },
    problems: [
      ...problemsOfBodies,
      'invalid_parameter',
      ...problemsOfPaymentIds,
      'amount_not_positive',
      'payment_not_refundable',
      'refund_currency_mismatch',
      'amount_not_payable',
      'refund_exceeds_remaining',
      'refund_no_reused',
      'idempotency_key_reused',
    ],
    leadsTo: ['getRefund'],
    requestExamples: {
      part: {
        summary: { en: 'Part of the payment', 'zh-CN': '部分退款' },
        value: { amount: { currency: 'CNY', value: 100 }, reason: 'one cup was cold' },
      },
    },
  },
  listRefunds: {
    id: 'listRefunds',
    tag: 'refunds',
    summary: { en: "List a payment's refunds", 'zh-CN': '列出付款的退款' },
    description: {
      en: 'Every refund of the payment, the newest first.',
      'zh-CN': '该付款的所有退款，最新的在前。',
    },
    waitSecondsDefault: null,
    idempotencyKey: null,
    answers: {
      200: {
        description: 'The refunds.',
        headers: [],
        example: { data: [answerExamples.refunded], next_cursor: null },
      },
    },
    problems: problemsOfPaymentIds,
    requestExamples: {},
  },
  getRefund: {
    id: 'getRefund',
    tag: 'refunds',
    summary: { en: 'Look at a refund', 'zh-CN': '查询退款' },
    description: {
      en: 'The refund as it stands. `Prefer: wait=N` holds the answer until it has ended.',
      'zh-CN': '退款的当前状态。`Prefer: wait=N` 会等到退款完结再应答。',
    },
    waitSecondsDefault: 0,
    idempotencyKey: null,
    answers: {
      200: { description: 'The refund as it stands.', headers: [], example: answerExamples.refunded },
    },
    problems: ['invalid_parameter', 'refund_not_found', 'route_not_found'],
    requestExamples: {},
  },
} as const satisfies { readonly [id: string]: OperationWords };
