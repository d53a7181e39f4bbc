import type { PaymentRequest } from '../domain/accept-payment.ts';
import { paymentPolicy } from '../domain/accept-payment.ts';
import { merchantShortNoOfEntryCode } from '../domain/ids.ts';
import type { Money } from '../domain/money.ts';
import type { Payment } from '../domain/payment.ts';
import { offersProduct } from '../domain/policy.ts';
import type { WalletName } from '../domain/wallets.ts';
import type { IdempotencyKey } from '../ports/journal.ts';
import type { EntryCode, Merchant, Store } from '../ports/merchant-directory.ts';
import { advanced } from './cancel.ts';
import type { Engine } from './engine.ts';
import { type BegunPayment, beginPay } from './pay.ts';
import { policyOf, recordPaymentInput } from './record.ts';

/** A store's entry code with those it belongs to. */
export interface OpenEntry {
  readonly kind: 'open';
  readonly code: EntryCode;
  readonly merchant: Merchant;
  readonly store: Store;
}

export type EntryResult =
  | OpenEntry
  | { readonly kind: 'unknown' }
  | { readonly kind: 'disabled'; readonly merchant: Merchant; readonly store: Store };

/** The store behind a code that a payer has scanned. PAY-01. */
export async function findEntry(engine: Pick<Engine, 'merchants'>, code: string): Promise<EntryResult> {
  const shortNo = merchantShortNoOfEntryCode(code);
  const merchant = shortNo === null ? null : await engine.merchants.findByShortNo(shortNo);
  const found = merchant === null ? null : await engine.merchants.findEntryCode(merchant.id, code);
  const store = merchant?.stores.find(({ id }) => id === found?.storeId);
  if (merchant === null || found === null || store === undefined) return { kind: 'unknown' };
  if (found.disabledAt !== null) return { kind: 'disabled', merchant, store };
  return { kind: 'open', code: found, merchant, store };
}

/** Largest amount that can be paid at this code with this wallet, in minor units; `null` when it cannot be paid with it. */
export function entryAmountMax(
  engine: Pick<Engine, 'policySpeed'>,
  entry: OpenEntry,
  wallet: WalletName,
): bigint | null {
  const { code, merchant } = entry;
  const isTaken = merchant.bindings.some((one) => one.wallet === wallet && one.currency === code.currency);
  if (!isTaken || !offersProduct(wallet, 'entry_code')) return null;
  return paymentPolicy(wallet, 'entry_code', merchant.policyOverrides, engine.policySpeed).amountMaxMinor;
}

export interface EntryPayment {
  readonly amount: Money;
  readonly wallet: WalletName;
  /** The payer's browser, by which the wallet routes. */
  readonly userAgent: string;
  /** Where the wallet sends the payer back to. */
  readonly returnUrl: string;
  /** Derived from the page load's token, as the key is: one page load is one attempt. Money case 11. */
  readonly orderNo: string;
  readonly key: IdempotencyKey;
}

/**
 * Begins the payment of an amount that a payer has entered and confirmed. The wallet's URL is in the payment's
 * `payerAction` once `answered` resolves; nothing is paid by it. The terminal is the store's number, since a store's code
 * was scanned and no device. PAY-01, PAY-09, money case 11.
 *
 * Refusals: those of {@link beginPay}.
 */
export async function beginEntryPayment(
  engine: Engine,
  entry: OpenEntry,
  wish: EntryPayment,
): Promise<BegunPayment> {
  const { merchant, store } = entry;
  const request: PaymentRequest = {
    merchantOrderNo: wish.orderNo,
    amount: wish.amount,
    start: { product: 'entry_code', userAgent: wish.userAgent, returnUrl: wish.returnUrl },
    storeId: store.id,
    terminalId: store.id,
    subject: store.name,
    wallet: wish.wallet,
    expiresAt: null,
    notifyUrl: null,
    metadata: {},
  };
  return beginPay(engine, merchant, request, wish.key);
}

/** The attempt of a page load, if there is one. */
export async function findEntryPayment(
  engine: Pick<Engine, 'journal'>,
  merchantId: string,
  orderNo: string,
): Promise<Payment | null> {
  const [latest] = await engine.journal.findPaymentsOfOrder(merchantId, orderNo);
  return latest ?? null;
}

/**
 * Undoes an attempt whose URL never reached its payer, who is told to begin anew; one that has ended, or whose URL came
 * meanwhile, stays as it is.
 * Accepted durably when it resolves; the first call goes on in `answered`, and the due loop does the rest.
 */
export async function beginAbandonEntryPayment(
  engine: Engine,
  payment: Payment,
  /** Whether a URL came that no page may lead to; otherwise none came. */
  issued: boolean,
): Promise<{ readonly payment: Payment; readonly answered: Promise<Payment> }> {
  const policy = await policyOf(engine, payment);
  // What was recorded since is what counts: from an older version a URL that came could look like none.
  const current = (await engine.journal.findPayment(payment.merchantId, payment.id)) ?? payment;
  const recorded = await recordPaymentInput(engine, current, { kind: 'undelivered', issued }, policy);
  return { payment: recorded, answered: advanced(engine, recorded) };
}

/** The payer has the page open or came back from the wallet: look more often. RES-16. */
export async function notePayerSeen(engine: Engine, payment: Payment): Promise<Payment> {
  const policy = await policyOf(engine, payment);
  return recordPaymentInput(engine, payment, { kind: 'payer_seen' }, policy);
}
