import type { Logger } from 'pino';
import type { HeardListener } from './wallets.ts';

/** An account that comes and goes fills no log: it is told to have gone at most so often. */
const toldEveryMs = 10_000;

/** Tells the log when this process finds a wallet account silent, and when it answers again. RES-19. */
export function tellOutages(log: Pick<Logger, 'warn' | 'info'>, monotonicMs: () => number): HeardListener {
  const silentSinceMs = new Map<string, number>();
  const toldAtMs = new Map<string, number>();
  return (wallet, account, heard) => {
    const name = `${wallet}/${account}`;
    const nowMs = monotonicMs();
    const sinceMs = silentSinceMs.get(name);
    if (heard !== 'silence') {
      if (sinceMs === undefined) return;
      silentSinceMs.delete(name);
      log.info(
        { wallet, account, silentS: Math.round((nowMs - sinceMs) / 1_000) },
        'a wallet account answers again: what waits for it is released',
      );
      return;
    }
    if (sinceMs !== undefined || nowMs < (toldAtMs.get(name) ?? Number.NEGATIVE_INFINITY) + toldEveryMs)
      return;
    silentSinceMs.set(name, nowMs);
    toldAtMs.set(name, nowMs);
    log.warn(
      { wallet, account },
      'a wallet account has stopped answering: steps wait for it, and new payments may be refused',
    );
  };
}
