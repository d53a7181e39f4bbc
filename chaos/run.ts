import { setTimeout as sleepFor } from 'node:timers/promises';
import { changePolicyOverrides } from '../src/adapters/postgres/policy-overrides.ts';
import type { PolicyOverride, PolicyOverrides } from '../src/domain/policy.ts';
import { createRandom } from '../test/simulation/random.ts';
import { audit } from './audit.ts';
import { killPlan, type PlannedKill, planInWords, type Victim, victims } from './kill-plan.ts';
import { createMerchantBooks, type MerchantBooks } from './merchant-books.ts';
import { type MerchantEndpoint, openMerchantEndpoint } from './merchant-endpoint.ts';
import type { Wanted } from './options.ts';
import { isPlain, type PlainContestant, startPlainContestant } from './plain-contestant.ts';
import { type Outcome, printReport } from './report.ts';
import { countWaiting, readRows, timelineOf, type WaitingRows } from './rows.ts';
import { confirmFromMinor, type Shops, sale } from './sales.ts';
import { durabilityOf, type System, startSystem } from './system.ts';
import { type Counter, openCounter, type Till } from './till.ts';

/** Policies' waits are divided by this; what bounds a watch is set by {@link trialPolicies} besides. */
const policySpeed = 5;
/** What the last sales, the last watches and a busy machine may take at most, besides the horizons. */
const restPatienceMs = 180_000;
/** Rows that have rested for so long stay so: late calls and lost notifications have come by then. */
const quietMs = 3_000;

type ChaosWanted = Extract<Wanted, { readonly kind: 'chaos' }>;

/** Prints one line. */
export type Print = (line: string) => void;

/**
 * Sells while everything is killed at random, then lets all of it rest and audits it. Resolves with the number of
 * violations. Bounded in time; ends what it has started and removes its data, whatever happens.
 */
export async function runChaos(wanted: ChaosWanted, signal: AbortSignal, print: Print): Promise<number> {
  const { minutes, seed, faultShare, tills } = wanted;
  const durationMs = minutes * 60_000;
  const plan = killPlan(createRandom(seed), durationMs);
  print(
    `seed ${seed}: ${minutes} min, ${tills} tills, each wallet fault in ${faultShare * 100} % of its calls`,
  );
  print(`kills planned: ${planInWords(plan)}`);
  const system = await startSystem({ policySpeed, signal });
  try {
    const books = createMerchantBooks();
    const endpoint = await openMerchantEndpoint(system.sandbox.webhook_secret, books, createRandom(seed + 1));
    const counter = openCounter(system.url, system.sandbox.api_key, books);
    try {
      const shops = await openShops(system, endpoint, seed, Math.min(durationMs / 3, 15_000));
      const plain = await startPlainContestant(system);
      await system.wallet.setFaults(faultShare, seed);
      const untilMs = performance.now() + durationMs;
      const [kills] = await Promise.all([
        carryOut(plan, system, durationMs, signal),
        plain.run(createRandom(seed + 2), untilMs),
        changeLateness(shops, { seed, faultShare, untilMs, signal }),
        sell(shops, counter, { seed, tills, untilMs, signal }),
      ]);
      signal.throwIfAborted();
      const faults = await system.wallet.recentFaults();
      const waiting = await rest(system, endpoint, signal);
      return await close({
        system,
        books,
        counter,
        plain,
        kills,
        killsPlanned: plan.length,
        faults,
        waiting,
        print,
      });
    } finally {
      await counter.close();
      await endpoint.close();
    }
  } finally {
    await system.stop();
  }
}

/** Horizons of seconds in place of minutes, two hours and a day; the gateway treats them alike. */
function trialPolicies(codeExpiryMs: number): PolicyOverrides {
  const short: PolicyOverride = {
    callLimitMs: 2_000 * policySpeed,
    expiryMinMs: 1_000,
    expiryDefaultMs: codeExpiryMs,
    expiryGraceMs: 5_000,
    finalLookMs: 2_000,
  };
  return {
    alipay_open: { payment_code: short, order_code: { ...short, codeLifeMs: codeExpiryMs + 5_000 } },
    alipay_plus: { payment_code: short, entry_code: short, order_code: short },
  };
}

