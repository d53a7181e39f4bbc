import type { Logger } from 'pino';
import type { BegunAttention } from '../adapters/begun-attention.ts';
import type { AccountBook } from '../adapters/postgres/wallet-accounts.ts';
import { whomToCall } from '../inbound/cli/whom-to-call.ts';

/** One line for each that begins to need people: what to name at the wallet, whom to call, and where to read on. RES-19. */
export function attentionLog(log: Logger, accounts: Pick<AccountBook, 'account'>) {
  return (begun: BegunAttention): void => {
    const { paymentId, refundId } = begun;
    log.warn(
      {
        reason: begun.reason,
        merchant_id: begun.merchantId,
        merchant_order_no: begun.merchantOrderNo,
        payment_id: paymentId,
        payment_request_id: begun.paymentRequestId,
        refund_id: refundId,
        refund_request_id: begun.refundRequestId,
        wallet: begun.wallet,
        account: begun.account,
        wallet_transaction_id: begun.walletTransactionId,
        answer: begun.answer,
        wallet_code: begun.walletCode,
        call: whomToCall(begun.reason, supportOf(accounts, begun)),
        read: `shoudan inspect answers ${refundId ?? paymentId ?? begun.paymentRequestId}`,
      },
      'people are needed',
    );
  };
}

/** An account that is gone is what people are needed for, perhaps. */
function supportOf(
  accounts: Pick<AccountBook, 'account'>,
  { wallet, account }: Pick<BegunAttention, 'wallet' | 'account'>,
): string | null {
  try {
    return accounts.account(wallet, account).supportContact ?? null;
  } catch {
    return null;
  }
}
