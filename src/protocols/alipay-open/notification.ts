import type { KeyObject } from 'node:crypto';
import type { Money } from '../../domain/money.ts';
import { type Charset, decodeText, encodeText, readCharset } from './charset.ts';
import { type FormFields, printForm, readForm } from './form.ts';
import { type FundBill, readFundBills } from './fund-bills.ts';
import { readSignType, type SignType, signContent, signingContent, verifyContent } from './signature.ts';
import { type Unreadable, unreadable } from './unreadable.ts';
import { readWireTime } from './wire-time.ts';
import { readYuan } from './yuan.ts';

/**
 * Which fields a notification's signature covers. `v1`, used for trades: all but `sign` and `sign_type`.
 * `v2`, used for life-account messages: all but `sign`.
 */
export type NotificationRule = 'v1' | 'v2';

/** A notification as received, its signature not yet looked at. */
export interface Notification {
  readonly kind: 'notification';
  readonly charset: Charset;
  readonly signType: SignType;
  readonly sign: string;
  /** Every field as text, decoded once. */
  readonly texts: ReadonlyMap<string, string>;
  readonly fields: FormFields;
}

/** Reads the body of a notification. Fields that nobody knows are kept: they are signed too. */
export function readNotification(body: Uint8Array): Notification | Unreadable {
  const form = readForm(body);
  if (form.kind === 'unreadable') return form;
  const named = (name: string) => Buffer.from(form.fields.get(name) ?? []).toString('latin1');

  const charset = readCharset(named('charset') === '' ? 'utf-8' : named('charset'));
  if (charset === null) return unreadable('an unknown charset');
  const signType = readSignType(named('sign_type') === '' ? 'RSA2' : named('sign_type'));
  if (signType === null) return unreadable('an unknown sign_type');
  const sign = named('sign');
  if (sign === '') return unreadable('no signature');
  const texts = new Map<string, string>();
  for (const [name, bytes] of form.fields) {
    const text = decodeText(charset, bytes);
    if (text === null) return unreadable(`${JSON.stringify(name.slice(0, 40))} is not ${charset}`);
    texts.set(name, text);
  }
  return { kind: 'notification', charset, signType, sign, texts, fields: form.fields };
}

/**
 * Whether the platform signed this notification, over the fields that arrived, whichever they are. An empty field
 * should not occur; libraries disagree on whether it is part of the content, so both readings are tried.
 * `signType` is the account's: `sign_type` itself is unsigned here and must not be able to weaken it. Rule NOT-01.
 *
 * What is signed does not say where a value ends: `a=1&b=2` may be two fields, or one of the value `1&b=2`. So that
 * nobody can take a signed notification apart otherwise, one that could be is not believed, whoever made it.
 */
export function verifyNotification(
  notification: Notification,
  key: KeyObject,
  signType: SignType,
  rule: NotificationRule = 'v1',
): boolean {
  const { fields, sign } = notification;
  if (notification.signType !== signType || isAmbiguous(fields)) return false;
  const readings = [...fields.values()].some((value) => value.length === 0) ? [true, false] : [false];
  return readings.some((keepEmpty) =>
    verifyContent(signingContent(fields, leftOut[rule], keepEmpty), sign, key, signType),
  );
}

function isAmbiguous(fields: FormFields): boolean {
  for (const [name, value] of fields) {
    if (!/^\w+$/.test(name) || /&\w+=/.test(Buffer.from(value).toString('latin1'))) return true;
  }
  return false;
}

const leftOut = { v1: ['sign', 'sign_type'], v2: ['sign'] } as const;

export interface NotificationSigner {
  readonly key: KeyObject;
  readonly signType: SignType;
  readonly charset: Charset;
}

/**
 * A signed notification as the platform sends one: empty fields omitted, `charset`, `sign_type` and `sign` added.
 * `null` when the charset cannot write a value.
 */
export function printNotification(
  values: Readonly<Record<string, string>>,
  signer: NotificationSigner,
): string | null {
  const fields = new Map<string, Uint8Array>();
  for (const [name, value] of Object.entries({ ...values, charset: signer.charset })) {
    const bytes = encodeText(signer.charset, value);
    if (bytes === null) return null;
    if (bytes.length > 0) fields.set(name, bytes);
  }
  const sign = signContent(signingContent(fields, leftOut.v1), signer.key, signer.signType);
  fields.set('sign_type', Buffer.from(signer.signType));
  fields.set('sign', Buffer.from(sign));
  return printForm(fields);
}

export type TradeStatus = 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_CLOSED' | 'TRADE_FINISHED';

/** What a trade notification says. Evidence only once its signature is verified. */
export interface TradeNotification {
  /** The same in every repeat of one notification. */
  readonly notifyId: string | null;
  readonly notifyType: string | null;
  readonly appId: string | null;
  readonly authAppId: string | null;
  readonly sellerId: string | null;
  readonly outTradeNo: string | null;
  readonly tradeNo: string | null;
  /** Our refund's number, when the notification tells of a refund. */
  readonly outBizNo: string | null;
  /** `null` for a status that the platform has not documented. */
  readonly tradeStatus: TradeStatus | null;
  readonly totalAmount: Money | null;
  readonly receiptAmount: Money | null;
  /** All that has been given back so far. */
  readonly refundedTotal: Money | null;
  readonly paidAt: Date | null;
  readonly refundedAt: Date | null;
  readonly closedAt: Date | null;
  readonly fundBills: readonly FundBill[];
}

export function readTradeNotification(notification: Notification): TradeNotification {
  const text = (name: string) => notification.texts.get(name) || null;
  const yuan = (name: string) => readYuan(text(name) ?? '');
  const time = (name: string) => readWireTime(text(name) ?? '');
  return {
    notifyId: text('notify_id'),
    notifyType: text('notify_type'),
    appId: text('app_id'),
    authAppId: text('auth_app_id'),
    sellerId: text('seller_id'),
    outTradeNo: text('out_trade_no'),
    tradeNo: text('trade_no'),
    outBizNo: text('out_biz_no'),
    tradeStatus: readTradeStatus(text('trade_status')),
    totalAmount: yuan('total_amount'),
    receiptAmount: yuan('receipt_amount'),
    refundedTotal: yuan('refund_fee'),
    paidAt: time('gmt_payment'),
    refundedAt: time('gmt_refund'),
    closedAt: time('gmt_close'),
    fundBills: readFundBills(text('fund_bill_list')),
  };
}

/** A trade's status at the platform; `null` for one that the platform has not documented. */
export function readTradeStatus(text: string | null): TradeStatus | null {
  switch (text) {
    case 'WAIT_BUYER_PAY':
    case 'TRADE_SUCCESS':
    case 'TRADE_CLOSED':
    case 'TRADE_FINISHED':
      return text;
    default:
      return null;
  }
}
