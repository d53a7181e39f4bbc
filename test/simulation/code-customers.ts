import type { WalletName } from '../../src/domain/wallets.ts';
import type { World } from './world.ts';

/** Where a payer stands who holds a URL or sees a code: what is known of the payment behind it. */
export interface Shown {
  readonly wallet: WalletName;
  /** The URL to open, or the code to scan. */
  readonly issued: string;
  readonly closesAtMs: number;
}

/** Who photographs a code may come back with it so much later. */
const photoMs = 3 * 60 * 60_000;

/** A payer goes to the wallet with what is shown: at once, after dawdling, about the close, hours later, or never. */
export function comeToWallet(world: World, shown: Shown): void {
  const { scheduler, random, tally, plan } = world;
  const traits = plan.visitors;
  const inMs = (): number => {
    if (random.chance(traits.comesLate)) {
      tally.count('visitor', 'comes about the close or later');
      const closesInMs = shown.closesAtMs - scheduler.nowMs();
      const afterMs = random.chance(0.5) ? random.integer(-20_000, 20_000) : random.magnitude(1_000, photoMs);
      return Math.max(0, closesInMs + afterMs);
    }
    if (!random.chance(traits.dawdles)) return random.magnitude(200, 15_000);
    tally.count('visitor', 'dawdles');
    return random.magnitude(1_000, traits.dawdleMsMax);
  };
  if (random.chance(traits.abandons)) {
    tally.count('visitor', 'abandons');
    return;
  }
  scheduler.after(inMs(), () => world.wallets[shown.wallet].payerComes(shown.issued));
}

/** The till shows a code: nobody else can scan it, and anybody who sees it can. */
export function showCode(world: World, shown: Shown): void {
  const { random, tally, plan } = world;
  tally.count('visitor', 'is shown a code');
  comeToWallet(world, shown);
  if (random.chance(plan.visitors.secondPayer)) {
    tally.count('visitor', 'is the second one at a code');
    comeToWallet(world, shown);
  }
}
