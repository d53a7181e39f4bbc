import { randomInt } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { WalletName } from './faults.ts';
import type { Journal } from './storage.ts';

/** Whose app a payer has. An `alipay_plus` payer has the app of one of its brands, with an account in that brand's currency. */
export interface Issuer {
  readonly wallet: WalletName;
  /** Such as `AlipayHK`: `pspName` on the wire. */
  readonly brand: string;
  readonly currency: string;
}

export const mainlandAlipay: Issuer = { wallet: 'alipay_open', brand: 'Alipay', currency: 'CNY' };

/** A person with a wallet's app. `balanceMinor` counts the issuer's currency; `null` never runs dry. */
export interface Payer extends Issuer {
  readonly payerId: string;
  /** The wallet's own id of the payer, 2088 and 12 digits: `buyer_user_id` on the wire. */
  readonly buyerId: string;
  /** Masked, as the wallet shows it to merchants. */
  readonly logonId: string;
  readonly balanceMinor: bigint | null;
}

/** A code on the payer's screen. Used or expired ones are refused, except that a reusable code is never used up. */
export interface PaymentCode {
  readonly code: string;
  readonly payerId: string;
  readonly reusable: boolean;
  readonly expiresAtMs: number | null;
  readonly usedAtMs: number | null;
}

export interface PayerRecords {
  find(payerId: string): Payer | undefined;
  findByBuyerId(buyerId: string): Payer | undefined;
  all(): readonly Payer[];
  /** Creates the payer or changes the balance of a known one, whose issuer stays. */
  put(payerId: string, balanceMinor: bigint | null, issuer?: Issuer): Payer;
  take(payer: Payer, amountMinor: bigint): void;
  giveBack(payerId: string, amountMinor: bigint): void;
  code(code: string): PaymentCode | undefined;
  /** Codes that a payment would be taken with now. */
  usableCodes(nowMs: number): readonly PaymentCode[];
  putCode(code: Omit<PaymentCode, 'usedAtMs'>): PaymentCode;
  markUsed(code: string, nowMs: number): void;
}

export function canPay(payer: Payer, amountMinor: bigint): boolean {
  return payer.balanceMinor === null || payer.balanceMinor >= amountMinor;
}

export function isUsable(code: PaymentCode, nowMs: number): boolean {
  if (code.expiresAtMs !== null && nowMs >= code.expiresAtMs) return false;
  return code.reusable || code.usedAtMs === null;
}

export function randomDigits(count: number): string {
  let digits = '';
  while (digits.length < count)
    digits += randomInt(10 ** 12)
      .toString()
      .padStart(12, '0');
  return digits.slice(0, count);
}

/** 18 digits that begin with 28, as the wallet's app shows them; some brands have 24 with a mark in the fourth place. */
export function newPaymentCode(brand: string): string {
  const mark = brand === 'PayPay' ? '801' : brand === 'MPay' ? '003' : null;
  return mark === null ? `28${randomDigits(16)}` : `28${randomDigits(1)}${mark}${randomDigits(18)}`;
}

type Row = ReturnType<ReturnType<DatabaseSync['prepare']>['get']>;

function payerOf(row: Row): Payer | undefined {
  if (row === undefined) return undefined;
  const balance = row['balance_minor'];
  return {
    payerId: row['payer_id'] as string,
    buyerId: row['buyer_id'] as string,
    logonId: row['logon_id'] as string,
    balanceMinor: balance === null ? null : BigInt(balance as number),
    wallet: row['wallet'] as WalletName,
    brand: row['brand'] as string,
    currency: row['currency'] as string,
  };
}

function codeOf(row: Row): PaymentCode | undefined {
  if (row === undefined) return undefined;
  return {
    code: row['code'] as string,
    payerId: row['payer_id'] as string,
    reusable: row['reusable'] === 1,
    expiresAtMs: row['expires_at_ms'] as number | null,
    usedAtMs: row['used_at_ms'] as number | null,
  };
}

function present<T>(value: T | undefined): value is T {
  return value !== undefined;
}

