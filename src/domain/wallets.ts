/** The wallets this gateway knows, by the names used in every field, path and ledger. */
export const walletNames = ['alipay_open'] as const;
export type WalletName = (typeof walletNames)[number];

/** How a payer pays. */
export const productNames = ['payment_code'] as const;
export type ProductName = (typeof productNames)[number];

/** Currencies that a wallet's wire can carry. */
const walletCurrencies: { readonly [wallet in WalletName]: readonly string[] } = {
  alipay_open: ['CNY'],
};

export function takesCurrency(wallet: WalletName, currency: string): boolean {
  return walletCurrencies[wallet].includes(currency);
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
};

/** Wallets that may have issued this payment code; empty when none is known. Rule PAY-05. */
export function walletsOfPaymentCode(paymentCode: string): WalletName[] {
  return walletNames.filter((wallet) =>
    paymentCodePrefixes[wallet].some((prefix) => paymentCode.startsWith(prefix)),
  );
}
