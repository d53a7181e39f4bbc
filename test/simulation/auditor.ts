import type { Payment } from '../../src/domain/payment.ts';
import { goesFarAhead, shortenedByMs } from './clocks.ts';
import { auditHistory } from './history-audit.ts';
import type { Invariant, Violation } from './invariants.ts';
import { auditLostSales } from './lost-sales-audit.ts';
import { auditMoney, auditRefund, netByRequest, requestIdOf } from './money-audit.ts';
import { auditTimeline } from './timeline-audit.ts';
import { auditTold } from './told-audit.ts';
import type { World } from './world.ts';

export type Report = (invariant: Invariant, detail: string) => void;

/**
 * Compares the four views of every payment when all is quiet: the payer's money and the wallet's record, from the
 * wallets' own books; the gateway's, from the journal; and what the merchant was told. It knows the lifecycle tables
 * and nothing else of the gateway's code.
 */
export function audit(world: World): readonly Violation[] {
  const { memory } = world;
  const found: Violation[] = [...world.violations];
  const report: Report = (invariant, detail) => {
    found.push({ invariant, detail });
  };
  const net = netByRequest(world);
  const payments = [...memory.records.payments.values()];
  const refunds = [...memory.records.refunds.values()];
  const known = new Set(payments.map(requestIdOf));

  for (const [requestId, minor] of net) {
    if (!known.has(requestId) && !world.lost.has(requestId))
      report('unknown-trade', `${requestId} holds ${minor}`);
  }
  auditOrders(world, net, report);
  auditPages(world, report);
  for (const payment of payments) {
    const own = refunds.filter((refund) => refund.paymentId === payment.id);
    auditMoney(world, payment, own, net.get(requestIdOf(payment)) ?? 0n, report);
    auditRow(payment, report);
    auditHistory(world, payment, report);
    auditTold(world, payment, report);
    const timeline = memory.records.events.get(`${payment.merchantId} ${payment.id}`) ?? [];
    const versions = world.history.get(payment.id) ?? [];
    const recordedAtMs = (version: number): number =>
      versions.find((one) => one.payment.version === version)?.atMs ?? Number.POSITIVE_INFINITY;
    found.push(...auditTimeline(timeline, payment, own, closesAtMs(world, payment), recordedAtMs));
  }
  for (const refund of refunds) auditRefund(world, refund, report);
  auditCancels(world, payments, net, report);
  auditLostSales(world, net, report);
  auditAcknowledged(world, known, report);
  return found;
}

/**
 * Before this true time nobody may give the payment up, since its payer may still be typing: as long as it was promised to live,
 * or until the wallet's clock shows the close time, whichever comes first. Wrong clocks may shorten it, and one that goes far
 * ahead by any time. RES-16.
 */
function closesAtMs(
  { plan, history, databaseClock }: World,
  { id, wallet, createdAt, expiresAt }: Payment,
): number {
  if (goesFarAhead(plan.clocks)) return Number.NEGATIVE_INFINITY;
  const recordedMs = history.get(id)?.[0]?.atMs ?? 0;
  // Its life counts from when it was accepted, which was before it was recorded.
  const begunMs = recordedMs - Math.max(0, databaseClock.atMs(recordedMs) - createdAt.getTime());
  const livesMs = expiresAt.getTime() - createdAt.getTime();
  const toldMs = expiresAt.getTime() - plan.clocks.walletAheadMs[wallet];
  return Math.min(begunMs + livesMs, toldMs) - shortenedByMs(plan.clocks);
}

/** At most one attempt of an order holds its payer's money. PAY-13. */
function auditOrders(world: World, net: ReadonlyMap<string, bigint>, report: Report): void {
  const holders = new Map<string, string[]>();
  for (const { merchantOrderNo, requestId } of world.ledger.log) {
    if ((net.get(requestId) ?? 0n) <= 0n) continue;
    const own = holders.get(merchantOrderNo) ?? [];
    holders.set(merchantOrderNo, own);
    if (!own.includes(requestId)) own.push(requestId);
  }
  for (const [orderNo, own] of holders) {
    if (own.length > 1) report('charged-twice-order', `${orderNo}: ${own.join(', ')}`);
  }
}

/** One page load is one attempt, however often it is confirmed. Money case 11. */
function auditPages(world: World, report: Report): void {
  const attempts = new Map<string, Set<string>>();
  for (const { returnUrl, requestId } of world.ledger.log) {
    if (returnUrl === null) continue;
    const own = attempts.get(returnUrl) ?? new Set();
    attempts.set(returnUrl, own.add(requestId));
  }
  for (const [returnUrl, own] of attempts) {
    if (own.size > 1) report('two-attempts-of-a-page', `${returnUrl}: ${[...own].join(', ')}`);
  }
}

/** A row that is not final must have a step that somebody does. At rest there is none. RES-13. */
function auditRow(payment: Payment, report: Report): void {
  const open = payment.state !== 'succeeded' && payment.state !== 'failed' && payment.state !== 'cancelled';
  if (open && payment.state !== 'cancelled_provisionally') {
    const step = payment.nextStep?.action ?? 'nothing';
    report('forgotten-row', `${payment.id} is ${payment.state} and ${step} comes next`);
  }
  if (payment.state === 'cancelled_provisionally') {
    report('provisional-past-horizon', `${payment.id} is provisional at rest`);
  }
  if (payment.openRefunds !== 0) {
    report('forgotten-row', `${payment.id} counts ${payment.openRefunds} open refunds`);
  }
}

/** Whoever was told that a cancel is accepted counts on it. CAN-02, CAN-05. */
function auditCancels(
  { told, tally }: World,
  payments: readonly Payment[],
  net: ReadonlyMap<string, bigint>,
  report: Report,
): void {
  for (const cancel of told.cancels) {
    for (const payment of payments) {
      if ((net.get(requestIdOf(payment)) ?? 0n) === 0n) continue;
      const sameOrder = payment.merchantOrderNo === cancel.merchantOrderNo;
      if (cancel.paymentId === null ? sameOrder : payment.id === cancel.paymentId) {
        report('accepted-cancel-lost', `${payment.id} is ${payment.state} after a cancel by ${cancel.by}`);
      } else if (cancel.by === 'order' && sameOrder) {
        // A request that was on its way while an earlier attempt was cancelled, and had no key to be known by.
        tally.count('merchant', 'is paid by a request that a cancel of another attempt overtook');
      }
    }
  }
}

/** What a wallet was told to be done with is recorded; what was nobody's is kept. NOT-02, money case 10. */
function auditAcknowledged(world: World, known: ReadonlySet<string>, report: Report): void {
  for (const { requestId, isKnown } of world.acknowledged) {
    if (!isKnown) report('acknowledged-but-forgotten', `${requestId} was notified as paid`);
  }
  for (const requestId of world.strays) {
    if (known.has(requestId)) report('acknowledged-but-forgotten', `${requestId} was kept as nobody’s`);
  }
}
