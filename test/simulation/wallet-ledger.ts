import type { PayRequest } from '../../src/ports/wallet.ts';

/**
 * What has happened to a payment at its wallet and to its payer's money: the truth that everybody else must agree with.
 * An unpaid payment is `opened` and may be charged until it is `closed`; a paid one is closed when all was given back.
 * `charged_late`: the payer's money came after the wallet had cancelled, and the wallet itself gives it back.
 */
export interface WalletEntry {
  readonly atMs: number;
  readonly requestId: string;
  readonly merchantOrderNo: string;
  /** The page that an entry code's payer comes back to: it names the page load. `null` for every other product. */
  readonly returnUrl: string | null;
  readonly kind: 'opened' | 'charged' | 'charged_late' | 'given_back' | 'closed';
  readonly minor: bigint;
  /** How it came about: `pay`, `payer`, `cancel`, `expiry`, or the id of a refund. */
  readonly by: string;
}

/** The books of all wallets. */
export interface Ledger {
  enter(of: LedgerSubject, kind: WalletEntry['kind'], minor: bigint, by: string, atMs: number): void;
  /** Everything that has happened, in the order in which the wallets noticed it. */
  readonly log: readonly WalletEntry[];
  entriesOf(requestId: string): readonly WalletEntry[];
}

export type LedgerSubject = Pick<WalletEntry, 'requestId' | 'merchantOrderNo' | 'returnUrl'>;

export function createLedger(): Ledger {
  const log: WalletEntry[] = [];
  const byRequest = new Map<string, WalletEntry[]>();
  return {
    enter({ requestId, merchantOrderNo, returnUrl }, kind, minor, by, atMs) {
      const entry: WalletEntry = { atMs, requestId, merchantOrderNo, returnUrl, kind, minor, by };
      log.push(entry);
      const own = byRequest.get(requestId);
      if (own === undefined) byRequest.set(requestId, [entry]);
      else own.push(entry);
    },
    log,
    entriesOf: (requestId) => byRequest.get(requestId) ?? [],
  };
}

export function ledgerSubject({ requestId, merchantOrderNo, start }: PayRequest): LedgerSubject {
  const returnUrl = start.product === 'entry_code' ? start.returnUrl : null;
  return { requestId, merchantOrderNo, returnUrl };
}
