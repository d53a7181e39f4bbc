/** The wallets this gateway knows, by the names used in every field, path and ledger. */
export const walletNames = ['alipay_open', 'alipay_plus'] as const;
export type WalletName = (typeof walletNames)[number];

/** How a payer pays. */
export const productNames = ['payment_code', 'entry_code', 'order_code'] as const;
export type ProductName = (typeof productNames)[number];

/** Products that a merchant's system asks for; an entry code's payment begins on the payer's page alone. */
export const requestedProductNames = ['payment_code', 'order_code'] as const satisfies readonly ProductName[];

/** Currencies that a wallet's wire can carry. */
const walletCurrencies: { readonly [wallet in WalletName]: readonly string[] } = {
  alipay_open: ['CNY'],
  alipay_plus: [
    ...['AUD', 'BDT', 'BRL', 'CAD', 'CLP', 'CNY', 'EUR', 'GBP', 'HKD', 'IDR', 'JPY', 'KRW', 'MXN', 'MYR'],
    ...['NZD', 'PEN', 'PHP', 'PKR', 'PLN', 'SGD', 'THB', 'TWD', 'USD', 'VND'],
  ],
};

export function takesCurrency(wallet: WalletName, currency: string): boolean {
  return walletCurrencies[wallet].includes(currency);
}

/** Smallest step of an amount, in minor units, where no smaller money circulates. */
const amountSteps: { readonly [wallet in WalletName]?: { readonly [currency: string]: bigint } } = {
  alipay_plus: { IDR: 100n },
};

export function amountStepOf(wallet: WalletName, currency: string): bigint {
  return amountSteps[wallet]?.[currency] ?? 1n;
}

/** Wallets that want the merchant's category (MCC) with every payment. */
const categoryWallets: readonly WalletName[] = ['alipay_plus'];

export function wantsCategory(wallet: WalletName): boolean {
  return categoryWallets.includes(wallet);
}

/** Wallets that are told who has brought a merchant, by a number (PID) of their own. Rule ONB-02. */
const sourceWallets: readonly WalletName[] = ['alipay_open'];

export function wantsSource(wallet: WalletName): boolean {
  return sourceWallets.includes(wallet);
}

export function isWalletName(text: string): text is WalletName {
  return (walletNames as readonly string[]).includes(text);
}

/**
 * First digits of the payment codes that a wallet issues. Data, not knowledge: the prefix routes, and length is
 * never a reason to refuse, since codes grow. One prefix may belong to several wallets. Rule PAY-05.
 */
const paymentCodePrefixes: { readonly [wallet in WalletName]: readonly string[] } = {
  alipay_open: ['25', '26', '27', '28', '29', '30'],
  alipay_plus: ['25', '26', '27', '28', '29', '30'],
};

/** Wallets that may have issued this payment code; empty when none is known. Rule PAY-05. */
export function walletsOfPaymentCode(paymentCode: string): WalletName[] {
  return walletNames.filter((wallet) =>
    paymentCodePrefixes[wallet].some((prefix) => paymentCode.startsWith(prefix)),
  );
}

/** Parts of a browser's User-Agent by which a wallet's own browser is known. Rule PAY-01. */
const userAgentMarks: { readonly [wallet in WalletName]: readonly string[] } = {
  // The Open Platform's own entry (create and JSAPI) is not one of its products here.
  alipay_open: [],
  alipay_plus: ['AlipayClient', 'AlipayConnect'],
};

/** The wallet in whose browser a page was opened; `null` for any other browser. Rule PAY-01. */
export function walletOfUserAgent(userAgent: string): WalletName | null {
  return (
    walletNames.find((wallet) => userAgentMarks[wallet].some((mark) => userAgent.includes(mark))) ?? null
  );
}
