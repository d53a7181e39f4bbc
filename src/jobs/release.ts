import type { WalletName } from '../domain/wallets.ts';
import type { Engine } from '../operations/engine.ts';

export interface ReleaseOptions {
  /** Steps brought forward at a time. */
  readonly batch: number;
  /** Between two batches of one account. */
  readonly batchEveryMs: number;
  readonly onError: (error: unknown) => void;
}

/** Fifty at a time, two hundred a second: what piled up in an outage comes back as a stream, not as a wall. */
export const releasePace = { batch: 50, batchEveryMs: 250 } as const;

export interface Releases {
  /** A call of this process to this account was answered; `afterSilence`: the one before was not. */
  answered(wallet: WalletName, account: string, afterSilence: boolean): void;
  /** Starts no more releases and waits for those under way. */
  stop(): Promise<void>;
}

/** Other processes may have left steps waiting for an account that answers here: looked for so often. */
const lookEveryMs = 30_000;
/** And after each silence, but no sooner than this after the last look. */
const lookAgainMs = 1_000;

/**
 * Brings the steps forward that wait for an account which answers again: at once, the oldest window end first, so many at
 * a time until none waits or the account falls silent. Nothing of this is needed for a step to be taken in the end, since each
 * row is its own timer; so a crash in between loses nothing but time. CAN-01, money case 14.
 */
export function startReleases(
  engine: Pick<Engine, 'due' | 'wallets' | 'clock' | 'changes'>,
  { batch, batchEveryMs, onError }: ReleaseOptions,
): Releases {
  const stopped = new AbortController();
  const underWay = new Map<string, Promise<void>>();
  const lookedAtMs = new Map<string, number>();
  /** Accounts that fell silent after the last look. */
  const silenced = new Set<string>();

  async function release(wallet: WalletName, account: string): Promise<void> {
    for (;;) {
      const released = await engine.due.releaseHeld(wallet, account, batch);
      if (released > 0) engine.changes.publish(`${wallet}/${account}`, engine.clock.now());
      const isSilent = (engine.wallets.outage?.(wallet, account) ?? null) !== null;
      if (released < batch || isSilent || stopped.signal.aborted) return;
      await engine.clock.sleep(batchEveryMs, stopped.signal);
    }
  }

  return {
    answered(wallet, account, afterSilence) {
      const name = `${wallet}/${account}`;
      if (afterSilence) silenced.add(name);
      if (underWay.has(name) || stopped.signal.aborted) return;
      const restMs = silenced.has(name) ? lookAgainMs : lookEveryMs;
      if (engine.clock.monotonicMs() < (lookedAtMs.get(name) ?? Number.NEGATIVE_INFINITY) + restMs) return;
      silenced.delete(name);
      const releasing = release(wallet, account)
        .catch((error: unknown) => {
          silenced.add(name);
          onError(error);
        })
        .finally(() => {
          underWay.delete(name);
          lookedAtMs.set(name, engine.clock.monotonicMs());
        });
      underWay.set(name, releasing);
    },
    async stop() {
      stopped.abort();
      await Promise.all(underWay.values());
    },
  };
}
