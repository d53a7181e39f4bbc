import type { WalletName } from '../domain/wallets.ts';
import type { Engine } from '../operations/engine.ts';
import type { Heard } from '../ports/wallet-directory.ts';

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
  /** What a call of this process has told of its account. */
  heard(wallet: WalletName, account: string, heard: Heard): void;
  /** Starts no more releases and waits for those under way. */
  stop(): Promise<void>;
}

/** Other processes may have left steps waiting for an account that answers here: looked for so often. */
const lookEveryMs = 30_000;
/** And after each silence, but no sooner than this after the last look. */
const lookAgainMs = 1_000;

/** While an account is silent one step is sent ahead so often, ever less often the longer it lasts. */
const scoutEveryMsMin = 2_000;
const scoutEveryMsMax = 15_000;
const scoutShare = 0.1;
/**
 * When none has waited for so long, none is looked for. A step that was sent ahead is no more held while it is claimed and
 * called, and those that fell due together are held a moment after the silence that the first of them met.
 */
const scoutsUntilNoneMs = 60_000;

/**
 * Brings the steps forward that wait for an account which answers again: at once, the oldest window end first, so many at
 * a time until none waits or the account falls silent. While it is silent one step at a time is sent ahead, so that the end of an
 * outage is noticed within seconds although nobody else calls. Nothing of this is needed for a step to be taken in the end, since each
 * row is its own timer; so a crash in between loses nothing but time. CAN-01, money case 14.
 */
export function startReleases(
  engine: Pick<Engine, 'due' | 'wallets' | 'clock' | 'changes'>,
  { batch, batchEveryMs, onError }: ReleaseOptions,
): Releases {
  const stopped = new AbortController();
  const underWay = new Map<string, Promise<void>>();
  const scouts = new Map<string, Promise<void>>();
  const lookedAtMs = new Map<string, number>();
  const silentSinceMs = new Map<string, number>();
  /** Accounts that fell silent after the last look. */
  const silenced = new Set<string>();

  function isSilent(wallet: WalletName, account: string): boolean {
    return (engine.wallets.outage?.(wallet, account) ?? null) !== null;
  }

  async function bringForward(wallet: WalletName, account: string, limit: number): Promise<number> {
    const released = await engine.due.releaseHeld(wallet, account, limit);
    if (released > 0) engine.changes.publish(`${wallet}/${account}`, engine.clock.now());
    return released;
  }

  async function release(wallet: WalletName, account: string): Promise<void> {
    for (;;) {
      const released = await bringForward(wallet, account, batch);
      // Another process may have had a part of the batch: only when nobody finds any more does none wait.
      if (released === 0 || isSilent(wallet, account) || stopped.signal.aborted) return;
      await engine.clock.sleep(batchEveryMs, stopped.signal);
    }
  }

  /** Releases everything that waits for the account; one such release at a time. */
  function released(wallet: WalletName, account: string): Promise<void> {
    const name = `${wallet}/${account}`;
    silenced.delete(name);
    const releasing = release(wallet, account)
      .catch((error: unknown) => {
        silenced.add(name);
        throw error;
      })
      .finally(() => lookedAtMs.set(name, engine.clock.monotonicMs()));
    return started(underWay, name, releasing);
  }

  /**
   * Ends when the account answers, or nothing has waited for it for a while; the next silence sends another. What went
   * unanswered last is held after the first answers have released the others, and perhaps nobody calls any more: it is
   * released here.
   */
  async function scout(wallet: WalletName, account: string, sinceMs: number): Promise<void> {
    let foundAtMs = engine.clock.monotonicMs();
    for (;;) {
      const lastsMs = engine.clock.monotonicMs() - sinceMs;
      const waitMs = Math.min(scoutEveryMsMax, Math.max(scoutEveryMsMin, lastsMs * scoutShare));
      await engine.clock.sleep(waitMs, stopped.signal);
      if (stopped.signal.aborted) return;
      if (!isSilent(wallet, account)) {
        await underWay.get(`${wallet}/${account}`);
        await released(wallet, account);
        if (!isSilent(wallet, account)) return;
        continue;
      }
      const nowMs = engine.clock.monotonicMs();
      try {
        if ((await bringForward(wallet, account, 1)) > 0) foundAtMs = nowMs;
        else if (nowMs >= foundAtMs + scoutsUntilNoneMs) return;
      } catch (error) {
        // The database is away: nobody knows whether one waits.
        onError(error);
        foundAtMs = nowMs;
      }
    }
  }

  function started(jobs: Map<string, Promise<void>>, name: string, job: Promise<void>): Promise<void> {
    const ended = job.catch(onError).finally(() => jobs.delete(name));
    jobs.set(name, ended);
    return ended;
  }

  return {
    heard(wallet, account, heard) {
      const name = `${wallet}/${account}`;
      if (heard !== 'answered') silenced.add(name);
      if (stopped.signal.aborted) return;
      if (heard === 'silence') {
        const sinceMs = silentSinceMs.get(name) ?? engine.clock.monotonicMs();
        silentSinceMs.set(name, sinceMs);
        if (!scouts.has(name)) void started(scouts, name, scout(wallet, account, sinceMs));
        return;
      }
      silentSinceMs.delete(name);
      if (underWay.has(name)) return;
      const restMs = silenced.has(name) ? lookAgainMs : lookEveryMs;
      if (engine.clock.monotonicMs() < (lookedAtMs.get(name) ?? Number.NEGATIVE_INFINITY) + restMs) return;
      void released(wallet, account);
    },
    async stop() {
      stopped.abort();
      await Promise.all([...underWay.values(), ...scouts.values()]);
    },
  };
}
