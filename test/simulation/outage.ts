import type { WalletName } from '../../src/domain/wallets.ts';
import type { Random } from './random.ts';

/** A time in which a wallet's account cannot be reached. */
export interface Outage {
  readonly wallet: WalletName;
  /** After the start. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** No connection is made, or one is and nothing ever comes back. */
  readonly kind: 'refuses' | 'hangs';
}

/** One that lasts longer shows nothing more, and takes many events. */
const outageMsMax = 60 * 60_000;

/** An outage that ends with the other faults, or before them. */
export function drawOutage(random: Random, faultsEndMs: number): Outage {
  const fromMs = random.integer(0, Math.floor(faultsEndMs / 2));
  return {
    wallet: random.pick(['alipay_open', 'alipay_plus']),
    fromMs,
    untilMs: random.integer(fromMs, Math.min(faultsEndMs, fromMs + outageMsMax)),
    kind: random.pick(['refuses', 'refuses', 'hangs']),
  };
}

/** Outages as they are counted. */
export const outageNames: { readonly [kind in Outage['kind']]: string } = {
  refuses: 'wallet account refuses connections',
  hangs: 'wallet account hangs',
};

/** How the gateway should be seen to come through them. */
export const outageSteps = {
  held: 'a step is held for its account',
  released: 'held steps are brought forward',
  refused: 'a payment is refused before it is recorded',
} as const;
