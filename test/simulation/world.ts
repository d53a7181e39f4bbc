import { createMemoryJournal, type MemoryJournal } from '../../src/adapters/memory/journal.ts';
import type { Payment } from '../../src/domain/payment.ts';
import type { Merchant } from '../../src/ports/merchant-directory.ts';
import type { Violation } from './invariants.ts';
import { createMerchantMemory, type MerchantMemory } from './merchant-memory.ts';
import { drawPlan, type Plan } from './plan.ts';
import { createRandom, type Random } from './random.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import { createTally, type Tally } from './tally.ts';
import { createTrace, type Trace } from './trace.ts';
import { createWalletModel, type WalletModel } from './wallet-model.ts';

/** What everything in one run shares. */
export interface World {
  readonly seed: number;
  readonly plan: Plan;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly tally: Tally;
  /** The database: it survives every crash. */
  readonly memory: MemoryJournal;
  /** Every version that a payment has had in the journal, the oldest first. */
  readonly history: Map<string, Payment[]>;
  readonly wallet: WalletModel;
  readonly merchant: Merchant;
  /** What the merchant knows. */
  readonly told: MerchantMemory;
  readonly violations: Violation[];
  /** Whether things still go wrong. */
  faultsHold(): boolean;
}

export const merchantUrl = 'https://merchant.example/notify';

export function createWorld(seed: number): World {
  const random = createRandom(seed);
  const plan = drawPlan(random);
  const { startMs } = plan;
  const scheduler = createScheduler(startMs);
  const tally = createTally();
  const faultsEndMs = startMs + plan.faultsEndMs;
  return {
    seed,
    plan,
    random,
    scheduler,
    tally,
    trace: createTrace(scheduler.nowMs, startMs),
    memory: createMemoryJournal(() => new Date(scheduler.nowMs())),
    history: new Map(),
    wallet: createWalletModel(scheduler, random, plan.wallet, startMs, tally),
    merchant: {
      id: 'M0001',
      shortNo: 7,
      name: 'Tea House',
      storeIds: ['S0001'],
      bindings: [
        { wallet: 'alipay_open', account: 'sandbox', subMerchantId: '2088000000000002', currency: 'CNY' },
      ],
      policyOverride: {},
      notifyUrl: null,
    },
    told: createMerchantMemory(),
    violations: [],
    faultsHold: () => scheduler.nowMs() < faultsEndMs,
  };
}
