/** The invariants, by name: what a violation of each would mean. */
export const invariants = {
  'one-sided-charge': 'the payer has paid for what ended unpaid, or has the money of what ended paid',
  'charged-twice-order': 'two attempts of one order hold the payer’s money',
  'two-attempts-of-a-page': 'one page load of an entry code led to two attempts',
  'ended-while-payable': 'the payment ended unpaid while the payer could still pay it, or had',
  'payable-after-final': 'the wallet opened or charged a payment that had ended unpaid',
  'success-without-charge': 'the payment succeeded before the wallet had charged anybody',
  'over-refund': 'more was reserved or given back than was paid',
  'refund-view': 'a refund’s state and the wallet’s record of it differ',
  'wallet-view': 'the wallet’s status and the payment’s state do not belong together',
  'refund-id-wasted': 'a reversal took a new refund id although the last one had not failed for good',
  'unknown-trade': 'the wallet has a payment or refund that the gateway does not know',
  'forgotten-row': 'something is open and nothing will happen to it, or nobody does it',
  'left-waiting': 'a step that was due was not taken for minutes, although nothing went wrong any more',
  'provisional-past-horizon': 'a provisional cancel was left standing, or ended too early',
  'accepted-cancel-lost': 'a cancel was accepted and the payer’s money is kept',
  'status-flipped': 'the merchant was told a status that cannot follow an earlier one',
  'told-what-never-was': 'the merchant was told what the journal never held',
  'never-told': 'the merchant was not told how a payment or refund ended, and nobody is alerted',
  'told-twice': 'an end was announced more than once',
  'success-undone-by-timer': 'a success was reversed without the merchant asking',
  'payer-cut-off': 'an entry or order code’s payment was given up before its close time',
  'acknowledged-but-forgotten': 'a wallet was told that its notification was taken, and it is not recorded',
  'illegal-move': 'a timeline does not follow the lifecycle tables to the recorded state',
  'own-mistake': 'the gateway’s code threw on something that the simulation did not do',
  'not-quiet': 'the run did not come to rest',
} as const;

export type Invariant = keyof typeof invariants;

/** What must never be. Named after what would be seen in production. */
export interface Violation {
  readonly invariant: Invariant;
  readonly detail: string;
}
