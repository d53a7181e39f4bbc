import { isJsonObject, type JsonObject } from '../json.ts';
import { refused } from './answers.ts';
import { fenOfYuan } from './yuan.ts';

/** Reading members of `biz_content`. Everything here refuses with ACQ.INVALID_PARAMETER unless said otherwise. */

const maxFen = 10_000_000_000n;

/** A text, or `null` when absent or empty. Numbers are taken as their text, as the real gateway does. */
export function optionalText(biz: JsonObject, name: string, max: number): string | null {
  const value = biz[name];
  if (value === undefined || value === null || value === '') return null;
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') throw refused('ACQ.INVALID_PARAMETER', `${name} 类型错误`);
  if (text.length > max) throw refused('ACQ.INVALID_PARAMETER', `${name} 长度超过 ${max}`);
  return text;
}

export function requiredText(biz: JsonObject, name: string, max: number): string {
  const text = optionalText(biz, name, max);
  if (text === null) throw refused('ACQ.INVALID_PARAMETER', `${name} 不能为空`);
  return text;
}

export function optionalObject(biz: JsonObject, name: string): JsonObject | null {
  const value = biz[name];
  if (value === undefined || value === null) return null;
  if (!isJsonObject(value)) throw refused('ACQ.INVALID_PARAMETER', `${name} 类型错误`);
  return value;
}

/** Fen of a yuan member, or `null` when absent. 0 and more than 100 000 000 yuan → ACQ.TOTAL_FEE_EXCEED. */
export function optionalAmount(biz: JsonObject, name: string): bigint | null {
  const text = optionalText(biz, name, 20);
  if (text === null) return null;
  const negative = text.startsWith('-');
  const fen = fenOfYuan(negative ? text.slice(1) : text);
  if (fen === null) throw refused('ACQ.INVALID_PARAMETER', `${name} 格式错误`);
  if (negative || fen > maxFen) throw refused('ACQ.TOTAL_FEE_EXCEED', name);
  return fen;
}

/** `out_trade_no`: 1 to 64 letters, digits and underscores. */
export function outTradeNoOf(biz: JsonObject): string {
  const text = requiredText(biz, 'out_trade_no', 64);
  if (!/^[0-9A-Za-z_]+$/.test(text))
    throw refused('ACQ.INVALID_PARAMETER', 'out_trade_no 只能包含字母、数字、下划线');
  return text;
}

/** How a call names its trade: at least one of the two; `tradeNo` wins when both are given. */
export interface TradeName {
  readonly outTradeNo: string | null;
  readonly tradeNo: string | null;
}

export function tradeNameOf(biz: JsonObject): TradeName {
  const name = {
    outTradeNo: optionalText(biz, 'out_trade_no', 64),
    tradeNo: optionalText(biz, 'trade_no', 64),
  };
  if (name.outTradeNo === null && name.tradeNo === null) {
    throw refused('ACQ.INVALID_PARAMETER', 'out_trade_no 与 trade_no 不能同时为空');
  }
  return name;
}
