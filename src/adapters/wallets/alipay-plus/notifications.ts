import type { NotifiedOutcome } from '../../../domain/wallet-answer.ts';
import type {
  NotificationReader,
  NotificationReading,
  NotificationReply,
} from '../../../ports/wallet-notifications.ts';
import type { ValuesOf } from '../../../protocols/alipay-plus/message-fields.ts';
import {
  isPaymentResult,
  notAcknowledged,
  type paymentNotification,
  printAcknowledgement,
  readPaymentNotification,
} from '../../../protocols/alipay-plus/notification.ts';
import { type Result, readResult } from '../../../protocols/alipay-plus/result.ts';
import { printWireTime, readWireTime } from '../../../protocols/alipay-plus/wire-time.ts';
import { type AlipayPlusAccount, createPreparedAccounts, type PreparedAccount } from './account.ts';

export interface AlipayPlusNotificationOptions {
  /** The account of this name. Throws for a name that nobody configured. */
  readonly account: (name: string) => AlipayPlusAccount;
  /** The host's clock, for wire timestamps alone. */
  readonly wallClock: () => Date;
}

/**
 * Notifications of AMS. A success is evidence only with the wallet's id and an amount; a failure, and anything that
 * is no result, is a reason to inquire (RES-17). Rules NOT-01, NOT-02.
 */
export function createAlipayPlusNotificationReader(
  options: AlipayPlusNotificationOptions,
): NotificationReader {
  const prepared = createPreparedAccounts(options.account);

  /** `null` for a name that nobody configured. An account that cannot work throws: that is our own mistake. */
  function accountOf(name: string): PreparedAccount | null {
    try {
      options.account(name);
    } catch {
      return null;
    }
    return prepared(name);
  }

  return {
    read(accountName, received) {
      const account = accountOf(accountName);
      if (account === null) return { kind: 'unknown_account' };
      const { notifyUrl, clientId } = account.source;
      const read = readPaymentNotification(received, notifyUrl, account.walletKeys);
      switch (read.kind) {
        case 'unreadable':
          return { kind: 'unreadable', detail: read.reason };
        case 'forged':
          return { kind: 'untrusted', detail: read.detail };
        case 'verified':
          if (read.clientId !== clientId) return { kind: 'untrusted', detail: 'it is for another client' };
          return notified(read.values);
        default:
          return read satisfies never;
      }
    },

    async reply(accountName, _received, accepted): Promise<NotificationReply> {
      const account = accountOf(accountName);
      // Neither the status nor the body is one that the wallet takes for received.
      if (account === null || !accepted) {
        return { status: 500, headers: { 'content-type': 'application/json' }, body: notAcknowledged };
      }
      const { source, notifyPath, privateKey } = account;
      const time = printWireTime(options.wallClock());
      const message = { path: notifyPath, clientId: source.clientId, time };
      return { status: 200, ...printAcknowledgement(message, privateKey, source.keyVersion ?? undefined) };
    },
  };
}

function notified(values: ValuesOf<typeof paymentNotification>): NotificationReading {
  const result = readResult(values.result);
  if (result === null) return { kind: 'unreadable', detail: 'a signed notification without a result' };
  if (values.paymentRequestId === null) {
    return { kind: 'unreadable', detail: 'a signed notification that names no payment' };
  }
  const outcome = outcomeOf(values, result);
  return { kind: 'verified', notification: { requestId: values.paymentRequestId, outcome } };
}

function outcomeOf(values: ValuesOf<typeof paymentNotification>, result: Result): NotifiedOutcome {
  const { notifyType, paymentId, paymentAmount, paymentTime } = values;
  if (!isPaymentResult(notifyType ?? '')) {
    return { kind: 'not_paid', code: notifyType ?? '', message: 'it is not the result of a payment' };
  }
  if (result.status !== 'S') return { kind: 'not_paid', code: result.code, message: result.message };
  if (paymentId === null) {
    return { kind: 'contradictory', detail: 'paid, but the wallet names no payment of its own' };
  }
  if (paymentAmount === null) {
    return { kind: 'contradictory', detail: 'paid, but no amount is stated that can be read' };
  }
  const paidAt = paymentTime === null ? null : readWireTime(paymentTime);
  return { kind: 'paid', walletTransactionId: paymentId, amount: paymentAmount, paidAt };
}