export function payerRecords(db: DatabaseSync): PayerRecords {
  const byId = db.prepare('select * from payers where payer_id = ?');
  const byBuyerId = db.prepare('select * from payers where buyer_id = ?');
  const list = db.prepare('select * from payers order by payer_id');
  const upsert = db.prepare(
    `insert into payers (payer_id, buyer_id, logon_id, balance_minor, wallet, brand, currency) values (?, ?, ?, ?, ?, ?, ?)
     on conflict (payer_id) do update set balance_minor = excluded.balance_minor`,
  );
  // An endless balance is null and stays null.
  const addToBalance = db.prepare('update payers set balance_minor = balance_minor + ? where payer_id = ?');
  const codeByText = db.prepare('select * from payment_codes where code = ?');
  const usable = db.prepare(
    `select * from payment_codes where (reusable = 1 or used_at_ms is null)
     and (expires_at_ms is null or expires_at_ms > ?) order by rowid`,
  );
  const upsertCode = db.prepare('insert or replace into payment_codes values (?, ?, ?, ?, null)');
  const useCode = db.prepare('update payment_codes set used_at_ms = ? where code = ?');

  return {
    find: (payerId) => payerOf(byId.get(payerId)),
    findByBuyerId: (buyerId) => payerOf(byBuyerId.get(buyerId)),
    all: () => list.all().map(payerOf).filter(present),
    put(payerId, balanceMinor, issuer = mainlandAlipay) {
      const digits = randomDigits(16);
      upsert.run(
        payerId,
        `2088${digits.slice(0, 12)}`,
        `1${digits.slice(0, 2)}****${digits.slice(12)}`,
        balanceMinor,
        issuer.wallet,
        issuer.brand,
        issuer.currency,
      );
      const payer = payerOf(byId.get(payerId));
      if (payer === undefined) throw new Error(`payer ${payerId} was not stored`);
      return payer;
    },
    take(payer, amountMinor) {
      if (!canPay(payer, amountMinor)) throw new Error(`payer ${payer.payerId} cannot pay ${amountMinor}`);
      if (payer.balanceMinor !== null) addToBalance.run(-amountMinor, payer.payerId);
    },
    giveBack(payerId, amountMinor) {
      addToBalance.run(amountMinor, payerId);
    },
    code: (code) => codeOf(codeByText.get(code)),
    usableCodes: (nowMs) => usable.all(nowMs).map(codeOf).filter(present),
    putCode(code) {
      upsertCode.run(code.code, code.payerId, code.reusable ? 1 : 0, code.expiresAtMs);
      return { ...code, usedAtMs: null };
    },
    markUsed(code, nowMs) {
      useCode.run(nowMs, code);
    },
  };
}

const hongKong: Issuer = { wallet: 'alipay_plus', brand: 'AlipayHK', currency: 'HKD' };
const japan: Issuer = { wallet: 'alipay_plus', brand: 'PayPay', currency: 'JPY' };
const korea: Issuer = { wallet: 'alipay_plus', brand: 'KakaoPay', currency: 'KRW' };
const philippines: Issuer = { wallet: 'alipay_plus', brand: 'GCash', currency: 'PHP' };
/** The brand of a payer whose account is in US dollars, which no wallet of Alipay+ is known for. */
const testWallet: Issuer = { wallet: 'alipay_plus', brand: 'TestWallet', currency: 'USD' };

const sandboxPayers: readonly (readonly [string, bigint | null, Issuer])[] = [
  ['sandbox-payer', null, mainlandAlipay],
  ['sandbox-payer-50-yuan', 5000n, mainlandAlipay],
  ['sandbox-payer-plus', null, testWallet],
  ['sandbox-payer-plus-5-dollars', 500n, testWallet],
  ['sandbox-payer-plus-hk', null, hongKong],
  ['sandbox-payer-plus-jp', null, japan],
  ['sandbox-payer-plus-kr', null, korea],
  ['sandbox-payer-plus-ph', null, philippines],
];

/**
 * A first start has, in each wallet, a payer whose funds never end (`sandbox-payer`, `sandbox-payer-plus`) and one who is soon
 * out of money, each with a code that can be used again and again: enough for a first payment and a first refusal. A payer
 * who is there already stays as he is.
 */
export async function addSandboxPayers(journal: Journal, payers: PayerRecords): Promise<void> {
  await journal.submit(() => {
    for (const [payerId, balanceMinor, issuer] of sandboxPayers) {
      if (payers.find(payerId) !== undefined) continue;
      payers.put(payerId, balanceMinor, issuer);
      payers.putCode({ code: newPaymentCode(issuer.brand), payerId, reusable: true, expiresAtMs: null });
    }
  });
}
