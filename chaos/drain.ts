import { setTimeout as sleepFor } from 'node:timers/promises';
import { quantile } from '../bench/load.ts';
import { createRandom } from '../test/simulation/random.ts';
import { audit } from './audit.ts';
import { createMerchantBooks } from './merchant-books.ts';
import { violationLines } from './report.ts';
import { readRows } from './rows.ts';
import { durabilityOf, type System, startSystem } from './system.ts';
import { openCounter, paymentIn, type Till } from './till.ts';
import { isLimitTrial, measureWalletLimit } from './wallet-limit.ts';

/*
 * A wallet is away, and cancels pile up; it comes back. How soon they are delivered, beside what the wallet itself can
 * take, and what new payments feel of it meanwhile.
 */

const callers = 32;
/** New payments in a second, while the cancels are delivered and once more without any. */
const freshPerSecond = 20;
/** How long the wallet stays away after the last cancel was accepted. */
const outageMs = 15_000;
const drainPatienceMs = 900_000;
const limitTrials = 2_000;

interface Fresh {
  readonly timesMs: readonly number[];
  readonly notTaken: number;
}

/** Resolves with the number of violations. */
export async function runDrain(
  cancels: number,
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<number> {
  const system = await startSystem({ policySpeed: 1, signal });
  try {
    const books = createMerchantBooks();
    const counter = openCounter(system.url, system.sandbox.api_key, books);
    try {
      const till = counter.till(createRandom(cancels));
      print(`PostgreSQL ${system.databaseVersion} (${await durabilityOf(system)}), ${callers} callers`);
      const code = system.sandbox.payment_codes['alipay_open'] ?? '';
      const limit = await measureWalletLimit(system.wallet, code, Math.min(limitTrials, cancels), callers);
      print(`the wallet's own limit: ${limit.toFixed(0)} cancels/s`);
      const ids = await payAll(system, till, cancels, signal);
      const quiet = await payFreshly(system, till, 'Q', () => performance.now() + 5_000, signal);

      await system.stopWallet();
      const awayMs = performance.now();
      await inTurns(ids, signal, (id) => acceptCancel(till, id));
      await sleepFor(outageMs, undefined, { signal });
      print(`${cancels} cancels piled up in an outage of ${seconds(performance.now() - awayMs)}`);

      await system.startWallet();
      const backMs = performance.now();
      let isOver = false;
      const [delivered, fresh] = await Promise.all([
        untilDelivered(system, ids.length, signal).finally(() => {
          isOver = true;
        }),
        payFreshly(system, till, 'F', () => (isOver ? 0 : Number.POSITIVE_INFINITY), signal),
      ]);
      const perSecond = (share: number, fromMs: number, toMs: number): string => {
        const rate = (share * cancels) / ((toMs - fromMs) / 1_000);
        return `${rate.toFixed(0)} cancels/s (${(rate / limit).toFixed(2)} of the wallet's own limit)`;
      };
      const { tenthMs, mostMs, allMs } = delivered;
      print(`all delivered ${seconds(allMs - backMs)} after it was back: ${perSecond(1, backMs, allMs)}`);
      print(
        `the first tenth after ${seconds(tenthMs - backMs)}; from there to the last tenth ${perSecond(0.8, tenthMs, mostMs)}`,
      );
      print(`new payments meanwhile: ${inWords(fresh)}; without cancels: ${inWords(quiet)}`);
      return await compare(system, till, ids, signal, print);
    } finally {
      await counter.close();
    }
  } finally {
    await system.stop();
  }
}

function inWords({ timesMs, notTaken }: Fresh): string {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const at = (share: number): string => quantile(sorted, share).toFixed(0);
  return `${sorted.length} paid, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${notTaken} not taken or not paid at once`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** Does something with each of them, so many at a time. */
async function inTurns<Value>(
  values: readonly Value[],
  signal: AbortSignal,
  work: (value: Value) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let value = values[next++]; value !== undefined; value = values[next++]) {
      signal.throwIfAborted();
      await work(value);
    }
  };
  await Promise.all(Array.from({ length: callers }, worker));
}

