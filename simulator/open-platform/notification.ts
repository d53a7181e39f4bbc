import type { KeyObject } from 'node:crypto';
import type { App, Apps } from '../apps.ts';
import type { JsonObject } from '../json.ts';
import {
  laterTriesMs,
  type NotificationOutbox,
  type NotifyingWalletWays,
  type PrintedNotification,
} from '../notifications/outbox.ts';
import { type Payer, type PayerRecords, randomDigits } from '../payers.ts';
import type { Settings } from '../settings.ts';
import { printChinaTime } from './china-time.ts';
import { signBytes, signingBytes } from './signing.ts';
import type { Trade } from './trade-records.ts';
import { fenOfYuan, yuanOfFen } from './yuan.ts';

/** What has become of a trade. */
export type TradeChange =
  /** A payer has scanned its order code. */
  | { readonly kind: 'created' }
  | { readonly kind: 'paid' }
  /** Closed unpaid by somebody; a trade whose time has run out tells nobody. */
  | { readonly kind: 'closed' }
  /** Money went back, by a refund under that number or by a cancel (`null`). */
  | { readonly kind: 'refunded'; readonly outRequestNo: string | null };

export interface TradeTellerParts {
  readonly outbox: Pick<NotificationOutbox, 'enqueue'>;
  readonly apps: Pick<Apps, 'find'>;
  readonly payers: Pick<PayerRecords, 'find'>;
  settingsFor(app: App | undefined): Settings;
}

/** Tells the merchant what has become of a trade, if its product is notified at all. Belongs inside the transaction of the change. */
export type TellOfTrade = (trade: Trade, change: TradeChange, nowMs: number) => void;

export function tradeTeller({ outbox, apps, payers, settingsFor }: TradeTellerParts): TellOfTrade {
  return (trade, change, nowMs) => {
    const app = apps.find(trade.appId);
    if (trade.notifyUrl === null || app === undefined) return;
    if (!isNotified(trade, change, settingsFor(app))) return;
    const payer = payers.find(trade.payerId);
    if (payer === undefined) throw new Error(`payer ${trade.payerId} of trade ${trade.tradeNo} is gone`);
    outbox.enqueue(
      {
        wallet: 'alipay_open',
        appId: trade.appId,
        requestId: trade.outTradeNo,
        url: trade.notifyUrl,
        facts: factsOf(trade, change, app, payer, nowMs),
      },
      nowMs,
    );
  };
}

/** Whether payments by payment code are told of at all: the platform has promised both. */
export function notifiesPaymentCodes(settings: Settings): boolean {
  return settings.payment_code_notifications === 'on';
}

function isNotified(trade: Trade, change: TradeChange, settings: Settings): boolean {
  if (trade.origin === 'pay' && !notifiesPaymentCodes(settings)) return false;
  return change.kind !== 'created' || settings.created_notifications === 'on';
}

function factsOf(trade: Trade, change: TradeChange, app: App, payer: Payer, nowMs: number): JsonObject {
  return {
    notify_type: 'trade_status_sync',
    notify_id: `${printChinaTime(nowMs).slice(0, 10).replaceAll('-', '')}${randomDigits(26)}`,
    charset: 'utf-8',
    version: '1.0',
    app_id: app.appId,
    auth_app_id: app.appId,
    trade_no: trade.tradeNo,
    out_trade_no: trade.outTradeNo,
    trade_status: trade.status,
    seller_id: app.pid,
    buyer_id: payer.buyerId,
    buyer_logon_id: payer.logonId,
    subject: trade.subject,
    body: trade.body ?? '',
    total_amount: yuanOfFen(trade.amountMinor),
    gmt_create: printChinaTime(trade.createdAtMs),
    ...(trade.paidAtMs === null ? {} : receivedOf(trade.chargedMinor)),
    ...(trade.paidAtMs === null ? {} : { gmt_payment: printChinaTime(trade.paidAtMs) }),
    ...(trade.closedAtMs === null ? {} : { gmt_close: printChinaTime(trade.closedAtMs) }),
    ...(change.kind === 'refunded'
      ? {
          out_biz_no: change.outRequestNo ?? '',
          // What has been given back in all, as in the answer of a refund.
          refund_fee: yuanOfFen(trade.refundedMinor),
          gmt_refund: `${printChinaTime(nowMs)}.${String(nowMs % 1000).padStart(3, '0')}`,
        }
      : {}),
  };
}

function receivedOf(amountMinor: bigint): JsonObject {
  const amount = yuanOfFen(amountMinor);
  return {
    receipt_amount: amount,
    invoice_amount: amount,
    buyer_pay_amount: amount,
    point_amount: '0.00',
    // Lists are JSON texts whose keys are written in camel case here, unlike in answers.
    fund_bill_list: JSON.stringify([{ amount, fundChannel: 'ALIPAYACCOUNT' }]),
  };
}

/**
 * A form whose signature covers every decoded value but `sign` and `sign_type`; empty values are left out. `notify_time` is that of the
 * try, while `notify_id` stays the notification's.
 */
export async function printOpenPlatformNotification(
  facts: JsonObject,
  key: KeyObject,
  atMs: number,
): Promise<PrintedNotification> {
  const fields = Object.entries({ ...facts, notify_time: printChinaTime(atMs) })
    .map(([name, value]): [string, string] => [name, String(value)])
    .filter(([, value]) => value !== '')
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const bytes = signingBytes(
    new Map(fields.map(([name, value]) => [name, Buffer.from(value).toString('latin1')])),
  );
  const sign = await signBytes(bytes, key, 'RSA2');
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: new URLSearchParams([...fields, ['sign_type', 'RSA2'], ['sign', sign]]).toString(),
  };
}

/** One fen more than the order's, in every member that names the amount. */
function withOtherAmount(facts: JsonObject): JsonObject | null {
  const fen = fenOfYuan(String(facts['total_amount'] ?? ''));
  if (fen === null) return null;
  const isPaid = facts['receipt_amount'] !== undefined;
  return { ...facts, total_amount: yuanOfFen(fen + 1n), ...(isPaid ? receivedOf(fen + 1n) : {}) };
}

/** How the Open Platform notifies: `success` is its acknowledgement, 4m, 10m, 10m, 1h, 2h, 6h, 15h lie between its tries. Rule NOT-03. */
export function openPlatformWays(apps: Pick<Apps, 'find'>): NotifyingWalletWays {
  return {
    async print(draft, atMs, _path, strangersKey) {
      const key = strangersKey ?? apps.find(draft.appId)?.walletPrivateKey;
      if (key === undefined) throw new Error(`app ${draft.appId} is not registered`);
      return printOpenPlatformNotification(draft.facts, key, atMs);
    },
    withOtherAmount,
    acknowledges: (status, body) => status === 200 && body.trim() === 'success',
    scheduleMs: [4 * 60_000, ...laterTriesMs],
  };
}
