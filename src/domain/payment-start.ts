/** How the payer is reached: by the scanned code, in the wallet's own browser, or by a code that is shown. */
export type PaymentStart =
  | { readonly product: 'payment_code'; readonly paymentCode: string }
  | {
      readonly product: 'entry_code';
      /** The payer's browser, by which the wallet is told apart. PAY-01. */
      readonly userAgent: string;
      /** Where the wallet sends the payer back to. */
      readonly returnUrl: string;
    }
  | { readonly product: 'order_code' };