function orderOf({ sandbox }: System, orderNo: string): object {
  return {
    merchant_order_no: orderNo,
    amount: { currency: 'CNY', value: 1_234 },
    product: 'payment_code',
    payment_code: sandbox.payment_codes['alipay_open'],
    store_id: sandbox.store_id,
    terminal_id: sandbox.terminal_id,
    subject: 'Drain',
  };
}

async function payAll(
  system: System,
  till: Till,
  payments: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const ids: string[] = [];
  const numbers = Array.from({ length: payments }, (_, no) => `D${no}`);
  await inTurns(numbers, signal, async (orderNo) => {
    const key = { 'idempotency-key': orderNo };
    const payment = paymentIn(await till.insist('POST', '/v1/payments', orderOf(system, orderNo), key));
    if (payment?.status !== 'succeeded')
      throw new Error(`order ${orderNo} is ${payment?.status ?? 'unknown'}`);
    ids.push(payment.id);
  });
  return ids;
}

async function acceptCancel(till: Till, id: string): Promise<void> {
  const answer = await till.insist('POST', `/v1/payments/${id}/cancel`, {}, { prefer: 'wait=0' });
  const payment = paymentIn(answer);
  if (payment === null) throw new Error(`the cancel of ${id} was not accepted: ${JSON.stringify(answer)}`);
  till.books.cancelAccepted({ merchantOrderNo: payment.merchant_order_no, paymentId: id });
}

/** When a tenth, nine tenths and all of them had taken effect; throws when the patience is over. */
async function untilDelivered(
  system: System,
  cancels: number,
  signal: AbortSignal,
): Promise<{ readonly tenthMs: number; readonly mostMs: number; readonly allMs: number }> {
  const giveUpAtMs = performance.now() + drainPatienceMs;
  let done = 0;
  let [tenthMs, mostMs] = [Number.NaN, Number.NaN];
  while (performance.now() < giveUpAtMs) {
    const { rows } = await system.database.query<{ readonly done: number }>(
      `select count(*)::int as done from payments where state = 'cancelled'`,
    );
    done = rows[0]?.done ?? 0;
    const now = performance.now();
    if (Number.isNaN(tenthMs) && done >= cancels * 0.1) tenthMs = now;
    if (Number.isNaN(mostMs) && done >= cancels * 0.9) mostMs = now;
    if (done >= cancels) return { tenthMs, mostMs, allMs: now };
    await sleepFor(100, undefined, { signal });
  }
  throw new Error(`${done} of ${cancels} cancels were delivered within ${seconds(drainPatienceMs)}`);
}

/** New customers at a steady pace, whatever becomes of those before them. */
async function payFreshly(
  system: System,
  till: Till,
  prefix: string,
  untilMs: () => number,
  signal: AbortSignal,
): Promise<Fresh> {
  const endMs = untilMs();
  const isOver = Number.isFinite(endMs) ? () => performance.now() > endMs : () => untilMs() === 0;
  const timesMs: number[] = [];
  const underWay: Promise<void>[] = [];
  let notTaken = 0;
  const pay = async (orderNo: string): Promise<void> => {
    const beganMs = performance.now();
    const payment = paymentIn(await till.once('POST', '/v1/payments', orderOf(system, orderNo)));
    if (payment?.status === 'succeeded') timesMs.push(performance.now() - beganMs);
    else notTaken += 1;
  };
  while (!isOver()) {
    underWay.push(pay(`${prefix}${underWay.length}`));
    await sleepFor(1_000 / freshPerSecond, undefined, { signal });
  }
  await Promise.all(underWay);
  return { timesMs, notTaken };
}

/** Each merchant looks at its payments once more; then everything is compared. */
async function compare(
  system: System,
  till: Till,
  ids: readonly string[],
  signal: AbortSignal,
  print: (line: string) => void,
): Promise<number> {
  const seen = new Set([...ids, ...till.books.payments.keys()]);
  await inTurns([...seen], signal, async (id) => {
    await till.insist('GET', `/v1/payments/${id}`);
  });
  const rows = await readRows(system.database);
  const ledger = (await system.wallet.ledger()).filter((line) => !isLimitTrial(line));
  const violations = audit({ ledger, rows, books: till.books });
  for (const line of violationLines(violations)) print(line);
  print(`${rows.payments.length} payments, 0 kills, ${violations.length} violations`);
  return violations.length;
}
