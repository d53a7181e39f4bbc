import type { AmountFault } from './amounts.ts';
import type { Language } from './languages.ts';
import { english } from './texts-en.ts';
import { simplifiedChinese } from './texts-zh-cn.ts';

/** Wallets that the pages can name. */
export type NamedWallet = 'alipay_open' | 'alipay_plus';

/** Why a payment failed, as far as its payer can do something about it. */
export type FailureReason =
  | 'not_enough_money'
  | 'over_limit'
  | 'declined'
  | 'not_paid_in_time'
  | 'wallet_not_reached'
  | 'store_cannot';

/** Why a payment was cancelled. */
export type CancelReason = 'by_store' | 'at_wallet' | 'not_paid_in_time' | 'wallet_silent';

/** What an unpaid attempt cost its payer: nothing, nothing that was kept, or what has been given back. */
export type Charge = 'none' | 'none_kept' | 'returned';

/** Pages that say one thing and offer at most one way on. */
export type NoticeName =
  | 'unknown_code'
  | 'disabled_code'
  | 'store_cannot'
  | 'unknown_attempt'
  | 'broken_form'
  | 'unavailable'
  | 'busy'
  | 'too_many_requests';

export interface NoticeText {
  readonly title: string;
  readonly text: string;
}

/** Every text of the pages. A language that lacks one does not compile. */
export interface Texts {
  /** Of the page whose language this is, for a reader of the other one. */
  readonly ownName: string;

  readonly entryTitle: (store: string) => string;
  readonly payTo: string;
  readonly amountLabel: (currency: string) => string;
  readonly confirm: string;
  readonly confirmAmount: (amount: string) => string;
  readonly opening: string;
  readonly keypad: string;
  readonly deleteDigit: string;
  readonly point: string;
  readonly amountFaults: {
    readonly [fault in Exclude<AmountFault, 'too_many_decimals' | 'too_large'>]: string;
  };
  readonly tooManyDecimals: (decimals: number) => string;
  readonly tooLarge: (max: string) => string;
  readonly pageTooOld: string;
  readonly openPayment: (amount: string) => string;
  readonly seeIt: string;

  readonly walletOpens: string;
  readonly openWallet: string;

  readonly waiting: string;
  readonly waitingText: string;
  readonly walletSilent: string;
  readonly walletSilentText: string;
  readonly continueInWallet: string;
  readonly succeeded: string;
  readonly failed: string;
  readonly failureReasons: { readonly [reason in FailureReason]: string };
  readonly charges: { readonly [charge in Charge]: string };
  readonly undoing: string;
  readonly undoingText: string;
  readonly cancelled: string;
  readonly cancelReasons: { readonly [reason in CancelReason]: string };
  readonly refundedWhole: string;
  readonly refundedPart: string;
  readonly refundText: string;
  readonly tryAgain: string;

  readonly orderAmount: string;
  readonly amountPaid: string;
  readonly amountRefunded: string;
  readonly store: string;
  readonly merchant: string;
  readonly goods: string;
  readonly paidAt: string;
  readonly orderNo: string;
  readonly walletTransactionId: string;

  readonly otherBrowser: string;
  readonly otherBrowserText: string;
  readonly worksWith: string;
  readonly wallets: { readonly [wallet in NamedWallet]: string };
  readonly openInAlipay: string;
  readonly scanAgain: string;
  readonly sandboxOnly: string;
  readonly continueAsSimulated: string;

  readonly notices: { readonly [notice in NoticeName]: NoticeText };
  readonly lookAgain: string;
  readonly backToStart: string;
  readonly supportedBy: (name: string) => string;
}

const tables: { readonly [language in Language]: Texts } = { 'zh-CN': simplifiedChinese, en: english };

export function textsOf(language: Language): Texts {
  return tables[language];
}