async function openShops(
  system: System,
  endpoint: MerchantEndpoint,
  seed: number,
  codeExpiryMs: number,
): Promise<Shops> {
  const { sandbox, wallet, database, url } = system;
  await changePolicyOverrides(database, sandbox.merchant_id, () => trialPolicies(codeExpiryMs));
  await database.query('update merchants set notify_url = $1 where id = $2', [
    endpoint.url,
    sandbox.merchant_id,
  ]);
  await wallet.ask('POST', 'settings', {
    password_limit_minor: confirmFromMinor,
    notification_speed: 100,
    refund_spacing_ms: 100,
  });
  const codes = await wallet.ask<readonly { readonly code: string; readonly payer_id: string }[]>(
    'GET',
    'payment-codes',
  );
  let orders = 0;
  return {
    sandbox,
    wallet,
    url,
    poorCode: codes.find(({ payer_id }) => payer_id === 'sandbox-payer-50-yuan')?.code ?? '',
    notifyUrl: endpoint.url,
    codeExpiryMs,
    orderNo() {
      orders += 1;
      return `C${seed}x${orders}`;
    },
  };
}

/** Kills as planned, each by its process's id; one that is just down is waited for, and so none is lost. */
async function carryOut(
  plan: readonly PlannedKill[],
  system: System,
  durationMs: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<Victim, number>> {
  const startMs = performance.now();
  const kills = new Map<Victim, number>(victims.map((victim) => [victim, 0]));
  for (const { atMs, victim, which } of plan) {
    await sleepFor(Math.max(0, startMs + atMs - performance.now()), undefined, { signal });
    while (performance.now() - startMs < durationMs + 5_000) {
      if (system.kill(victim, which)) {
        kills.set(victim, (kills.get(victim) ?? 0) + 1);
        break;
      }
      await sleepFor(50, undefined, { signal });
    }
  }
  return kills;
}

async function sell(
  shops: Shops,
  counter: Counter,
  { seed, tills, untilMs, signal }: { seed: number; tills: number; untilMs: number; signal: AbortSignal },
): Promise<void> {
  const atTill = async (till: Till): Promise<void> => {
    while (performance.now() < untilMs && !signal.aborted) {
      await sale(shops, till);
      await till.pause(50, 900);
    }
  };
  await Promise.all(
    Array.from({ length: tills }, (_, index) => atTill(counter.till(createRandom(seed * 1_000 + index)))),
  );
}

/** Late calls arrive sooner or later: some before the first inquiry, some when a payment has long been given up. */
async function changeLateness(
  { wallet, codeExpiryMs }: Shops,
  of: {
    readonly seed: number;
    readonly faultShare: number;
    readonly untilMs: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const random = createRandom(of.seed + 3);
  while (performance.now() < of.untilMs) {
    await wallet.setLateness(
      of.faultShare,
      random.magnitude(300, codeExpiryMs + 2_000),
      random.integer(1, 1e9),
    );
    await sleepFor(2_000, undefined, { signal: of.signal });
  }
}

/** Faults off, everything up, and no row with a step before it: or the patience is over. */
async function rest(system: System, endpoint: MerchantEndpoint, signal: AbortSignal): Promise<WaitingRows> {
  await system.wallet.clearFaults();
  endpoint.behave();
  await system.untilUp();
  const giveUpAtMs = performance.now() + restPatienceMs;
  let restingSinceMs: number | null = null;
  for (;;) {
    const waiting = await countWaiting(system.database);
    const now = performance.now();
    const rests = waiting.payments + waiting.refunds + waiting.deliveries === 0;
    if (!rests) restingSinceMs = null;
    else restingSinceMs ??= now;
    if ((restingSinceMs !== null && now - restingSinceMs > quietMs) || now > giveUpAtMs) return waiting;
    await sleepFor(250, undefined, { signal });
  }
}

/** Compares everything, and prints what came of it. */
async function close(of: {
  readonly system: System;
  readonly books: MerchantBooks;
  readonly counter: Counter;
  readonly plain: PlainContestant;
  readonly kills: ReadonlyMap<Victim, number>;
  readonly killsPlanned: number;
  readonly faults: Outcome['faults'];
  readonly waiting: WaitingRows;
  readonly print: Print;
}): Promise<number> {
  const { system, books, counter, print } = of;
  const whole = await system.wallet.ledger();
  const rows = await readRows(system.database);
  const ledger = whole.filter((line) => !isPlain(line));
  const violations = audit({ ledger, rows, books });
  await printReport({
    print,
    violations,
    rows,
    ledger,
    kills: of.kills,
    killsPlanned: of.killsPlanned,
    faults: of.faults,
    waiting: of.waiting,
    counts: counter.counts,
    plain: await of.plain.result(whole),
    database: `PostgreSQL ${system.databaseVersion} (${await durabilityOf(system)})`,
    timeline: (paymentId) => timelineOf(system.database, paymentId),
  });
  return violations.length;
}
