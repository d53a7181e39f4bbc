import { type ProblemCode, problemStatuses } from './problems.ts';

/** A text in the languages of the reference. */
export type Bilingual = Readonly<Record<'en' | 'zh-CN', string>>;

/** What a code means, and what whoever receives it does about it. */
export interface ProblemEntry {
  readonly titleZh: string;
  readonly cause: Bilingual;
  readonly cure: Bilingual;
}

/** Every problem code with its cause and cure. A new code does not compile until it has an entry here. */
export const problemCatalogue = {
  malformed_request: {
    titleZh: 'HTTP 请求格式错误',
    cause: {
      en: 'What arrived is not HTTP/1.1 as the gateway reads it, or it did not arrive whole.',
      'zh-CN': '收到的内容不是网关可读的 HTTP/1.1，或请求没有完整到达。',
    },
    cure: {
      en: 'Check the client and the proxies before the gateway; encode paths after RFC 3986; send the whole body.',
      'zh-CN': '检查客户端和网关前的代理；路径按 RFC 3986 编码；请求体须完整发送。',
    },
  },
  invalid_json: {
    titleZh: '请求体不是 JSON',
    cause: {
      en: 'The body is not JSON in UTF-8, or is nested too deeply. `detail` names the line, the column and what belongs there.',
      'zh-CN': '请求体不是 UTF-8 的 JSON，或嵌套过深。`detail` 指出行、列以及该处应有的内容。',
    },
    cure: {
      en: 'Correct that place and send the request again. Let a JSON library write the body.',
      'zh-CN': '改正该处后重新发送。请求体应由 JSON 库生成。',
    },
  },
  invalid_parameter: {
    titleZh: '请求头或查询参数无效',
    cause: {
      en: 'A header (`Prefer`, `Idempotency-Key`) or a query parameter does not have its form. `field` names it.',
      'zh-CN': '请求头（`Prefer`、`Idempotency-Key`）或查询参数的格式不符。`field` 指出是哪一个。',
    },
    cure: {
      en: 'Send it as `detail` says, or leave it out where it is optional.',
      'zh-CN': '按 `detail` 的说明发送；可选的也可以不发。',
    },
  },
  unauthorized: {
    titleZh: '缺少 API 密钥，或密钥未知',
    cause: {
      en: 'There is no `Authorization: Bearer <key>`, or its key is unknown or revoked.',
      'zh-CN': '没有 `Authorization: Bearer <密钥>`，或其中的密钥未知或已吊销。',
    },
    cure: {
      en: 'Send a key that the acquirer issued. Where it was revoked, ask for another.',
      'zh-CN': '使用收单机构签发的密钥；已吊销的，请申请新的密钥。',
    },
  },
  signature_missing: {
    titleZh: '缺少签名',
    cause: {
      en: 'This key signs its requests, and `Signature-Input` or `Signature` is missing.',
      'zh-CN': '该密钥要求请求签名，而 `Signature-Input` 或 `Signature` 缺失。',
    },
    cure: {
      en: 'Sign it after RFC 9421 with a private key whose public key the acquirer has registered for this API key.',
      'zh-CN': '按 RFC 9421 签名，所用私钥的公钥须已由收单机构为该 API 密钥登记。',
    },
  },
  signature_invalid: {
    titleZh: '签名无效',
    cause: {
      en: 'The signature does not fit the request, does not cover what it must, or names a `keyid` that is not registered.',
      'zh-CN': '签名与请求不符、没有覆盖必需的内容，或 `keyid` 未登记。',
    },
    cure: {
      en:
        'Cover `@method`, `@target-uri`, `content-digest` where there is a body and `idempotency-key` where one is sent; sign ' +
        'the bytes that are sent. `detail` names what is wrong.',
      'zh-CN':
        '覆盖 `@method`、`@target-uri`、有请求体时的 `content-digest`，以及所发送的 `idempotency-key`；按实际发送的字节签名。`detail` 指出问题所在。',
    },
  },
  signature_expired: {
    titleZh: '签名不在有效时间内',
    cause: {
      en: '`created` is more than 300 seconds from now, or `expires` has passed.',
      'zh-CN': '`created` 与当前时间相差超过 300 秒，或 `expires` 已过。',
    },
    cure: {
      en: 'Set the clock of the machine that signs, and sign each request as it is sent.',
      'zh-CN': '校准签名机器的时钟，并在发送时才对请求签名。',
    },
  },
  signature_replayed: {
    titleZh: '签名已被使用',
    cause: {
      en: 'A request was signed with this `nonce` before: this is a copy of it.',
      'zh-CN': '此 `nonce` 已用于先前的请求签名：本次是其副本。',
    },
    cure: {
      en: 'Sign a repeated request anew, with a `nonce` of its own and the same `Idempotency-Key`.',
      'zh-CN': '重发的请求须重新签名，使用新的 `nonce` 和同一个 `Idempotency-Key`。',
    },
  },
  forbidden: {
    titleZh: 'API 密钥无权进行此操作',
    cause: {
      en: 'The key is known and may not do this, as when its merchant is not active.',
      'zh-CN': '密钥有效，但无权进行此操作，例如其商户未启用。',
    },
    cure: {
      en: 'Ask the acquirer, who sees why.',
      'zh-CN': '请联系收单机构，由其查明原因。',
    },
  },
  route_not_found: {
    titleZh: '没有这个路径',
    cause: {
      en: 'Nothing is served at this path.',
      'zh-CN': '该路径下没有任何接口。',
    },
    cure: {
      en: 'Check the path against the reference; every resource begins with `/v1`.',
      'zh-CN': '对照接口文档检查路径；所有资源都以 `/v1` 开头。',
    },
  },
  method_not_allowed: {
    titleZh: '此路径不接受该方法',
    cause: {
      en: 'The path exists and does not take this method.',
      'zh-CN': '路径存在，但不接受该 HTTP 方法。',
    },
    cure: {
      en: 'Use one that the header `Allow` lists.',
      'zh-CN': '使用响应头 `Allow` 所列的方法。',
    },
  },
  request_timeout: {
    titleZh: '请求到达超时',
    cause: {
      en: 'The request did not arrive whole in time, so nothing of it was done.',
      'zh-CN': '请求没有在规定时间内完整到达，因此未作任何处理。',
    },
    cure: { en: 'Send it again, whole.', 'zh-CN': '完整地重新发送。' },
  },
  body_too_large: {
    titleZh: '请求体过大',
    cause: { en: 'The body is larger than 64 KiB.', 'zh-CN': '请求体超过 64 KiB。' },
    cure: {
      en: 'Send less: `metadata` is for references, not for documents.',
      'zh-CN': '减少内容：`metadata` 用于存放引用，而不是文档。',
    },
  },
  unsupported_media_type: {
    titleZh: '不支持的媒体类型',
    cause: {
      en: 'The body is not announced as JSON in UTF-8, or is compressed.',
      'zh-CN': '请求体没有声明为 UTF-8 的 JSON，或经过压缩。',
    },
    cure: {
      en: 'Send `Content-Type: application/json` and no `Content-Encoding`.',
      'zh-CN': '发送 `Content-Type: application/json`，不要使用 `Content-Encoding`。',
    },
  },
  invalid_request: {
    titleZh: '请求无效',
    cause: {
      en: 'A field is missing, is not known, or does not have its form. `errors` lists every one where there are several.',
      'zh-CN': '某个字段缺失、未知或格式不符。有多处时 `errors` 会全部列出。',
    },
    cure: {
      en: 'Correct what `detail` names. Fields that are not in the reference are refused, never dropped in silence.',
      'zh-CN': '改正 `detail` 指出的字段。文档中没有的字段会被拒绝，而不会被悄悄忽略。',
    },
  },
  rate_limited: {
    titleZh: '请求过多',
    cause: {
      en:
        'The key has made as many requests as it may for now, or this address too many without a known key. Nothing of this ' +
        'request was recorded. Cancels have a limit of their own, which payments do not use up.',
      'zh-CN':
        '该密钥的请求数已达上限，或该地址有过多请求未带有效密钥。本次请求没有留下任何记录。撤销有单独的限额，不会被付款用尽。',
    },
    cure: {
      en:
        'Send it again after `Retry-After` seconds, with the same `Idempotency-Key`; `RateLimit` says with every answer what ' +
        'is left. Where it is not enough, ask the acquirer for more.',
      'zh-CN':
        '在 `Retry-After` 秒后用同一个 `Idempotency-Key` 重发；每个应答的 `RateLimit` 都给出剩余数量。限额不够时，请联系收单机构提高。',
    },
  },
  headers_too_large: {
    titleZh: '请求头过大',
    cause: { en: 'The headers are larger than 16 KiB together.', 'zh-CN': '请求头合计超过 16 KiB。' },
    cure: { en: 'Send fewer or shorter ones.', 'zh-CN': '减少或缩短请求头。' },
  },
  internal: {
    titleZh: '内部错误',
    cause: {
      en: 'The gateway failed by a mistake of its own. Whether a `POST` took effect is unknown.',
      'zh-CN': '网关自身出错。`POST` 是否已生效未知。',
    },
    cure: {
      en: 'Repeat it with the same `Idempotency-Key`, or look the order up, before anything else is done. Give the acquirer the `Request-Id`.',
      'zh-CN':
        '先用同一个 `Idempotency-Key` 重发，或按订单号查询，再做其他处理。请把 `Request-Id` 提供给收单机构。',
    },
  },
  unavailable: {
    titleZh: '暂时不可用',
    cause: {
      en: 'The gateway cannot reach its records. Whether a `POST` took effect is unknown.',
      'zh-CN': '网关暂时无法访问其记录。`POST` 是否已生效未知。',
    },
    cure: {
      en: 'Repeat it after `Retry-After` seconds with the same `Idempotency-Key`, or look the order up.',
      'zh-CN': '在 `Retry-After` 秒后用同一个 `Idempotency-Key` 重发，或按订单号查询。',
    },
  },
  overloaded: {
    titleZh: '超出可处理的付款量',
    cause: {
      en: 'The gateway has all the work that it can do. Nothing of this request was recorded.',
      'zh-CN': '网关已满负荷。本次请求没有留下任何记录。',
    },
    cure: {
      en: 'Send it again after `Retry-After` seconds, with the same `Idempotency-Key`.',
      'zh-CN': '在 `Retry-After` 秒后用同一个 `Idempotency-Key` 重发。',
    },
  },
  unknown_merchant: {
    titleZh: '未知商户',
    cause: {
      en: '`merchant_id` is no merchant that this key may act for.',
      'zh-CN': '`merchant_id` 不是该密钥可代表的商户。',
    },
    cure: {
      en: "Send one of the key's own; with a merchant's own key leave it out.",
      'zh-CN': '发送该密钥名下的商户；使用商户自己的密钥时可不发。',
    },
  },
  amount_not_positive: {
    titleZh: '金额不是正数',
    cause: { en: '`amount.value` is zero or negative.', 'zh-CN': '`amount.value` 为零或负数。' },
    cure: {
      en: "Send a positive integer of the currency's minor unit: 1234 is 12.34 yuan.",
      'zh-CN': '发送币种最小单位的正整数：1234 表示 12.34 元。',
    },
  },
  amount_too_large: {
    titleZh: '金额过大',
    cause: {
      en: 'The amount is more than the wallet takes in one payment.',
      'zh-CN': '金额超过钱包单笔可收的上限。',
    },
    cure: { en: 'Split the order, or pay another way.', 'zh-CN': '拆分订单，或改用其他付款方式。' },
  },
  unknown_currency: {
    titleZh: '未知币种',
    cause: {
      en: '`amount.currency` is no ISO 4217 code.',
      'zh-CN': '`amount.currency` 不是 ISO 4217 代码。',
    },
    cure: { en: 'Send one such as `CNY`.', 'zh-CN': '发送如 `CNY` 的代码。' },
  },
  unknown_store: {
    titleZh: '未知门店',
    cause: { en: '`store_id` is no store of this merchant.', 'zh-CN': '`store_id` 不是该商户的门店。' },
    cure: {
      en: 'Send a store that is registered for the merchant, or have it registered.',
      'zh-CN': '发送已为该商户登记的门店，或先登记该门店。',
    },
  },
  order_codes_off: {
    titleZh: '订单码未开通',
    cause: {
      en: 'Anybody who sees an order code can pay it, so order codes are off until the acquirer enables them.',
      'zh-CN': '任何看到订单码的人都可以付款，因此在收单机构开通之前，订单码不可用。',
    },
    cure: {
      en: 'Ask the acquirer to enable them for the scene that needs them, or use `payment_code`.',
      'zh-CN': '请收单机构为所需场景开通，或使用 `payment_code`。',
    },
  },
  payment_code_unknown: {
    titleZh: '付款码不属于任何已知钱包',
    cause: {
      en: 'The code has the form of no wallet that this gateway knows.',
      'zh-CN': '该码不符合本网关已知的任何钱包的格式。',
    },
    cure: {
      en: 'Scan the code that the payer shows for paying, not a transfer or member code.',
      'zh-CN': '请扫描付款人出示的付款码，而不是收款码或会员码。',
    },
  },
  wallet_not_available: {
    titleZh: '钱包不可用',
    cause: {
      en: 'The merchant is not bound to this wallet.',
      'zh-CN': '商户没有绑定该钱包。',
    },
    cure: {
      en: 'Use a wallet that it is bound to, or have the acquirer bind it.',
      'zh-CN': '使用已绑定的钱包，或请收单机构为其绑定。',
    },
  },
  product_not_offered: {
    titleZh: '钱包不提供此产品',
    cause: { en: 'The wallet does not offer this `product`.', 'zh-CN': '该钱包不提供此 `product`。' },
    cure: { en: 'Use another product or another wallet.', 'zh-CN': '换用其他产品或其他钱包。' },
  },
  currency_not_accepted: {
    titleZh: '不接受该币种',
    cause: {
      en: 'No wallet of the merchant takes this currency.',
      'zh-CN': '商户的任何钱包都不接受该币种。',
    },
    cure: {
      en: "Charge in a currency of the merchant's bindings.",
      'zh-CN': '使用商户绑定的币种收款。',
    },
  },
  wallet_ambiguous: {
    titleZh: '可能的钱包不止一个',
    cause: {
      en: 'Several wallets of the merchant could take this payment, and the gateway does not guess.',
      'zh-CN': '商户有多个钱包都能受理这笔付款，网关不作猜测。',
    },
    cure: { en: 'Name one in `wallet`.', 'zh-CN': '在 `wallet` 中指明一个。' },
  },
  amount_not_payable: {
    titleZh: '金额无法精确支付',
    cause: {
      en: 'No money that small circulates in this currency at this wallet.',
      'zh-CN': '该钱包的该币种没有这么小的面额。',
    },
    cure: {
      en: 'Round the amount to the step that `detail` names.',
      'zh-CN': '按 `detail` 指出的单位取整。',
    },
  },
  sub_merchant_missing: {
    titleZh: '商户尚未进件',
    cause: {
      en: 'The merchant has no sub-merchant number at the wallet yet.',
      'zh-CN': '商户在钱包侧还没有子商户号。',
    },
    cure: { en: 'The acquirer completes its onboarding.', 'zh-CN': '由收单机构完成进件。' },
  },
  merchant_category_missing: {
    titleZh: '商户没有类别码',
    cause: {
      en: 'The wallet wants a merchant category (MCC), and neither store nor merchant has one.',
      'zh-CN': '钱包要求商户类别码（MCC），而门店和商户都没有。',
    },
    cure: { en: 'The acquirer sets it.', 'zh-CN': '由收单机构设置。' },
  },
  expiry_out_of_range: {
    titleZh: '有效期超出范围',
    cause: {
      en: '`expires_at` is in the past, or further ahead than the product allows.',
      'zh-CN': '`expires_at` 已过，或超出产品允许的范围。',
    },
    cure: {
      en: 'Send a time within the range that `detail` names, or leave it out.',
      'zh-CN': '发送 `detail` 所示范围内的时间，或不发。',
    },
  },
  wallet_unavailable: {
    titleZh: '钱包没有应答',
    cause: {
      en: 'The wallet has not answered for a while, so no new payment is begun. Nothing was recorded.',
      'zh-CN': '钱包已有一段时间没有应答，因此不再发起新的付款。没有留下任何记录。',
    },
    cure: {
      en: 'Send it again after `Retry-After` seconds, or let the payer pay another way.',
      'zh-CN': '在 `Retry-After` 秒后重发，或请付款人改用其他方式。',
    },
  },
  idempotency_key_reused: {
    titleZh: '幂等键属于另一个请求',
    cause: {
      en: 'The same `Idempotency-Key` came with another request before.',
      'zh-CN': '同一个 `Idempotency-Key` 曾用于内容不同的请求。',
    },
    cure: {
      en: 'Repeat the first request unchanged, or use a new key for a new request.',
      'zh-CN': '原样重发第一个请求，或为新请求使用新的键。',
    },
  },
  order_already_paid: {
    titleZh: '订单已支付',
    cause: {
      en: 'The order has a payment that succeeded; `payment_id` names it.',
      'zh-CN': '该订单已有成功的付款，见 `payment_id`。',
    },
    cure: {
      en: 'Take the order as paid. A new sale needs a new order number.',
      'zh-CN': '按已支付处理。新的交易请使用新的订单号。',
    },
  },
  order_has_open_payment: {
    titleZh: '订单有未完结的付款',
    cause: {
      en: 'An earlier attempt may still be paid: `payment_id` names it, `retry_at` says until when.',
      'zh-CN': '先前的一次付款仍有可能成功：见 `payment_id`；`retry_at` 为截止时间。',
    },
    cure: {
      en: 'Wait for its result or cancel it; until `retry_at` use a new order number.',
      'zh-CN': '等待其结果，或将其撤销；在 `retry_at` 之前请使用新的订单号。',
    },
  },
  order_repeated: {
    titleZh: '未带幂等键的重复订单',
    cause: {
      en: 'The order has an ended attempt, and this request has no `Idempotency-Key`: a late copy must never charge again.',
      'zh-CN': '该订单已有一次完结的付款，而本请求没有 `Idempotency-Key`：迟到的副本绝不能再次扣款。',
    },
    cure: {
      en: 'Send an `Idempotency-Key` to start another attempt, or use a new order number.',
      'zh-CN': '带上 `Idempotency-Key` 以发起新的付款，或使用新的订单号。',
    },
  },
  payment_not_found: {
    titleZh: '找不到付款',
    cause: {
      en: 'No payment of this id is known to this key.',
      'zh-CN': '该密钥下没有此编号的付款。',
    },
    cure: {
      en: 'Check the id, or look it up by `merchant_order_no`. Cancel by `payment_request_id` what was answered once and is gone.',
      'zh-CN':
        '检查编号，或按 `merchant_order_no` 查询。曾有应答而现在找不到的，按 `payment_request_id` 撤销。',
    },
  },
  refund_not_found: {
    titleZh: '找不到退款',
    cause: { en: 'No refund of this id is known to this key.', 'zh-CN': '该密钥下没有此编号的退款。' },
    cure: { en: "Check the id, or list the payment's refunds.", 'zh-CN': '检查编号，或列出该付款的退款。' },
  },
  payment_not_refundable: {
    titleZh: '付款不可退款',
    cause: {
      en: 'The payment has not succeeded, or it is being cancelled.',
      'zh-CN': '付款尚未成功，或正在撤销。',
    },
    cure: {
      en: 'Refund after it has succeeded; cancel what is still open.',
      'zh-CN': '成功之后再退款；未完结的请撤销。',
    },
  },
  refund_currency_mismatch: {
    titleZh: '退款币种不同',
    cause: {
      en: 'The refund is of another currency than its payment.',
      'zh-CN': '退款币种与原付款不同。',
    },
    cure: { en: "Send the payment's currency.", 'zh-CN': '使用原付款的币种。' },
  },
  refund_exceeds_remaining: {
    titleZh: '退款超过剩余金额',
    cause: {
      en: 'The amount is more than what is left to refund; `remaining` says how much that is.',
      'zh-CN': '金额超过剩余可退金额，剩余金额见 `remaining`。',
    },
    cure: { en: 'Refund at most `remaining`.', 'zh-CN': '退款金额不得超过 `remaining`。' },
  },
  refund_no_reused: {
    titleZh: '退款号属于另一笔退款',
    cause: {
      en: 'The same `merchant_refund_no` came with another refund before.',
      'zh-CN': '同一个 `merchant_refund_no` 曾用于另一笔退款。',
    },
    cure: {
      en: 'Repeat the first one unchanged, or use a new number for a new refund.',
      'zh-CN': '原样重发第一笔，或为新的退款使用新的编号。',
    },
  },
} as const satisfies Record<ProblemCode, ProblemEntry>;

/** The codes by status, and in the order of the catalogue where the status is the same. */
export function problemCodesByStatus(): readonly ProblemCode[] {
  return Object.entries(problemStatuses)
    .toSorted(([, a], [, b]) => a - b)
    .map(([code]) => code as ProblemCode);
}
