import { type WalletName, wantsSource } from '../../domain/wallets.ts';
import { CommandFailure, exitCodes, usageError } from './exit-codes.ts';
import type { Binding, MerchantWish } from './merchant-options.ts';

/** A binding as it is registered, or to be. */
export interface SourcedBinding extends Binding {
  /** `null` where the wallet asks for none, and of one that is older than sources. */
  readonly source: string | null;
}

/** The source that a binding has unless somebody says otherwise. */
export interface UsualSource {
  readonly pid: string;
  /** Whose it is, for people. */
  readonly of: string;
}

export interface SourcedBindings {
  /** Those to save: what was wished for, and what gets another source. */
  readonly bindings: readonly SourcedBinding[];
  /** Of every binding whose source is not the usual one, what people should know. */
  readonly warnings: readonly string[];
}

/**
 * Who has brought the merchant, for each of its wallets that is told. By default it is the channel that did, or the acquirer
 * itself; another value is taken and warned of. Throws where none is known: the wallet would refuse to onboard the merchant.
 * ONB-02, ONB-10.
 */
export function sourcedBindings(
  wish: Pick<MerchantWish, 'id' | 'bindings' | 'source'>,
  known: readonly SourcedBinding[],
  usualOf: (binding: { readonly wallet: WalletName; readonly account: string }) => UsualSource | null,
): SourcedBindings {
  const before = new Map(known.map((binding) => [placeOf(binding), binding]));
  const wished = new Map(wish.bindings.map((binding) => [placeOf(binding), binding]));
  const bindings: SourcedBinding[] = [];
  const warnings: string[] = [];
  for (const [place, binding] of new Map<string, Binding>([...before, ...wished])) {
    if (!wantsSource(binding.wallet)) {
      if (wished.has(place)) bindings.push({ ...binding, source: null });
      continue;
    }
    const usual = usualOf(binding);
    const source = wish.source ?? before.get(place)?.source ?? usual?.pid ?? null;
    if (source === null && wished.has(place)) {
      throw new CommandFailure(
        exitCodes.failed,
        `${place} of merchant ${wish.id} has no source: say with --source whose PID has brought it, or name the seller of ` +
          `account ${binding.account} (\`shoudan account add --replace --seller-id\`)`,
      );
    }
    if (wished.has(place) || wish.source !== undefined) bindings.push({ ...binding, source });
    if (source !== null && usual !== null && source !== usual.pid) {
      warnings.push(
        `the source of ${place} is ${source}, and ${usual.of} is ${usual.pid}: \`--source ${usual.pid}\` unless somebody else has brought the merchant`,
      );
    }
  }
  if (wish.source !== undefined && !bindings.some(({ wallet }) => wantsSource(wallet))) {
    throw usageError(
      `--source ${wish.source} is for wallets that ask for one, and merchant ${wish.id} has none of these: --bind it first`,
      'merchant add',
    );
  }
  return { bindings, warnings };
}

/** What there is one binding of: a wallet and a currency. */
function placeOf({ wallet, currency }: Pick<Binding, 'wallet' | 'currency'>): string {
  return `${wallet} ${currency}`;
}
