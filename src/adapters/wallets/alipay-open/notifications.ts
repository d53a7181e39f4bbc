import type { NotifiedOutcome } from '../../../domain/wallet-answer.ts';
import type { NotificationReader, NotificationReading } from '../../../ports/wallet-notifications.ts';
import {
  readNotification,
  readTradeNotification,
  type TradeNotification,
  verifyNotification,
} from '../../../protocols/alipay-open/notification.ts';
import { type AlipayOpenAccount, isSameAccount, type PreparedAccount, prepareAccount } from './account.ts';

export interface AlipayOpenNotificationOptions {
  /** The account of this name. Throws for a name that nobody configured. */
  readonly account: (name: string) => AlipayOpenAccount;
}

/**
 * Notifications of trades. A success needs the signature, the application, its own authorisation (where the account calls
 * without a token), the seller (where the account names it), the order, the amount and one of the two statuses of a paid trade; notifications of creation, refund and close come to
 * the same URL. Rules NOT-01, NOT-02, NOT-05.
 */
export function createAlipayOpenNotificationReader(
  options: AlipayOpenNotificationOptions,
): NotificationReader {
  const prepared = new Map<string, PreparedAccount>();

  /** `null` for a name that nobody configured. An account that cannot work throws: that is our own mistake. */
  function accountOf(name: string): PreparedAccount | null {
    let source: AlipayOpenAccount;
    try {
      source = options.account(name);
    } catch {
      return null;
    }
    const known = prepared.get(name);
    if (known !== undefined && (known.source === source || isSameAccount(known.source, source))) return known;
    const made = prepareAccount(source);
    prepared.set(name, made);
    return made;
  }

  return {
    read(accountName, received) {
      const account = accountOf(accountName);
      if (account === null) return { kind: 'unknown_account' };
      const notification = readNotification(received.body);
      if (notification.kind === 'unreadable') return { kind: 'unreadable', detail: notification.reason };
      if (!account.walletKeys.some((key) => verifyNotification(notification, key, account.signType))) {
        return { kind: 'untrusted', detail: 'its signature does not fit' };
      }
      const trade = readTradeNotification(notification);
      const rawAmount = notification.texts.get('total_amount') ?? '';
      return notified(trade, notification.texts.get('trade_status') ?? '', rawAmount, account.source);
    },

    reply(_accountName, _received, accepted) {
      // The platform reads the body alone, and sends again whatever is not this word.
      const headers = { 'content-type': 'text/plain; charset=utf-8' };
      return Promise.resolve({ status: 200, headers, body: accepted ? 'success' : 'fail' });
    },
  };
}

function notified(
  trade: TradeNotification,
  tradeStatus: string,
  totalAmount: string,
  account: AlipayOpenAccount,
): NotificationReading {
  if (trade.appId !== account.appId) return { kind: 'untrusted', detail: 'it is for another application' };
  // Calls without a token are the application's own: a trade that another has authorised is none of this account's.
  const isOwn = (account.appAuthToken ?? '') === '';
  if (isOwn && trade.authAppId !== null && trade.authAppId !== account.appId) {
    return { kind: 'untrusted', detail: 'it is of a trade under another authorisation' };
  }
  const sellerId = account.sellerId ?? null;
  if (sellerId !== null && trade.sellerId !== sellerId) {
    return { kind: 'untrusted', detail: 'it is for another seller' };
  }
  if (trade.outTradeNo === null) {
    return { kind: 'unreadable', detail: 'a signed notification that names no payment' };
  }
  const outcome = outcomeOf(trade, tradeStatus, totalAmount);
  return { kind: 'verified', notification: { requestId: trade.outTradeNo, outcome } };
}

function outcomeOf(trade: TradeNotification, tradeStatus: string, totalAmount: string): NotifiedOutcome {
  const { tradeNo } = trade;
  switch (trade.tradeStatus) {
    // A refund is notified under these too, and is evidence of what was paid before it.
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      if (tradeNo === null) return { kind: 'contradictory', detail: 'paid, but the wallet names no trade' };
      if (trade.totalAmount === null) {
        const stated = totalAmount === '' ? 'no amount is stated' : 'its amount cannot be read';
        return { kind: 'contradictory', detail: `paid, but ${stated}` };
      }
      return {
        kind: 'paid',
        walletTransactionId: tradeNo,
        amount: trade.totalAmount,
        paidAt: trade.paidAt,
      };
    case 'WAIT_BUYER_PAY':
      return { kind: 'awaiting_payer', walletTransactionId: tradeNo };
    case 'TRADE_CLOSED':
      return { kind: 'not_paid', code: tradeStatus, message: 'the trade is closed' };
    case null:
      return { kind: 'not_paid', code: tradeStatus, message: 'a status that nobody has documented' };
    default:
      return trade.tradeStatus satisfies never;
  }
}
