import type { Money } from '../../domain/money.ts';
import { readYuan } from './yuan.ts';

/** One funding tool of a payment. Rule REC-08. */
export interface FundBill {
  /** `BANKCARD`, `PCREDIT`, `COUPON` and so on; the list grows. */
  readonly channel: string;
  readonly amount: Money;
  /** `DEBIT_CARD`, `CREDIT_CARD` or `MIXED_CARD`, for bank cards of accounts that have this switched on. */
  readonly fundType: string | null;
}

/**
 * Funding tools from `fund_bill_list`: an array in answers (`fund_channel`), JSON text in notifications
 * (`fundChannel`), and either spelling in either place. An entry that cannot be read is left out: the list says
 * where the money came from, never how much was paid.
 */
export function readFundBills(list: unknown): FundBill[] {
  const entries: unknown = typeof list === 'string' ? parsed(list) : list;
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const member = (snake: string, camel: string): string | null => {
      const value: unknown = Reflect.get(entry, snake) ?? Reflect.get(entry, camel);
      return typeof value === 'string' && value !== '' ? value : null;
    };
    const channel = member('fund_channel', 'fundChannel');
    const amount = readYuan(member('amount', 'amount') ?? '');
    if (channel === null || amount === null) return [];
    return [{ channel, amount, fundType: member('fund_type', 'fundType') }];
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
