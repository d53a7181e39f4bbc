import type { IncomingHttpHeaders } from 'node:http';

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. Of a request line in absolute form, what follows the host. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  /** Exactly the bytes that arrived: they are what is signed. */
  readonly body: Buffer;
}

/** What happens to the connection of somebody who has called a wallet. */
export type Delivery =
  | {
      readonly how: 'answer';
      readonly status: number;
      readonly contentType: string;
      /** Beside the content type, by lower-case name, which is how they go on the wire. */
      readonly headers?: Readonly<Record<string, string>>;
      readonly body: string;
      readonly afterMs: number;
    }
  /** Nothing ever comes. */
  | { readonly how: 'silence' }
  /** The connection is closed without an answer. */
  | { readonly how: 'drop' }
  | { readonly how: 'reset' };
