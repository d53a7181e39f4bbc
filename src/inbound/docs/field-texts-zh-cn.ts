/** What the description says of fields, parameters and answers, in Chinese, by its English words. */
export const fieldTextsZhCn: { readonly [english: string]: string } = {
  'an amount of money': '一笔金额',
  'an ISO 4217 code': 'ISO 4217 币种代码',
  "in the currency's minor unit: 1234 CNY is 12.34 yuan": '以币种最小单位计：1234 CNY 即 12.34 元',
  'what waits for a person at the acquirer; the gateway goes on meanwhile':
    '需要收单机构人工查看的事项；网关同时继续处理',
  'what a person at the acquirer has to look at': '收单机构人员需要查看什么',
  'since when': '自何时起',
  'held: no payment was open or paid, and the cancel holds for one that may still arrive':
    'held：没有未完结或已付的付款，撤销对之后可能到达的付款有效',
  'the order that it names': '所指的订单',
  'the payment that it names': '所指的付款',
  'the payment, where one is known': '付款（如已知）',
  'what has become of a held cancel at each wallet that may have the payment':
    '保留的撤销在每个可能持有该付款的钱包处的结果',
  'the wallet that was asked': '所询问的钱包',
  'what has become of the cancel there': '撤销在该处的结果',
  'how it was undone there': '在该处如何撤销',
  'the wallet has shown that it knows the payment': '钱包已表明知道该付款',
  "its amount, by the wallet's word": '金额，以钱包所述为准',
  'what the gateway does next, and when': '网关下一步做什么，以及何时做',
  'what to do now': '现在该做什么',
  "a merchant's id, 1 to 32 digits and letters": '商户编号，1 至 32 位数字和字母',
  "the merchant's order number, 1 to 32 printable ASCII characters without spaces":
    '商户订单号，1 至 32 个不含空格的可打印 ASCII 字符',
  'the payment_request_id that the payment showed': '付款中所示的 payment_request_id',
  'why it failed': '失败原因',
  "the gateway's own stable code": '网关自己的稳定代码',
  "the wallet's code, where the wallet said no": '钱包的代码（由钱包拒绝时）',
  'what happened, in a sentence': '一句话说明发生了什么',
  'the path of the field, or the name of the header or parameter': '字段路径，或请求头、参数的名称',
  'what was sent, shortened; never a payment code or a secret': '所发送的值（截短）；绝不含付款码或密钥',
  'a sentence that names the field, the value and the next step': '一句话，指出字段、取值和下一步',
  'what the gateway does next by itself': '网关接下来自行做什么',
  when: '何时',
  'the id under which the payment is looked at, cancelled and refunded': '用于查询、撤销和退款的付款编号',
  'its id at the wallet; names it in POST /v1/cancels': '在钱包处的编号；可用于 POST /v1/cancels',
  'whose payment it is': '所属商户',
  "the merchant's order number": '商户订单号',
  'how the payer pays': '付款方式',
  'cancelled never turns into succeeded: money that comes late is given back':
    'cancelled 绝不会变为 succeeded：迟到的款项会退回',
  'the wallet that is asked for the money': '向其收款的钱包',
  "the wallet's own number, once it has told it": '钱包自己的交易号（告知之后）',
  'the code to show, for product order_code once it is issued; show it only while status is processing':
    '待出示的码，仅用于 order_code 且已签发时；只在 status 为 processing 时出示',
  'what the QR shows': '二维码的内容',
  'until when it can be paid': '可付款的截止时间',
  'the store': '门店',
  'the terminal': '终端',
  'what is sold, as the payer reads it': '付款人看到的商品说明',
  'why it failed, for status failed': '失败原因（status 为 failed 时）',
  'how a cancelled payment was undone': '付款以何种方式撤销',
  'the wallet waits for the payer, as for a password': '钱包正在等待付款人，例如输入密码',
  "the merchant's own words, as they were sent": '商户自己的附加内容，原样返回',
  "when the payer paid, by the wallet's word": '付款时间，以钱包所述为准',
  'when the wallet stops taking the money': '钱包停止收款的时间',
  'grows with every change; of two snapshots the higher one is the newer':
    '每次变化都增大；两份快照中较大的较新',
  'when it was accepted': '受理时间',
  'when it last changed': '最后变化时间',
  'the same id is the same event, however often it comes': '编号相同即为同一事件，无论推送几次',
  'what happened': '发生了什么',
  'when it happened': '发生时间',
  'the version of the payment or refund; there is no promise of order': '付款或退款的版本；不保证推送顺序',
  'the whole state of the moment it is sent': '发送时的完整状态',
  'an object such as {"currency": "CNY", "value": 1234}, in minor units':
    '对象，如 {"currency": "CNY", "value": 1234}，以最小单位计',
  'an ISO 4217 code in capitals, such as "CNY"': '大写的 ISO 4217 币种代码，如 "CNY"',
  "a JSON integer of the currency's minor unit from 1 to 9007199254740991, without fraction, exponent or quotes":
    '币种最小单位的 JSON 整数，1 至 9007199254740991，不带小数、指数或引号',
  'one of payment_code, order_code; payments of an entry code begin on its page':
    'payment_code 或 order_code；入口码的付款从其页面开始',
  "the code that the payer's wallet shows, 1 to 128 digits or letters, as a string":
    '付款人钱包出示的付款码，1 至 128 位数字或字母的字符串',
  "the store's id, 1 to 32 digits and letters": '门店编号，1 至 32 位数字和字母',
  "the terminal's id, 1 to 8 digits and letters": '终端编号，1 至 8 位数字和字母',
  'what is sold, as the payer shall read it: 1 to 256 characters, no control characters':
    '付款人将看到的商品说明：1 至 256 个字符，不含控制字符',
  'one of alipay_open, alipay_plus, or leave it out': 'alipay_open 或 alipay_plus，也可不发',
  'an RFC 3339 time with its offset, such as "2026-07-01T12:00:00+08:00"':
    '带时区的 RFC 3339 时间，如 "2026-07-01T12:00:00+08:00"',
  'an absolute http or https URL of at most 512 characters': '完整的 http 或 https 地址，最多 512 个字符',
  'an object of at most 20 strings by keys of 1 to 40 characters':
    '最多 20 项的对象，键为 1 至 40 个字符，值为字符串',
  'a string of at most 500 characters': '最多 500 个字符的字符串',
  'the id under which the refund is looked at': '用于查询的退款编号',
  'its id at the wallet': '在钱包处的编号',
  'the payment that it gives back': '所退的付款',
  'whose refund it is': '所属商户',
  "the merchant's own refund number, where it sent one": '商户自己的退款号（如有发送）',
  'what has become of it': '结果',
  'why, as it was sent': '原因，原样返回',
  'why, in 1 to 256 characters, no control characters': '原因，1 至 256 个字符，不含控制字符',
  "the merchant's refund number, 1 to 64 printable ASCII characters without spaces":
    '商户退款号，1 至 64 个不含空格的可打印 ASCII 字符',
  'what happened, in the past tense': '发生了什么（过去式）',
  'the version of the payment that it made': '由此产生的付款版本',
  'what belongs to it; differs from type to type': '相关内容，因类型而异',
  'Makes the request safe to repeat: the same key is answered with what has become of the first request, the same key with another body is 409. Kept for at least 30 days. Without it a repeated order is 409.':
    '使请求可以安全重发：同一个键会以第一个请求的结果应答，同一个键而内容不同则为 409。至少保留 30 天。没有此键的重复订单为 409。',
  '`wait=N` holds the answer until the state is final, for N seconds at most (0 to 120; 30 unless it is named). Other preferences are passed over.':
    '`wait=N` 等到状态最终确定再应答，最多 N 秒（0 至 120，默认 30）。其他偏好不予理会。',
  '`wait=N` holds the answer until the state is final, for N seconds at most (0 to 120; 0 unless it is named). Other preferences are passed over.':
    '`wait=N` 等到状态最终确定再应答，最多 N 秒（0 至 120，默认 0）。其他偏好不予理会。',
  'where the next page begins; null on the last one': '下一页的起点；最后一页为 null',
  'the id of a payment, `pay_…`': '付款编号，`pay_…`',
  'the id of a refund, `re_…`': '退款编号，`re_…`',
  'Taken and not needed: repeating the request changes nothing.':
    '可以发送但不需要：重复请求不会产生其他影响。',
  'the id of the event': '事件编号',
  'when it was sent, in seconds since 1970': '发送时间，自 1970 年起的秒数',
  'after the Standard Webhooks specification, with the secret of the endpoint':
    '按 Standard Webhooks 规范，用该地址的密钥签名',
  'The payment has ended: `status` says how.': '付款已完结：结果见 `status`。',
  'It goes on: `next_step` says with what, and when. Look again, or wait for the delivery.':
    '仍在处理：`next_step` 说明下一步及其时间。请再次查询，或等待推送。',
  'The attempts; none for an order that nobody has seen.': '各次付款；从未见过的订单为空。',
  'The payment as it stands.': '付款的当前状态。',
  'The payment as the cancel has left it.': '撤销之后的付款。',
  'The cancel is accepted and goes on until the wallet has done it; nothing has to be repeated.':
    '撤销已受理，并将持续到钱包完成为止；无需重复请求。',
  'The timeline.': '时间线。',
  '`applied` to a payment, or `held` for one that may still arrive.':
    '`applied`：已用于付款；`held`：为之后可能到达的付款保留。',
  'The refund has ended: `status` says how.': '退款已完结：结果见 `status`。',
  'The refund is accepted and goes on; nothing has to be repeated.': '退款已受理，仍在进行；无需重复请求。',
  'The refunds.': '退款列表。',
  'The refund as it stands.': '退款的当前状态。',
};
