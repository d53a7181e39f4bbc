import { createHash } from 'node:crypto';
import { entryOrderNo } from '../../src/domain/ids.ts';
import { isOpen, type Payment, publicStatus } from '../../src/domain/payment.ts';
import {
  beginAbandonEntryPayment,
  beginEntryPayment,
  findEntry,
  findEntryPayment,
  notePayerSeen,
} from '../../src/operations/entry-payment.ts';
import { paymentSnapshot } from '../../src/operations/snapshots.ts';
import { type AfterSales, keyOf, type Order } from './after-sales.ts';
import { comeToWallet } from './code-customers.ts';
import type { FrontDoor } from './front-door.ts';
import type { GatewayEngine } from './gateway-process.ts';
import { outageSteps } from './outage.ts';
import { moneyCases } from './tally.ts';
import type { World } from './world.ts';

/** How long the page's server waits for the wallet's URL before it cancels the attempt that it has begun. */
const urlAwaitedMs = 17_000;

/** Distance of the looks that an open page takes: short at first, and never so long that its payer seems to be gone. */
const pollMsMin = 2_500;
const pollMsMax = 12_000;

/** A page that one payer has loaded: its token stands for one attempt at most. */
interface Page {
  readonly token: string;
  readonly order: Order;
  /** The payer has seen the wallet's URL, and goes where it leads. */
  hasUrl: boolean;
}

/** What the page's server leads on with. */
interface Begun {
  readonly payment: Payment;
  readonly isCancelled: boolean;
}

/**
 * The payers at the store's static code, each on the page that the code leads to: enters an amount, confirms, once or
 * twice, goes to the wallet with the URL if one was shown, looks at the page while it is open, reloads it and begins
 * anew, or goes away.
 */
