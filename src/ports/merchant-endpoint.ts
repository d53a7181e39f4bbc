/** One signed message to a merchant's URL. */
export interface MerchantMessage {
  readonly url: string;
  /** Stays the same over every try. */
  readonly messageId: string;
  readonly secret: string;
  readonly body: string;
  readonly timeoutMs: number;
}

export type MerchantReply =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface MerchantEndpoint {
  send(message: MerchantMessage): Promise<MerchantReply>;
}
