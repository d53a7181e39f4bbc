import { decidePayment, type PaymentInput } from './decide-payment.ts';
import { madeAtOf, paymentIdOfRequest } from './ids.ts';
import type { Money } from './money.ts';
import { newReversal, type Payment, publicStatus } from './payment.ts';
import { later } from './payment-changes.ts';
import type { PaymentPolicy } from './policy.ts';
import type { WalletName } from './wallets.ts';

/**
 * A cancel on its way to one wallet account, of a payment that nobody here knows: after a restore the wallet may have a
 * payment which this database has lost. Its id says whose it is and when it was made; its order, its store and its
 * product stay unknown, and its amount does until the wallet names it. Money case 10.
 */
export interface StrayCancel {
  readonly merchantId: string;
  /** One cancel and one account make one id: a repeated request finds the same row. */
  readonly id: string;
  /** The upstream id that the merchant's cancel named. */
  readonly requestId: string;
  readonly wallet: WalletName;
  readonly account: string;
  /** The order amount, by the wallet's word; `null` until the wallet has shown that it knows the payment. */
  readonly amount: Money | null;
  readonly state: StrayCancelState;
  readonly reversal: NonNullable<Payment['reversal']>;
  readonly knownToWallet: boolean;
  readonly paidEvidence: boolean;
  readonly walletTransactionId: string | null;
  readonly cancelledBy: Payment['cancelledBy'];
  readonly nextStep: Payment['nextStep'];
  readonly tries: number;
  readonly attention: Payment['attention'];
  readonly version: number;
  /** When the merchant's cancel was accepted. */
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const strayCancelStates = ['reversing', 'cancelled_provisionally', 'cancelled'] as const;
export type StrayCancelState = (typeof strayCancelStates)[number];

/** What can happen to a stray cancel: its own calls' answers, calls that could not be made, and the wallet's notifications. */
export type StrayCancelInput = Extract<
  PaymentInput,
  {
    readonly kind:
      | 'inquiry_answered'
      | 'cancel_answered'
      | 'reversal_refund_answered'
      | 'reversal_refund_inquired'
      | 'notified'
      | 'held_up'
      | 'step_failed';
  }
>;

/** What is watched for as long as any payment can be paid is asked for so many times less often. */
const watchPatience = 6;

/**
 * The policy of a stray cancel, of the policies of its wallet's products. Nobody knows what was sold how: the horizon of the
 * longest-lived product holds for every one. RES-20.
 */
export function strayCancelPolicy(products: readonly PaymentPolicy[]): PaymentPolicy {
  const lifeMs = ({ codeLifeMs, expiryMaxMs }: PaymentPolicy): number => codeLifeMs + expiryMaxMs;
  const [longest] = [...products].sort((a, b) => lifeMs(b) - lifeMs(a));
  if (longest === undefined) throw new RangeError('a wallet without products has nothing to cancel');
  const { watchRetry } = longest;
  return { ...longest, watchRetry: { ...watchRetry, maxMs: watchRetry.maxMs * watchPatience } };
}

export function strayCancelId(requestId: string, wallet: WalletName, account: string): string {
  return `${requestId}@${wallet}/${account}`;
}

/** A stray cancel as it is accepted: due at once. */
export function newStrayCancel(
  named: Pick<StrayCancel, 'merchantId' | 'requestId' | 'wallet' | 'account'>,
  now: Date,
): StrayCancel {
  return {
    ...named,
    id: strayCancelId(named.requestId, named.wallet, named.account),
    amount: null,
    state: 'reversing',
    reversal: newReversal('merchant'),
    knownToWallet: false,
    paidEvidence: false,
    walletTransactionId: null,
    cancelledBy: null,
    nextStep: { action: 'cancel', dueAt: now },
    tries: 0,
    attention: null,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}

/**
 * What becomes of a stray cancel when something happens: what would become of the payment's own reversal. Cancelled, or
 * refunded once the cancel window has passed, or watched until nothing of its id can be paid any more. RES-06, RES-07,
 * RES-20. Pure, as `decidePayment` is.
 */
export function decideStrayCancel(
  cancel: StrayCancel,
  input: StrayCancelInput,
  policy: PaymentPolicy,
  now: Date,
): StrayCancel {
  const told: StrayCancel = { ...cancel, amount: cancel.amount ?? amountNamedBy(input) };
  const before = standIn(told, policy);
  const { payment } = decidePayment(before, input, policy, now);
  if (payment === before) return cancel;
  return {
    ...told,
    state: stateOf(payment),
    reversal: payment.reversal ?? cancel.reversal,
    knownToWallet: payment.knownToWallet,
    paidEvidence: payment.paidEvidence,
    walletTransactionId: payment.walletTransactionId,
    cancelledBy: payment.cancelledBy,
    nextStep: amountBeforeRefund(payment, told),
    tries: payment.tries,
    attention: payment.attention,
  };
}

function amountNamedBy(input: StrayCancelInput): Money | null {
  return input.kind === 'inquiry_answered' && input.answer.kind === 'paid' ? input.answer.amount : null;
}

/**
 * A notified amount is evidence that something was paid, and nothing here can be compared with how much: too little would be
 * given back, or more than the wallet takes. The amount is what an inquiry says, and it is asked for before any refund. RES-17.
 */
function amountBeforeRefund({ nextStep }: Payment, { amount }: StrayCancel): Payment['nextStep'] {
  if (nextStep?.action !== 'refund' || amount !== null) return nextStep;
  return { action: 'inquire', dueAt: nextStep.dueAt };
}

/** No step that needs an amount is decided on while no inquiry has named one. */
const unnamedAmount: Money = { currency: 'unnamed', minor: 1n };

/**
 * The lost payment as far as it is known, for what is decided on every payment's reversal. It counts as made when its id
 * was, and as payable for as long as any payment of this wallet can be.
 */
export function standIn(cancel: StrayCancel, policy: PaymentPolicy): Payment {
  const id = paymentIdOfRequest(cancel.requestId);
  if (id === null) throw new RangeError(`${cancel.requestId} is not one of our upstream ids`);
  const createdAt = paymentMadeAt(cancel);
  const amount = cancel.amount ?? unnamedAmount;
  const refunded = cancel.cancelledBy === 'refund' ? amount.minor : 0n;
  return {
    merchantId: cancel.merchantId,
    id,
    merchantOrderNo: '',
    wallet: cancel.wallet,
    account: cancel.account,
    product: 'payment_code',
    amount,
    storeId: '',
    terminalId: '',
    subMerchantId: '',
    subject: '',
    expiresAt: later(createdAt, policy.expiryMaxMs),
    notifyUrl: null,
    metadata: {},
    state: cancel.state,
    reversal: cancel.reversal,
    knownToWallet: cancel.knownToWallet,
    paidEvidence: cancel.paidEvidence,
    walletTransactionId: cancel.walletTransactionId,
    payerAction: null,
    payerActiveUntil: null,
    paidAt: null,
    failure: null,
    cancelledBy: cancel.cancelledBy,
    refundReserved: refunded,
    refunded,
    openRefunds: 0,
    nextStep: cancel.nextStep,
    tries: cancel.tries,
    attention: cancel.attention,
    version: cancel.version,
    createdAt,
    updatedAt: cancel.updatedAt,
  };
}

/** When the lost payment was made, by its id; an id from the future is no older than its cancel. */
export function paymentMadeAt({ requestId, createdAt }: Pick<StrayCancel, 'requestId' | 'createdAt'>): Date {
  const madeAt = madeAtOf(requestId);
  return madeAt === null || madeAt > createdAt ? createdAt : madeAt;
}

/** As merchants see it. A provisional cancel shows `cancelled`: late money is returned. */
export function publicCancelStatus(cancel: Pick<StrayCancel, 'state'>): 'processing' | 'cancelled' {
  return publicStatus(cancel) === 'cancelled' ? 'cancelled' : 'processing';
}

function stateOf({ state }: Payment): StrayCancelState {
  const own = strayCancelStates.find((each) => each === state);
  if (own === undefined) throw new Error(`a reversal led a payment to ${state}`);
  return own;
}
