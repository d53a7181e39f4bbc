import { randomInt } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Journal } from './storage.ts';

/** A person with the wallet's app. `balanceMinor` is fen; `null` never runs dry. */
export interface Payer {
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
  /** Creates the payer or changes the balance of a known one. */
  put(payerId: string, balanceMinor: bigint | null): Payer;
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

/** 18 digits that begin with 28, as the wallet's app shows them. */
export function newPaymentCode(): string {
  return `28${randomDigits(16)}`;
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
    'insert into payers values (?, ?, ?, ?) on conflict (payer_id) do update set balance_minor = excluded.balance_minor',
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
    put(payerId, balanceMinor) {
      const digits = randomDigits(16);
      upsert.run(
        payerId,
        `2088${digits.slice(0, 12)}`,
        `1${digits.slice(0, 2)}****${digits.slice(12)}`,
        balanceMinor,
      );
      const payer = payerOf(byId.get(payerId));
      if (payer === undefined) throw new Error(`payer ${payerId} was not stored`);
      return payer;
    },
    take(payer, amountMinor) {
      if (!canPay(payer, amountMinor))
        throw new Error(`payer ${payer.payerId} cannot pay ${amountMinor} fen`);
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

/**
 * A first start has a payer whose funds never end and one with 50.00 yuan, each with a code that can be used again and
 * again: enough for a first payment and a first refusal. A later start changes nothing.
 */
export async function addSandboxPayers(journal: Journal, payers: PayerRecords): Promise<void> {
  await journal.submit(() => {
    if (payers.all().length > 0) return;
    for (const [payerId, balanceMinor] of [
      ['sandbox-payer', null],
      ['sandbox-payer-50-yuan', 5000n],
    ] as const) {
      payers.put(payerId, balanceMinor);
      payers.putCode({ code: newPaymentCode(), payerId, reusable: true, expiresAtMs: null });
    }
  });
}
