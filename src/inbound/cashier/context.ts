import type { Engine } from '../../operations/engine.ts';
import type { Admission } from '../rest/admission.ts';
import type { Assets } from './assets.ts';

/** What the payer's pages need. */
export interface CashierOptions {
  readonly engine: Engine;
  /** Of {@link pageTokenKey}. */
  readonly tokenKey: Uint8Array;
  /** Good for pages that were made before, while the master key is changed. */
  readonly furtherTokenKeys?: readonly Uint8Array[];
  /** Where payers' browsers reach this gateway, with the path that a proxy puts in front and takes off again. PAY-14. */
  readonly publicUrl: string;
  /** Who gives technical support, as payers shall read it. PAY-11. */
  readonly supportName: string;
  /** Lets any browser pass as the simulated wallet's, and wallets have addresses without TLS. */
  readonly sandbox: boolean;
  /** Seconds after which this address may open a page of this code again; `null`: at once. Not asked of a page’s own form. */
  readonly retryAfterS?: (code: string, address: string) => number | null;
  /** The same as the gateway's other payments go through; all are taken unless it is named. */
  readonly admission?: Admission;
}

/** The keys that a page's token may have been made with. */
export function tokenKeysOf({ tokenKey, furtherTokenKeys = [] }: CashierOptions): readonly Uint8Array[] {
  return [tokenKey, ...furtherTokenKeys];
}

/** What the routes share. */
export interface CashierContext extends CashierOptions {
  /** Scheme and host of `publicUrl`. */
  readonly publicOrigin: string;
  /** Its path, which stands before every path that a page names; empty where no proxy has put one. */
  readonly pathPrefix: string;
  readonly assets: Assets;
  readonly admission: Admission;
  /** Lets work go on in the background: its rejection is logged, and a closing gateway gives it a moment. */
  readonly watched: <Row>(work: Promise<Row>) => Promise<Row>;
}
