import type { AttentionReason } from '../../domain/payment.ts';

/** What a person can do about a row that needs attention. The gateway goes on with every one of them by itself. */
const advice: {
  readonly [reason in
    | AttentionReason
    | 'cancel_of_unknown_request'
    | 'cancel_of_unknown_order'
    | 'endpoint_disabled'
    | 'stray_notification'
    | 'untrusted_notification']: string;
} = {
  cancel_unresolved:
    "The wallet has not confirmed the cancel yet. It is repeated; look at the wallet's own record when it stays. With the " +
    "wallet's written word that the payer has the money: `shoudan resolve … --as given_back`.",
  refund_unresolved:
    'The wallet has not confirmed the refund yet. It is repeated under the same id; ask the wallet when it stays. With its ' +
    'written word: `shoudan resolve … --as succeeded` or `--as failed`, of a payment that is undone `--as given_back`.',
  inquiry_unresolved:
    'The wallet does not say whether the payer has paid. It is asked again, at once with `shoudan retry`; hand over ' +
    'no goods until it answers.',
  refused_by_wallet_configuration:
    "The wallet refuses this account's calls: check the contract, the keys and the merchant's smid at the wallet.",
  paid_after_end:
    'Paid after the payment had ended here. The money is given back by itself; tell the merchant not to deliver.',
  closed_after_success:
    "Closed at the wallet although it was paid: compare with the wallet's bill, somebody may have refunded it there. " +
    'Then `shoudan resolve … --as noted`.',
  second_wallet_transaction:
    'The wallet names a second transaction of a payment that is paid: compare both with its bill, and give back the surplus ' +
    'there. Then `shoudan resolve … --as noted`.',
  refunded_after_failure:
    'The wallet now says that this refund, which had failed, has given money back: compare it with the bill, and ' +
    'where the merchant has given back twice, settle it with them. Then `shoudan resolve … --as noted`.',
  step_failing:
    'The gateway itself cannot take the next step: the log says why under this id. Mostly a wallet account is missing or ' +
    'its key cannot be read: `shoudan account list`. It goes on by itself once that is mended.',
  delivery_exhausted:
    "The merchant's endpoint has accepted no delivery: tell the merchant the result, and have the endpoint mended. Then " +
    '`shoudan delivery replay`, or `shoudan resolve … --as noted`.',
  endpoint_disabled:
    "The merchant's endpoint has failed for days: nothing is sent to it, and its deliveries are held. Have the merchant mend it, " +
    'then `shoudan endpoint enable`.',
  cancel_of_unknown_request:
    'A cancel names an upstream id that is not known here, and goes to every account of its merchant by itself. Undone at a ' +
    'wallet: this database has lost the payment, as after a restore; tell the merchant. Never known there: ask the merchant ' +
    'where the id is from. Then `shoudan held clear`.',
  cancel_of_unknown_order:
    'No payment has come of these orders since they were cancelled, and one that still comes is not sent. Mostly none was ever ' +
    'sent. After a restore it may be one that this database has lost: have the merchant cancel it by its payment_request_id. ' +
    'They are shown for a day.',
  stray_notification:
    'The wallet tells of a payment that is not known here: look it up at the wallet. After a restore, refund there what is ' +
    "paid, unless the merchant's books have the sale; else somebody uses this account, or its notify url, beside this gateway. " +
    'Then `shoudan stray clear`.',
  untrusted_notification:
    "Somebody else sends these, which needs nothing: they change no payment. Where the wallet's own ones are among them, " +
    "its key, the application or the seller is wrong in this account: compare them with the wallet's console.",
};

/** The advice on a reason; a reason of a later version has none here. */
export function attentionAdvice(reason: string): string | null {
  return Object.hasOwn(advice, reason) ? advice[reason as keyof typeof advice] : null;
}
