import type { WalletName } from './wallets.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Until when a wallet usually takes a cancel: some time into the day after the payment's, or so long after it. */
type CancelWindow =
  | { readonly kind: 'day_after'; readonly utcOffsetMs: number; readonly graceMs: number }
  | { readonly kind: 'after'; readonly ms: number };

const windows: { readonly [wallet in WalletName]: CancelWindow } = {
  // "The same day" in older pages, 24 hours in newer ones. The later of the two never gives up too early.
  alipay_open: { kind: 'after', ms: dayMs },
  alipay_plus: { kind: 'day_after', utcOffsetMs: 8 * hourMs, graceMs: 15 * minuteMs },
};

/**
 * When the wallet's usual window for a cancel of this payment ends. It says who goes first and warns; that the window
 * has passed is for the wallet's own answer to say. RES-07.
 */
export function cancelWindowEnd(wallet: WalletName, createdAt: Date): Date {
  const window = windows[wallet];
  switch (window.kind) {
    case 'after':
      return new Date(createdAt.getTime() + window.ms);
    case 'day_after': {
      const localMs = createdAt.getTime() + window.utcOffsetMs;
      const nextDayMs = (Math.floor(localMs / dayMs) + 1) * dayMs;
      return new Date(nextDayMs - window.utcOffsetMs + window.graceMs);
    }
    default:
      return window satisfies never;
  }
}
