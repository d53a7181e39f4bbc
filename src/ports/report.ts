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
}
