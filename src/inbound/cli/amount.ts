import { formatDecimal, type Money, minorUnitDigits, parseDecimal } from '../../domain/money.ts';
import { type AmountSnapshot, amountSnapshot } from '../../operations/snapshots.ts';
import type { CommandName } from './commands.ts';
import { usageError } from './exit-codes.ts';
import { printable } from './terminal-text.ts';

/**
 * The amount that somebody typed, in major units, exactly: what has more digits than the currency is refused, never
 * rounded. Throws a usage error. PAY-07.
 */
export function typedAmount(command: CommandName, currency: string, text: string): AmountSnapshot {
  const digits = minorUnitDigits(currency);
  if (digits === null) {
    throw usageError(`--currency ${printable(currency)} is not an ISO 4217 code such as CNY`, command);
  }
  const amount = parseDecimal(currency, text);
  if (amount === null) {
    const example = formatDecimal({ currency, minor: 10n ** BigInt(digits) });
    const most = digits === 0 ? 'without decimals' : `with at most ${digits} decimals`;
    throw usageError(
      `--amount ${printable(text)} is no amount of ${currency}: give it as in ${example}, ${most}`,
      command,
    );
  }
  if (amount.minor <= 0n) throw usageError(`--amount ${printable(text)} is not more than zero`, command);
  if (amount.minor > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw usageError(`--amount ${printable(text)} is more than any payment can be`, command);
  }
  return amountSnapshot(amount);
}

/** An amount as people read it: `12.34 CNY`. */
export function amountText(amount: AmountSnapshot): string {
  const money: Money = { currency: amount.currency, minor: BigInt(amount.value) };
  return minorUnitDigits(money.currency) === null
    ? `${money.minor} minor units of ${money.currency}`
    : `${formatDecimal(money)} ${money.currency}`;
}
