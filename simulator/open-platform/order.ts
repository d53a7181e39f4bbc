import type { App } from '../apps.ts';
import type { JsonObject } from '../json.ts';
import { refused } from './answers.ts';
import { optionalAmount, optionalObject, optionalText, outTradeNoOf, requiredText } from './biz-content.ts';
import { nextChinaMidnight, parseChinaTime } from './china-time.ts';

/** What pay, create and precreate have in common: the order that is to be paid. Amounts are fen. */
export interface Order {
  readonly outTradeNo: string;
  readonly amountMinor: bigint;
  readonly subject: string;
  readonly body: string | null;
  readonly smid: string;
  readonly storeId: string;
  readonly terminalId: string;
  readonly merchantOrderNo: string | null;
  readonly expiry: Expiry;
}

/** When an unpaid trade closes. A point in time wins over a span from the trade's creation. */
export type Expiry =
  | { readonly kind: 'at'; readonly atMs: number }
  | { readonly kind: 'after'; readonly spanMs: number }
  | { readonly kind: 'midnight' }
  | { readonly kind: 'default' };

const minuteMs = 60_000;
const unitsMs = { m: minuteMs, h: 60 * minuteMs, d: 1440 * minuteMs } as const;
const maxSpanMs = 15 * unitsMs.d;

/** When a trade made at `createdAtMs` closes unpaid; `defaultMs` applies when the order does not say. */
export function deadlineOf(expiry: Expiry, createdAtMs: number, defaultMs: number): number {
  switch (expiry.kind) {
    case 'at':
      return expiry.atMs;
    case 'after':
      return createdAtMs + expiry.spanMs;
    case 'midnight':
      return nextChinaMidnight(createdAtMs);
    case 'default':
      return createdAtMs + defaultMs;
    default:
      return expiry satisfies never;
  }
}

/** `90m`, `2h`, `1d` (1 minute to 15 days, no decimals) or `1c`: closes at midnight, whenever created. */
export function expressOf(biz: JsonObject, name: string): Expiry {
  const text = optionalText(biz, name, 6);
  if (text === null) return { kind: 'default' };
  if (text === '1c') return { kind: 'midnight' };
  const match = /^([1-9]\d{0,4})([mhd])$/.exec(text);
  const spanMs = match === null ? 0 : Number(match[1]) * unitsMs[match[2] as keyof typeof unitsMs];
  if (spanMs === 0 || spanMs > maxSpanMs) throw refused('ACQ.INVALID_PARAMETER', `${name} 格式错误`);
  return { kind: 'after', spanMs };
}

function expiryOf(biz: JsonObject): Expiry {
  const express = expressOf(biz, 'timeout_express');
  const text = optionalText(biz, 'time_expire', 32);
  if (text === null) return express;
  const atMs = parseChinaTime(text);
  if (atMs === null) throw refused('ACQ.INVALID_PARAMETER', 'time_expire 格式错误');
  return { kind: 'at', atMs };
}

/**
 * Reads and checks an order. Indirect acquiring: `sub_merchant.merchant_id` must be a merchant onboarded under the app,
 * `store_id` and `terminal_id` must be there. Refusals: ACQ.INVALID_PARAMETER, ACQ.TOTAL_FEE_EXCEED,
 * ACQ.SUB_GOODS_SIZE_MAX_COUNT.
 */
export function readOrder(biz: JsonObject, app: App): Order {
  const order = {
    outTradeNo: outTradeNoOf(biz),
    amountMinor: totalOf(biz),
    subject: requiredText(biz, 'subject', 256),
    body: optionalText(biz, 'body', 128),
    smid: smidOf(biz, app),
    storeId: placeOf(biz, 'store_id'),
    terminalId: placeOf(biz, 'terminal_id'),
    merchantOrderNo: optionalText(biz, 'merchant_order_no', 32),
    expiry: expiryOf(biz),
  };
  checkSeller(biz, app);
  checkGoods(biz);
  checkInstalments(biz, order.amountMinor);
  optionalText(biz, 'operator_id', 28);
  if (biz['enable_pay_channels'] !== undefined && biz['disable_pay_channels'] !== undefined) {
    throw refused('ACQ.INVALID_PARAMETER', 'enable_pay_channels 与 disable_pay_channels 互斥');
  }
  return order;
}

/** The total; when it is left out, the sum of its discountable and undiscountable parts. */
function totalOf(biz: JsonObject): bigint {
  const total = optionalAmount(biz, 'total_amount');
  const discountable = optionalAmount(biz, 'discountable_amount');
  const undiscountable = optionalAmount(biz, 'undiscountable_amount');
  const parts = discountable === null || undiscountable === null ? null : discountable + undiscountable;
  const amount = total ?? parts;
  if (amount === null) throw refused('ACQ.INVALID_PARAMETER', 'total_amount 不能为空');
  if (amount <= 0n || amount > 10_000_000_000n) throw refused('ACQ.TOTAL_FEE_EXCEED');
  const exceeds = (discountable ?? 0n) > amount || (undiscountable ?? 0n) > amount;
  if (exceeds || (parts !== null && parts !== amount)) {
    throw refused(
      'ACQ.INVALID_PARAMETER',
      'total_amount 与 discountable_amount、undiscountable_amount 不一致',
    );
  }
  return amount;
}

function smidOf(biz: JsonObject, app: App): string {
  const merchant = optionalObject(biz, 'sub_merchant');
  const smid = merchant === null ? null : optionalText(merchant, 'merchant_id', 20);
  if (smid === null) throw refused('ACQ.INVALID_PARAMETER', 'sub_merchant.merchant_id 不能为空');
  if (!app.smids.includes(smid))
    throw refused('ACQ.INVALID_PARAMETER', `sub_merchant.merchant_id ${smid} 未入驻`);
  return smid;
}

function placeOf(biz: JsonObject, name: 'store_id' | 'terminal_id'): string {
  const text = requiredText(biz, name, 32);
  if (!/^[\x21-\x7e]+$/.test(text)) throw refused('ACQ.INVALID_PARAMETER', `${name} 不能包含中文或空格`);
  return text;
}

function checkSeller(biz: JsonObject, app: App): void {
  const seller = optionalText(biz, 'seller_id', 28);
  if (seller !== null && seller !== app.pid)
    throw refused('ACQ.INVALID_PARAMETER', 'seller_id 与签约 PID 不一致');
}

function checkGoods(biz: JsonObject): void {
  const goods = biz['goods_detail'] ?? [];
  if (!Array.isArray(goods)) throw refused('ACQ.INVALID_PARAMETER', 'goods_detail 类型错误');
  if (goods.length > 150) throw refused('ACQ.SUB_GOODS_SIZE_MAX_COUNT');
}

/** Huabei instalments: 3, 6 or 12, the fee wholly with buyer or merchant, from 100.00 yuan on. */
function checkInstalments(biz: JsonObject, amountMinor: bigint): void {
  const extend = optionalObject(biz, 'extend_params');
  if (extend === null) return;
  const count = optionalText(extend, 'hb_fq_num', 5);
  const percent = optionalText(extend, 'hb_fq_seller_percent', 3);
  if (count === null && percent === null) return;
  const isPlan = ['3', '6', '12'].includes(count ?? '') && ['0', '100'].includes(percent ?? '');
  if (!isPlan || amountMinor < 10_000n) throw refused('ACQ.INVALID_PARAMETER', '花呗分期参数无效');
}
