import { offersProduct, type PolicyOverride, productsOf } from '../../domain/policy.ts';
import {
  figureNamed,
  figureOfText,
  type PolicyFigure,
  policyFigures,
  withFigure,
} from '../../domain/policy-figures.ts';
import {
  isWalletName,
  type ProductName,
  productNames,
  type WalletName,
  walletNames,
} from '../../domain/wallets.ts';
import type { CommandName } from './commands.ts';
import { type CommandFailure, usageError } from './exit-codes.ts';
import { printable } from './terminal-text.ts';

/** A product of a wallet, for which a policy holds. */
export interface PolicyPlace {
  readonly wallet: WalletName;
  readonly product: ProductName;
}

/**
 * The places that `--wallet` and `--product` narrow down to, every one when neither is given. Throws a usage error
 * that names the option when one is unknown, or when the wallet offers no such product.
 */
export function policyPlaces(
  options: { readonly wallet?: string | undefined; readonly product?: string | undefined },
  command: CommandName,
): readonly PolicyPlace[] {
  const { wallet, product } = options;
  if (wallet !== undefined && !isWalletName(wallet)) {
    throw unusable(command, 'wallet', wallet, `is none of ${walletNames.join(', ')}`);
  }
  const isProduct = (name: string): name is ProductName => (productNames as readonly string[]).includes(name);
  if (product !== undefined && !isProduct(product)) {
    throw unusable(command, 'product', product, `is none of ${productNames.join(', ')}`);
  }
  if (wallet !== undefined && product !== undefined && !offersProduct(wallet, product)) {
    const offered = productsOf(wallet).join(', ');
    throw unusable(command, 'product', product, `cannot be paid with ${wallet}, which offers ${offered}`);
  }
  return (wallet === undefined ? walletNames : [wallet]).flatMap((name) =>
    productsOf(name)
      .filter((offered) => product === undefined || offered === product)
      .map((offered) => ({ wallet: name, product: offered })),
  );
}

/** An override with what each `NAME=VALUE` sets in it. Throws a usage error that names the first that cannot be read. */
export function withAssignments(before: PolicyOverride, assignments: readonly string[]): PolicyOverride {
  const names = new Set<string>();
  let override = before;
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at < 1) throw unusable('merchant policy set', 'set', assignment, 'is not NAME=VALUE');
    const figure = knownFigure('merchant policy set', 'set', assignment, assignment.slice(0, at));
    const value = figureOfText(figure, assignment.slice(at + 1));
    if (value === null) throw unusable('merchant policy set', 'set', assignment, `is no ${kindText(figure)}`);
    if (names.has(figure.name))
      throw unusable('merchant policy set', 'set', assignment, 'sets it a second time');
    names.add(figure.name);
    override = withFigure(override, figure, value);
  }
  return override;
}

/** The figures that `--figure` names. Throws a usage error that names an unknown one. */
export function namedFigures(names: readonly string[]): readonly PolicyFigure[] {
  return names.map((name) => knownFigure('merchant policy clear', 'figure', name, name));
}

function knownFigure(command: CommandName, option: string, text: string, name: string): PolicyFigure {
  const figure = figureNamed(name);
  if (figure !== null) return figure;
  const names = policyFigures.map((known) => known.name).join(', ');
  throw unusable(command, option, text, `names no figure of a policy: they are ${names}`);
}

function kindText({ unit }: PolicyFigure): string {
  switch (unit) {
    case 'time':
      return 'time: write it like 500ms, 15s, 5m, 24h or 7d';
    case 'count':
      return 'count: write it in digits';
    case 'minor_units':
      return 'amount: write it in minor units, in digits';
    case 'yes_or_no':
      return 'yes or no';
    case 'word':
      return 'word';
    default:
      return unit satisfies never;
  }
}

function unusable(command: CommandName, option: string, value: string, why: string): CommandFailure {
  return usageError(`--${option} ${printable(value)} ${why}`, command);
}
