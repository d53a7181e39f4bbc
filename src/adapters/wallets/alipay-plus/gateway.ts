import { sign } from 'node:crypto';
import type { NoAnswer } from '../../../domain/wallet-answer.ts';
import type { CallLimit, PaymentReference, WalletGateway } from '../../../ports/wallet.ts';
import type { Heard, Outage } from '../../../ports/wallet-directory.ts';
import { type Call, pathOf } from '../../../protocols/alipay-plus/endpoints.ts';
import { printHead } from '../../../protocols/alipay-plus/headers.ts';
import { printMessage, shortened } from '../../../protocols/alipay-plus/message-fields.ts';
import {
  cancelAnswer as cancelFields,
  inquiryAnswer as inquiryFields,
  payAnswer as payFields,
  paymentReference,
} from '../../../protocols/alipay-plus/payment-messages.ts';
import {
  refundAnswer as refundFields,
  refundInquiryAnswer as refundInquiryFields,
  refundReference,
  refundRequest,
} from '../../../protocols/alipay-plus/refund-messages.ts';
import {
  digestName,
  printSignature,
  type SignedMessage,
  signingContent,
} from '../../../protocols/alipay-plus/signature.ts';
import { printEpochMs } from '../../../protocols/alipay-plus/wire-time.ts';
import { createAccountLines } from '../account-line.ts';
import { createHttpChannel, type HttpChannelOptions } from '../deadline-http.ts';
import { received } from '../received.ts';
import { type AlipayPlusAccount, createPreparedAccounts, type PreparedAccount } from './account.ts';
import { cancelAnswer, inquiryAnswer, payAnswer, refundAnswer, refundInquiryAnswer } from './answers.ts';
import { payBody } from './pay-request.ts';
import { type AnswerFields, type VerifiedAnswer, verifyAnswer } from './verified-answer.ts';

export interface AlipayPlusGatewayOptions {
  /** The account of this name. Throws for a name that nobody configured. Called once per call; keys are parsed once. */
  readonly account: (name: string) => AlipayPlusAccount;
  /** The host's clock, for wire timestamps alone. */
  readonly wallClock: () => Date;
  /** The clock that limits are measured on, such as `performance.now`. */
  readonly monotonicMs: () => number;
  /** Calls under way to one account at most; a quarter of them is kept for calls other than pay. */
  readonly concurrencyPerAccount?: number | undefined;
  /** Called at the end of each call that tells something of this account. */
  readonly onHeard?: ((account: string, heard: Heard) => void) | undefined;
  readonly http?: Omit<HttpChannelOptions, 'monotonicMs'> | undefined;
}

export interface AlipayPlusGateway extends WalletGateway {
  /** Whether this account has stopped answering. */
  outage(account: string): Outage | null;
  /** Lets running calls end, then closes the connections. */
  close(): Promise<void>;
}

/**
 * Alipay+ as a wallet, over AMS. Each call is sent at most once, over kept-alive connections, signed off the main
 * thread, within its limit (see `deadline-http.ts`), and answered by what AMS has signed about this very payment (see
 * `answers.ts`). Rules RES-01, RES-14, RES-18.
 *
 * Throws, per call, for an account that nobody configured or that cannot work, for values over the vendor's limits,
 * and for a refund of a payment whose id at the wallet is not known: whoever accepts them checks them first.
 */
export function createAlipayPlusGateway(options: AlipayPlusGatewayOptions): AlipayPlusGateway {
  const { monotonicMs, wallClock } = options;
  const http = createHttpChannel({ ...options.http, monotonicMs });
  const concurrency = options.concurrencyPerAccount ?? 64;
  const accountOf = createPreparedAccounts(options.account);
  const lines = createAccountLines({ concurrency, monotonicMs, onHeard: options.onHeard });

  async function ask<F extends AnswerFields>(
    call: Call,
    { account: accountName, requestId }: Pick<PaymentReference, 'account' | 'requestId'>,
    limit: CallLimit,
    fields: F,
    bodyFor: (account: AlipayPlusAccount) => string,
  ): Promise<VerifiedAnswer<F> | NoAnswer> {
    const account = accountOf(accountName);
    return lines.of(accountName).call(
      call === 'pay' ? 'payment' : 'resolution',
      limit,
      async () => {
        const { clientId } = account.source;
        const body = Buffer.from(bodyFor(account.source));
        const path = pathOf(call, account.base);
        const time = printEpochMs(wallClock());
        const signature = await signatureOf({ path, clientId, time, body }, account);
        const head = printHead({ clientId, time, signature }, 'request-time');
        const headers = { ...head, accept: 'application/json', 'user-agent': 'shoudan' };
        const answer = await http.post({ origin: account.origin, path, headers, body }, limit);
        return answer.kind === 'no_answer' ? answer : verifyAnswer(answer, fields, path, account);
      },
      requestId,
    );
  }

  return {
    async pay(request, limit) {
      const answer = await ask('pay', request, limit, payFields, (account) => payBody(request, account));
      return answer.kind === 'no_answer' ? answer : received(payAnswer(request, answer), answer);
    },

    async inquire(payment, limit) {
      const answer = await ask('inquire_payment', payment, limit, inquiryFields, () =>
        printMessage(paymentReference, { paymentRequestId: payment.requestId }),
      );
      return answer.kind === 'no_answer' ? answer : received(inquiryAnswer(payment, answer), answer);
    },

    async cancel(payment, limit) {
      const answer = await ask('cancel', payment, limit, cancelFields, () =>
        printMessage(paymentReference, { paymentRequestId: payment.requestId }),
      );
      return answer.kind === 'no_answer' ? answer : received(cancelAnswer(payment, answer), answer);
    },

    async refund(request, limit) {
      const { walletTransactionId } = request;
      if (walletTransactionId === null) {
        throw new RangeError('a refund names the payment by the wallet’s id, which is not known yet');
      }
      const answer = await ask('refund', request, limit, refundFields, () =>
        printMessage(refundRequest, {
          refundRequestId: request.refundRequestId,
          paymentId: walletTransactionId,
          refundAmount: request.refundAmount,
          refundReason: shortened(request.reason ?? '', 256),
        }),
      );
      return answer.kind === 'no_answer' ? answer : received(refundAnswer(request, answer), answer);
    },

    async inquireRefund(request, limit) {
      const answer = await ask('inquire_refund', request, limit, refundInquiryFields, () =>
        printMessage(refundReference, { refundRequestId: request.refundRequestId }),
      );
      return answer.kind === 'no_answer' ? answer : received(refundInquiryAnswer(request, answer), answer);
    },

    outage: (account) => lines.outage(account),
    close: () => http.close(),
  };
}

/** Signed on the thread pool: twice the throughput, and the event loop stays free for other calls. */
function signatureOf(message: SignedMessage, account: PreparedAccount): Promise<string> {
  return new Promise((resolve, reject) => {
    sign(digestName, signingContent(message), account.privateKey, (error, signature) => {
      if (error === null) resolve(printSignature(signature, account.source.keyVersion ?? undefined));
      else reject(error);
    });
  });
}
