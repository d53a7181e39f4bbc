import { sign } from 'node:crypto';
import type { NoAnswer } from '../../../domain/wallet-answer.ts';
import type { CallLimit, PaymentReference, PayRequest, WalletGateway } from '../../../ports/wallet.ts';
import type { Heard, Outage } from '../../../ports/wallet-directory.ts';
import { type Call, methods } from '../../../protocols/alipay-open/calls.ts';
import {
  composeRequest,
  printRequest,
  type UnsignedRequest,
} from '../../../protocols/alipay-open/request.ts';
import { digestName } from '../../../protocols/alipay-open/signature.ts';
import {
  payContent,
  precreateContent,
  refundContent,
  refundQueryContent,
  type TradeOrder,
  tradeContent,
} from '../../../protocols/alipay-open/trade-requests.ts';
import { createAccountLines } from '../account-line.ts';
import { createHttpChannel, type HttpChannelOptions } from '../deadline-http.ts';
import { received } from '../received.ts';
import { type AlipayOpenAccount, isSameAccount, type PreparedAccount, prepareAccount } from './account.ts';
import {
  cancelAnswer,
  inquiryAnswer,
  payAnswer,
  precreateAnswer,
  refundAnswer,
  refundInquiryAnswer,
} from './answers.ts';
import { type VerifiedAnswer, verifyAnswer } from './verified-answer.ts';

export interface AlipayOpenGatewayOptions {
  /** The account of this name. Throws for a name that nobody configured. Called once per call; keys are parsed once. */
  readonly account: (name: string) => AlipayOpenAccount;
  /** The host's clock, for wire timestamps and the relative expiry alone. */
  readonly wallClock: () => Date;
  /** The clock that limits are measured on, such as `performance.now`. */
  readonly monotonicMs: () => number;
  /** Calls under way to one account at most; a quarter of them is kept for calls other than pay. */
  readonly concurrencyPerAccount?: number | undefined;
  /** Called at the end of each call that tells something of this account. */
  readonly onHeard?: ((account: string, heard: Heard) => void) | undefined;
  readonly http?: Omit<HttpChannelOptions, 'monotonicMs'> | undefined;
}

export interface AlipayOpenGateway extends WalletGateway {
  /** Whether this account has stopped answering. */
  outage(account: string): Outage | null;
  /** Lets running calls end, then closes the connections. */
  close(): Promise<void>;
}

/**
 * The Open Platform as a wallet. Each call is sent at most once, over kept-alive connections, signed off the main
 * thread, within its limit (see `deadline-http.ts`), and answered by what the platform has signed about this very
 * payment (see `answers.ts`). Rules RES-08, RES-14, RES-18.
 *
 * Throws, per call, for an account that nobody configured or that cannot work, for values over the platform's limits,
 * and for an entry code, which is not one of its products here: whoever accepts them checks them first.
 */
export function createAlipayOpenGateway(options: AlipayOpenGatewayOptions): AlipayOpenGateway {
  const { monotonicMs, wallClock } = options;
  const http = createHttpChannel({ ...options.http, monotonicMs });
  const concurrency = options.concurrencyPerAccount ?? 64;
  const lines = createAccountLines({ concurrency, monotonicMs, onHeard: options.onHeard });
  const accounts = new Map<string, PreparedAccount>();

  function accountOf(name: string): PreparedAccount {
    const source = options.account(name);
    const known = accounts.get(name);
    if (known !== undefined && (known.source === source || isSameAccount(known.source, source))) return known;
    const prepared = prepareAccount(source);
    accounts.set(name, prepared);
    return prepared;
  }

  async function ask(
    call: Call,
    { account: accountName, requestId }: Pick<PaymentReference, 'account' | 'requestId'>,
    limit: CallLimit,
    bizContent: () => string,
  ): Promise<VerifiedAnswer | NoAnswer> {
    const account = accountOf(accountName);
    const begins = call === 'pay' || call === 'precreate';
    return lines.of(accountName).call(
      begins ? 'payment' : 'resolution',
      limit,
      async () => {
        const { source, signType } = account;
        const request = composeRequest(
          {
            appId: source.appId,
            method: methods[call],
            charset: 'utf-8',
            signType,
            timestamp: wallClock(),
            notifyUrl: begins ? source.notifyUrl : undefined,
            appAuthToken: source.appAuthToken,
          },
          bizContent(),
        );
        const { query, body } = printRequest(request, await signatureOf(request, account));
        const answer = await http.post(
          { origin: account.origin, path: `${account.path}?${query}`, headers, body },
          limit,
        );
        return answer.kind === 'no_answer' ? answer : verifyAnswer(answer, methods[call], account);
      },
      requestId,
    );
  }

  return {
    async pay(request, limit) {
      const { start } = request;
      switch (start.product) {
        case 'payment_code': {
          const answer = await ask('pay', request, limit, () =>
            payContent({ ...orderOf(request), authCode: start.paymentCode }),
          );
          return answer.kind === 'no_answer' ? answer : received(payAnswer(request, answer), answer);
        }
        case 'order_code': {
          const answer = await ask('precreate', request, limit, () => precreateContent(orderOf(request)));
          return answer.kind === 'no_answer' ? answer : received(precreateAnswer(request, answer), answer);
        }
        case 'entry_code':
          throw new RangeError('an entry code is not paid over the Open Platform');
        default:
          return start satisfies never;
      }
    },

    async inquire(payment, limit) {
      const answer = await ask('query', payment, limit, () => tradeContent(payment.requestId));
      return answer.kind === 'no_answer' ? answer : received(inquiryAnswer(payment, answer), answer);
    },

    async cancel(payment, limit) {
      const answer = await ask('cancel', payment, limit, () => tradeContent(payment.requestId));
      return answer.kind === 'no_answer' ? answer : received(cancelAnswer(payment, answer), answer);
    },

    async refund(request, limit) {
      const answer = await ask('refund', request, limit, () =>
        refundContent({
          outTradeNo: request.requestId,
          refundAmount: request.refundAmount,
          outRequestNo: request.refundRequestId,
          refundReason: request.reason,
        }),
      );
      return answer.kind === 'no_answer' ? answer : received(refundAnswer(request, answer), answer);
    },

    async inquireRefund(request, limit) {
      const answer = await ask('refund_query', request, limit, () =>
        refundQueryContent(request.requestId, request.refundRequestId),
      );
      return answer.kind === 'no_answer' ? answer : received(refundInquiryAnswer(request, answer), answer);
    },

    outage: (account) => lines.outage(account),
    close: () => http.close(),
  };
}

function orderOf(request: PayRequest): TradeOrder {
  return {
    outTradeNo: request.requestId,
    subject: request.subject,
    totalAmount: request.amount,
    storeId: request.store.id,
    terminalId: request.terminalId,
    subMerchantId: request.subMerchantId,
    merchantOrderNo: request.merchantOrderNo,
    expiresAt: request.expiresAt,
    requestedAt: request.requestedAt,
  };
}

const headers = {
  'content-type': 'application/x-www-form-urlencoded;charset=utf-8',
  accept: 'application/json',
  'user-agent': 'shoudan',
};

/** Signed on the thread pool: twice the throughput, and the event loop stays free for other calls. */
function signatureOf(request: UnsignedRequest, account: PreparedAccount): Promise<string> {
  return new Promise((resolve, reject) => {
    sign(digestName(request.signType), request.content, account.privateKey, (error, signature) => {
      if (error === null) resolve(signature.toString('base64'));
      else reject(error);
    });
  });
}
