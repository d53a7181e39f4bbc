import type { Language } from '../../../cashier/languages.ts';

/** What the reference says around the description. */
export interface DocsTexts {
  readonly ownName: string;
  readonly title: string;
  readonly problemsTitle: string;
  readonly lead: string;
  readonly rules: readonly string[];
  readonly problemsLead: string;
  readonly contents: string;
  readonly document: string;
  readonly deliveries: string;
  readonly deliveriesLead: string;
  readonly keyLabel: string;
  readonly keyHint: string;
  readonly noScript: string;
  readonly parameters: string;
  readonly body: string;
  readonly answers: string;
  readonly fields: string;
  readonly required: string;
  readonly tryIt: string;
  readonly example: string;
  readonly send: string;
  readonly sending: string;
  readonly copy: string;
  readonly copied: string;
  readonly keyMissing: string;
  readonly noAnswer: string;
  readonly cause: string;
  readonly cure: string;
  readonly transient: string;
  readonly notTransient: string;
}

const english: DocsTexts = {
  ownName: 'English',
  title: 'API reference',
  problemsTitle: 'Problems',
  lead: 'Payments that end the same for payer, wallet, acquirer and merchant: paid once or not at all.',
  rules: [
    'Every request carries `Authorization: Bearer <key>`.',
    "Amounts are integers of the currency's minor unit: 1234 CNY is 12.34 yuan.",
    '`Prefer: wait=N` says how long a request waits for a final state; `202` means that it is still processing.',
    'With an `Idempotency-Key` a request is safe to repeat. An unanswered one is unknown, never failed: repeat it, look it up, or cancel it.',
    '`/v1` only ever grows. Take unknown fields, codes and events for news, not for faults.',
  ],
  problemsLead:
    'Whatever is refused is answered with a problem (RFC 9457). `code` is stable and for programs, `detail` names the field, the value and the next step.',
  contents: 'Contents',
  document: 'OpenAPI 3.1 document',
  deliveries: 'Deliveries',
  deliveriesLead:
    "Sent to the merchant's endpoint for each final status, signed after the Standard Webhooks specification. Any 2xx acknowledges one.",
  keyLabel: 'API key for the examples',
  keyHint:
    'It is kept in this page’s memory alone, is sent to this gateway alone, and is gone when the page is.',
  noScript: 'The examples are sent by JavaScript, which this browser does not run.',
  parameters: 'Parameters',
  body: 'Body',
  answers: 'Answers',
  fields: 'Fields',
  required: 'required',
  tryIt: 'Try it',
  example: 'Example',
  send: 'Send',
  sending: 'Waiting for the answer…',
  copy: 'Copy',
  copied: 'Copied',
  keyMissing: 'Enter an API key at the top of the page first.',
  noAnswer: 'No answer came. Whether the request took effect is unknown: look before it is sent again.',
  cause: 'Cause',
  cure: 'What to do',
  transient: 'The very same request could be accepted later.',
  notTransient: 'The very same request will be refused again.',
};

const chinese: DocsTexts = {
  ownName: '简体中文',
  title: 'API 文档',
  problemsTitle: '错误码',
  lead: '对付款人、钱包、收单机构和商户，每笔付款的结果都一致：只付一次，或完全未付。',
  rules: [
    '每个请求都带 `Authorization: Bearer <密钥>`。',
    '金额是币种最小单位的整数：1234 CNY 即 12.34 元。',
    '`Prefer: wait=N` 指定请求等待最终状态的时间；`202` 表示仍在处理。',
    '带 `Idempotency-Key` 的请求可以安全重发。没有应答即为未知，而不是失败：请重发、查询或撤销。',
    '`/v1` 只增不减。遇到未知的字段、代码和事件，请按一般消息处理，而不是当作错误。',
  ],
  problemsLead:
    '凡被拒绝的请求都以错误文档（RFC 9457）应答。`code` 稳定不变，供程序使用；`detail` 指出字段、取值和下一步。',
  contents: '目录',
  document: 'OpenAPI 3.1 文档',
  deliveries: '通知推送',
  deliveriesLead: '每个最终状态都会推送到商户的地址，按 Standard Webhooks 规范签名。任何 2xx 应答即为确认。',
  keyLabel: '用于示例的 API 密钥',
  keyHint: '密钥只保存在本页内存中，只发送给本网关，关闭页面即消失。',
  noScript: '示例由 JavaScript 发送，而此浏览器未运行 JavaScript。',
  parameters: '参数',
  body: '请求体',
  answers: '应答',
  fields: '字段',
  required: '必填',
  tryIt: '试一试',
  example: '示例',
  send: '发送',
  sending: '正在等待应答…',
  copy: '复制',
  copied: '已复制',
  keyMissing: '请先在页面顶部输入 API 密钥。',
  noAnswer: '没有收到应答。请求是否已生效未知：重新发送前请先查询。',
  cause: '原因',
  cure: '处理方法',
  transient: '同样的请求以后可能会被接受。',
  notTransient: '同样的请求仍会被拒绝。',
};

export function docsTexts(language: Language): DocsTexts {
  switch (language) {
    case 'en':
      return english;
    case 'zh-CN':
      return chinese;
    default:
      return language satisfies never;
  }
}
