/** What operators must hear of, beside the timeline. */
export interface Report {
  /** An answer that cannot be trusted; the raw bytes are for the sealed, short-lived store. RES-14. */
  untrustedAnswer(about: {
    readonly merchantId: string;
    readonly paymentId: string;
    readonly call: string;
    readonly detail: string;
    readonly raw: Uint8Array | undefined;
  }): void;
  /** An answer to a payment or refund in trouble: its bytes, for the same store. RES-19. */
  troubledAnswer(about: TroubledAnswer): void;
}

export interface TroubledAnswer {
  readonly merchantId: string;
  readonly paymentId: string;
  /** `null`: of a call that was made for the payment itself. */
  readonly refundId: string | null;
  readonly call: string;
  /** Its kind, or why it is none. */
  readonly answer: string;
  readonly walletCode: string | null;
  readonly raw: Uint8Array;
}
