/*
 * A wallet's answer as people may read it without further ado. What is shown is named here, whatever else a wallet writes is
 * not: payment codes, buyers' ids and names, signatures, and members that nobody has heard of yet. The bytes as they came
 * are another matter: asking for them is logged.
 */

/** Members of both wallets' answers that name payments and refunds, say what became of them, or of how much. */
const shownAsTheyAre: ReadonlySet<string> = new Set([
  'code',
  'sub_code',
  'out_trade_no',
  'trade_no',
  'out_request_no',
  'trade_status',
  'refund_status',
  'action',
  'retry_flag',
  'fund_change',
  'total_amount',
  'receipt_amount',
  'refund_fee',
  'refund_amount',
  'send_back_fee',
  'gmt_payment',
  'send_pay_date',
  'gmt_refund_pay',
  'resultCode',
  'resultStatus',
  'paymentRequestId',
  'paymentId',
  'paymentStatus',
  'paymentTime',
  'refundRequestId',
  'refundId',
  'refundStatus',
  'refundTime',
  'cancelTime',
  'currency',
  'value',
]);

/** Members in the wallet's own words: what looks like a number or an address of somebody's is masked in them. */
const shownAsWords: ReadonlySet<string> = new Set(['msg', 'sub_msg', 'resultMessage']);

const mask = '…';
/** Longest text of an answer that is no JSON: a proxy's page says what it is at its beginning. */
const unreadableMax = 500;

/** On one line. What is no JSON is shown by its beginning. RES-19. */
export function maskedAnswer(raw: Uint8Array): string {
  const text = Buffer.from(raw).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return maskedText(text).slice(0, unreadableMax);
  }
  return JSON.stringify(masked(value, null));
}

function masked(value: unknown, name: string | null): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((item) => masked(item, name));
  if (typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([member, inner]) => [member, masked(inner, member)]),
    );
  }
  if (name !== null && shownAsTheyAre.has(name)) return value;
  if (name !== null && shownAsWords.has(name)) return typeof value === 'string' ? maskedWords(value) : value;
  return mask;
}

/** JSON that was cut off, or no JSON at all. */
function maskedText(text: string): string {
  const members = /("(\w+)\\?"\s*:\s*\\?")((?:[^"\\]|\\(?!").)*)/g;
  const named = text.replace(members, (_, before: string, name: string, value: string) =>
    shownAsTheyAre.has(name) || shownAsWords.has(name) ? before + value : before + mask,
  );
  return maskedWords(named);
}

/** Payment codes, ids and telephone numbers are long numbers, some of them masked in their middle already. */
function maskedWords(text: string): string {
  return text.replace(/[\w.+-]+@[\w-]+\.[\w.-]+|\d[\d*]{5,}\d/g, mask);
}