export function startVisitors(world: World, door: FrontDoor, sales: AfterSales): void {
  const { scheduler, random, plan, tally, told, merchant } = world;
  const traits = plan.visitors;
  const { pause } = sales;
  let loads = 0;

  /** What the page's server does with a confirmed page: begins its attempt, and undoes it when no URL comes in time. */
  const begin = async (engine: GatewayEngine, page: Page): Promise<Begun | null> => {
    const entry = await findEntry(engine, world.entryCode.code);
    if (entry.kind !== 'open') return null;
    const begun = await beginEntryPayment(engine, entry, {
      amount: page.order.amount,
      wallet: 'alipay_plus',
      userAgent: 'Mozilla/5.0 AlipayConnect',
      returnUrl: `https://pay.example/c/${world.entryCode.code}/result/${page.token}`,
      orderNo: page.order.no,
      key: keyOf(page.token),
    });
    if (begun.kind === 'refused') {
      tally.count('refusal', begun.refusal.code);
      if (begun.refusal.code === 'wallet_unavailable') tally.count('through an outage', outageSteps.refused);
      return null;
    }
    if (begun.replayed) tally.count('money case', moneyCases[11]);
    const patience = new AbortController();
    const answered = await Promise.race([
      begun.answered.catch(() => null),
      engine.clock.sleep(urlAwaitedMs, patience.signal).then(() => null),
    ]);
    patience.abort();
    // Whoever repeats a request does not decide on the first one's attempt.
    const isLeft = begun.replayed || answered?.payerAction !== null;
    if (answered !== null && (isLeft || !isOpen(answered))) return { payment: answered, isCancelled: false };
    if (begun.replayed) return { payment: begun.payment, isCancelled: false };
    const abandoned = await beginAbandonEntryPayment(engine, begun.payment, false);
    abandoned.answered.catch(() => {});
    return { payment: abandoned.payment, isCancelled: abandoned.payment.reversal !== null };
  };

  const shown = (page: Page, payment: Payment): void => {
    told.tell(scheduler.nowMs(), 'page', paymentSnapshot(payment));
    if (payment.payerAction?.kind !== 'redirect' || page.hasUrl || !isOpen(payment)) return;
    page.hasUrl = true;
    tally.count('visitor', 'is sent to the wallet');
    comeToWallet(world, {
      wallet: payment.wallet,
      issued: payment.payerAction.url,
      closesAtMs: world.databaseClock.whenMs(payment.expiresAt.getTime()),
    });
  };

  const confirm = async (page: Page): Promise<void> => {
    const asked = await door.ask(`POST page ${page.token}`, page.order.timeoutMs, (engine) =>
      begin(engine, page),
    );
    if (asked.kind === 'unanswered' || asked.value === null) return;
    const { payment, isCancelled } = asked.value;
    if (isCancelled) {
      tally.count('visitor', 'gets no URL in time');
      if (page.hasUrl) {
        const detail = `${payment.id} was abandoned, and its page had led to the wallet`;
        world.violations.push({ invariant: 'payer-cut-off', detail });
      }
      told.cancels.push({
        atMs: scheduler.nowMs(),
        by: 'page',
        merchantOrderNo: page.order.no,
        paymentId: payment.id,
      });
    }
    shown(page, payment);
  };

  /** A look of the open page: its server notes that a payer is there. */
  const look = async (page: Page): Promise<Payment | null> => {
    const asked = await door.ask('GET page status', page.order.timeoutMs, async (engine) => {
      const found = await findEntryPayment(engine, merchant.id, page.order.no);
      return found !== null && publicStatus(found) === 'processing' ? notePayerSeen(engine, found) : found;
    });
    if (asked.kind === 'unanswered' || asked.value === null) return null;
    shown(page, asked.value);
    return asked.value;
  };

  const pay = async (page: Page): Promise<void> => {
    const closesAtMs = scheduler.nowMs() + random.magnitude(2_000, traits.openMsMax);
    const taps = [confirm(page)];
    if (random.chance(traits.tapsTwice)) {
      tally.count('visitor', 'taps twice');
      await pause(random.magnitude(1, 3_000));
      taps.push(confirm(page));
    }
    await Promise.race([Promise.all(taps), pause(pollMsMin)]);
    let pollMs = pollMsMin;
    let last: Payment | null = null;
    while (scheduler.nowMs() < closesAtMs) {
      await pause(pollMs);
      pollMs = Math.min(Math.round(pollMs * 1.2), pollMsMax);
      last = (await look(page)) ?? last;
      if (last !== null && publicStatus(last) !== 'processing') break;
    }
    if (last === null || publicStatus(last) === 'processing') {
      tally.count('visitor', 'closes the page before the end');
      told.vanished.add(page.order.no);
    } else if (publicStatus(last) === 'succeeded') {
      tally.count('visitor', 'sees the payment succeed');
      // The store learns of it as the payer does, and some goods come back.
      if (merchant.notifyUrl === null) told.vanished.add(page.order.no);
      else await sales.afterSuccess(page.order, last.id);
    }
  };

  const load = async (minor: bigint): Promise<Page | null> => {
    const loaded = await door.ask('GET page', 10_000, (engine) => findEntry(engine, world.entryCode.code));
    if (loaded.kind === 'unanswered' || loaded.value.kind !== 'open') return null;
    loads += 1;
    const token = `token-${loads}`;
    const order: Order = {
      no: entryOrderNo(createHash('sha256').update(token).digest()),
      amount: { currency: world.entryCode.currency, minor },
      notifyUrl: merchant.notifyUrl,
      timeoutMs: random.magnitude(5_000, 30_000),
      patienceMs: 0,
      cancelling: false,
    };
    return { token, order, hasUrl: false };
  };

  const visit = async (): Promise<void> => {
    // Two payers of one price are two payers.
    const minor = random.chance(0.5) ? 1_200n : BigInt(random.magnitude(1, 200_000));
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const page = await load(minor);
      if (page === null) {
        await pause(random.magnitude(500, 5_000));
        continue;
      }
      await pause(random.magnitude(500, 20_000));
      const paying = pay(page);
      if (attempt === 2 || !random.chance(traits.reloads)) return paying;
      tally.count('visitor', 'reloads and begins anew');
      await pause(random.magnitude(500, 30_000));
    }
  };

  for (let number = 1; number <= traits.entries; number += 1) {
    void pause(random.integer(0, 20_000)).then(visit);
    if (!random.chance(traits.entersTwice)) continue;
    tally.count('visitor', 'comes with a second phone');
    void pause(random.integer(0, 20_000)).then(visit);
  }
}
