import type { Texts } from './texts.ts';

export const english: Texts = {
  ownName: 'English',

  entryTitle: (store) => `Pay ${store}`,
  payTo: 'You pay',
  amountLabel: (currency) => `Amount in ${currency}`,
  confirm: 'Pay',
  confirmAmount: (amount) => `Pay ${amount}`,
  opening: 'Opening your wallet…',
  keypad: 'Keypad',
  deleteDigit: 'Delete the last digit',
  point: 'Decimal point',
  amountFaults: {
    missing: 'Enter the amount that you want to pay.',
    not_an_amount: 'Enter the amount with digits only, such as 25 or 25.50 where there are cents.',
    zero: 'Enter an amount above zero.',
  },
  tooManyDecimals: (decimals) =>
    decimals === 0
      ? 'This currency has no decimals here: enter a whole amount.'
      : `This currency has ${decimals} decimals: enter no more digits after the point.`,
  tooLarge: (max) => `One payment can be ${max} at most. Enter a smaller amount.`,
  pageTooOld: 'This page was open for too long. Nothing was paid. Check the amount and pay again.',
  openPayment: (amount) => `You have an open payment of ${amount}.`,
  seeIt: 'See it',

  walletOpens: 'Your wallet opens now',
  openWallet: 'Open the wallet',

  waiting: 'Waiting for your wallet',
  waitingText:
    'Paid already? Then there is nothing to do: this page shows the result by itself. If not, continue in the wallet.',
  walletSilent: 'The wallet has not answered yet',
  walletSilentText:
    'We keep asking, and this page shows the result by itself. Nothing needs to be paid twice.',
  continueInWallet: 'Continue in the wallet',
  succeeded: 'Paid',
  failed: 'Not paid',
  failureReasons: {
    not_enough_money: 'Your wallet says that there is not enough money in it for this payment.',
    over_limit: 'Your wallet says that this payment is over one of its limits.',
    declined: 'Your wallet did not take this payment. It can tell you why.',
    not_paid_in_time: 'The payment was not confirmed in time.',
    wallet_not_reached: 'Your wallet could not be reached.',
    store_cannot: 'This store cannot take this payment just now. Please pay in another way.',
  },
  charges: {
    none: 'Nothing was charged.',
    none_kept: 'Nothing was charged. Should your wallet show a charge, it comes back by itself.',
    returned: 'What you had paid was given back in full.',
  },
  undoing: 'This payment is being cancelled',
  undoingText: 'Whatever was charged comes back to you by itself. Please pay again only when this has ended.',
  cancelled: 'Cancelled',
  cancelReasons: {
    by_store: 'The store cancelled this payment.',
    at_wallet: 'This payment was cancelled at the wallet.',
    not_paid_in_time: 'This payment was not confirmed in time.',
    wallet_silent: 'The wallet did not answer, so this payment was cancelled.',
  },
  refundedWhole: 'Refunded',
  refundedPart: 'Refunded in part',
  refundText: 'The refund goes back to the account that you paid from.',
  tryAgain: 'Pay again',

  orderAmount: 'Order amount',
  amountPaid: 'You paid',
  amountRefunded: 'Refunded',
  store: 'Store',
  merchant: 'Merchant',
  goods: 'Goods',
  paidAt: 'Paid at',
  orderNo: 'Order no.',
  walletTransactionId: 'Wallet transaction no.',

  otherBrowser: 'Open this page in a wallet',
  otherBrowserText: 'This store’s code is paid from inside a wallet app. Scan it with one that works here.',
  worksWith: 'These wallets work here',
  wallets: { alipay_open: 'Alipay', alipay_plus: 'Alipay, AlipayHK and other Alipay+ wallets' },
  openInAlipay: 'Open in Alipay',
  scanAgain: 'Or scan the store’s code with the app itself.',
  sandboxOnly: 'This is a sandbox: no real money moves here.',
  continueAsSimulated: 'Continue as the simulated wallet',

  notices: {
    unknown_code: {
      title: 'This code is not known',
      text: 'Please scan the store’s code once more, or ask the staff. Nothing was charged.',
    },
    disabled_code: {
      title: 'This code is switched off',
      text: 'Please ask the staff for another way to pay. Nothing was charged.',
    },
    store_cannot: {
      title: 'This store cannot take a payment just now',
      text: 'Please ask the staff for another way to pay. Nothing was charged.',
    },
    unknown_attempt: {
      title: 'There is no payment here',
      text: 'No payment was made with this link. If your wallet shows one, please show it to the staff.',
    },
    broken_form: {
      title: 'This page cannot be used any more',
      text: 'Nothing was charged by it. Please start from the store’s code.',
    },
    unavailable: {
      title: 'We cannot look that up just now',
      text: 'Please try again in a moment. If you have confirmed a payment in your wallet, do not pay twice: look again here first.',
    },
    busy: {
      title: 'Many people are paying just now',
      text: 'Please wait a moment, then try again. Nothing was charged.',
    },
    too_many_requests: {
      title: 'Too many requests',
      text: 'Please wait a moment, then try again. Nothing was charged.',
    },
  },
  lookAgain: 'Look again',
  backToStart: 'Back to the start',
  supportedBy: (name) => `Technical support: ${name}`,
};
