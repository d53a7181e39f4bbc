import { createMemoryJournal, type MemoryJournal } from '../../src/adapters/memory/journal.ts';
import { entryCodeText, idRandomBytes } from '../../src/domain/ids.ts';
import type { Payment } from '../../src/domain/payment.ts';
import { onEveryProduct } from '../../src/domain/policy.fixture.ts';
import { type PolicyOverrides, policyFor } from '../../src/domain/policy.ts';
import type { WalletName } from '../../src/domain/wallets.ts';
import type { EntryCode, Merchant } from '../../src/ports/merchant-directory.ts';
import { createAlipayPlusModel } from './alipay-plus-model.ts';
import { createDatabaseClock, createWalletClock, type DatabaseClock } from './clocks.ts';
import type { Violation } from './invariants.ts';
import type { LostSale } from './lost-sales.ts';
import { createMerchantMemory, type MerchantMemory } from './merchant-memory.ts';
import type { Acknowledged } from './notices.ts';
import { createOpenPlatformModel } from './open-platform-model.ts';
import { drawPlan, type Plan } from './plan.ts';
import { createRandom, type Random } from './random.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import { createTally, type Tally } from './tally.ts';
import { createTrace, type Trace } from './trace.ts';
import { createLedger, type Ledger } from './wallet-ledger.ts';
import type { Notice, WalletModel, WalletSurroundings } from './wallet-model.ts';

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
  readonly databaseClock: DatabaseClock;
  /** Every version that a payment has had in the journal, the oldest first. */
  readonly history: Map<string, RecordedVersion[]>;
  /** Payments that the database has lost, by their upstream ids. */
  readonly lost: Map<string, LostSale>;
  /** What has happened to the payers' money. */
  readonly ledger: Ledger;
  readonly wallets: { readonly [wallet in WalletName]: WalletModel };
  /** Where notifications go: the wallets', and what is said of payments that were only just begun. */
  readonly notices: NoticeRoutes & { connect(routes: NoticeRoutes): void };
  /** Notifications that their wallets need not repeat. */
  readonly acknowledged: Acknowledged[];
  /** Upstream ids of notifications that were kept as nobody's. */
  readonly strays: Set<string>;
  readonly merchant: Merchant;
  /** What stands at the merchant's store. */
  readonly entryCode: EntryCode;
  /** What the merchant knows. */
  readonly told: MerchantMemory;
  readonly violations: Violation[];
  /** Whether things still go wrong. */
  faultsHold(): boolean;
}

/** A version of a payment, and the true time at which it was recorded. */
export interface RecordedVersion {
  readonly payment: Payment;
  readonly atMs: number;
}

export interface NoticeRoutes {
  sent(notice: Notice): void;
  rumoured(notice: Notice): void;
}

/** Half a month is no time to watch: payment codes live no longer than order codes here. */
function shortLived(overrides: PolicyOverrides): PolicyOverrides {
  const { payment_code, ...products } = overrides.alipay_open ?? {};
  const { expiryMaxMs } = policyFor('alipay_open', 'order_code');
  return { ...overrides, alipay_open: { ...products, payment_code: { ...payment_code, expiryMaxMs } } };
}

export const merchantUrl = 'https://merchant.example/notify';

export function createWorld(seed: number): World {
  const random = createRandom(seed);
  const plan = drawPlan(random);
  const { startMs } = plan;
  const scheduler = createScheduler(startMs);
  const tally = createTally();
  const ledger = createLedger();
  const faultsEndMs = startMs + plan.faultsEndMs;
  let routes: NoticeRoutes | null = null;
  const databaseClock = createDatabaseClock(plan.clocks, startMs, scheduler.nowMs);
  const around = (wallet: WalletName): WalletSurroundings => ({
    scheduler,
    clock: createWalletClock(plan.clocks.walletAheadMs[wallet]),
    random,
    tally,
    ledger,
    startMs,
    notify: (notice) => routes?.sent(notice),
  });
  const { expiryDefaultMs } = plan.merchants;
  const merchant: Merchant = {
    id: 'M0001',
    shortNo: 7,
    name: 'Tea House',
    channels: [],
    mcc: '5814',
    stores: [{ id: 'S0001', name: 'Tea House at the lake', mcc: null }],
    bindings: [
      { wallet: 'alipay_open', account: 'sandbox', subMerchantId: '2088000000000002', currency: 'CNY' },
      { wallet: 'alipay_plus', account: 'sandbox', subMerchantId: 'M0001', currency: 'USD' },
    ],
    orderCodes: { scene: 'vending machine', expiryMs: plan.merchants.orderCodeMs },
    policyOverrides: shortLived(expiryDefaultMs === 0 ? {} : onEveryProduct({ expiryDefaultMs })),
    notifyUrl: plan.merchants.isToldOfEntries ? merchantUrl : null,
  };
  return {
    seed,
    plan,
    random,
    scheduler,
    tally,
    trace: createTrace(scheduler.nowMs, startMs),
    memory: createMemoryJournal(() => new Date(databaseClock.nowMs())),
    databaseClock,
    history: new Map(),
    lost: new Map(),
    ledger,
    wallets: {
      alipay_open: createOpenPlatformModel(around('alipay_open'), plan.wallets.alipay_open),
      alipay_plus: createAlipayPlusModel(around('alipay_plus'), plan.wallets.alipay_plus),
    },
    notices: {
      sent: (notice) => routes?.sent(notice),
      rumoured: (notice) => routes?.rumoured(notice),
      connect(connected) {
        routes = connected;
      },
    },
    acknowledged: [],
    strays: new Set(),
    merchant,
    entryCode: {
      merchantId: merchant.id,
      code: entryCodeText(merchant.shortNo, random.bytes(idRandomBytes)),
      storeId: 'S0001',
      currency: 'USD',
      disabledAt: null,
    },
    told: createMerchantMemory(),
    violations: [],
    faultsHold: () => scheduler.nowMs() < faultsEndMs,
  };
}
