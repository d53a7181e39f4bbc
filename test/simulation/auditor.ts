import type { DeliveryRow } from '../../src/adapters/memory/records.ts';
import type { Payment } from '../../src/domain/payment.ts';
import type { Refund } from '../../src/domain/refund.ts';
import type { Invariant, Violation } from './invariants.ts';
import { auditTimeline } from './timeline-audit.ts';
import type { WalletEntry } from './wallet-model.ts';
import type { World } from './world.ts';

/**
 * Compares the four views of every payment when all is quiet: the payer's money and the wallet's record, from the
 * wallet's own log; the gateway's, from the journal; and what the merchant was told. It knows the lifecycle tables
 * and nothing else of the gateway's code.
 */
export function audit(world: World): readonly Violation[] {
  const { memory, wallet, told, tally } = world;
  const found: Violation[] = [...world.violations];
  const report = (invariant: Invariant, detail: string): void => {
    found.push({ invariant, detail });
  };
  const net = netByRequest(world);
  const payments = [...memory.records.payments.values()];
  const refunds = [...memory.records.refunds.values()];
  const known = new Set(payments.map(requestIdOf));

  for (const [requestId, minor] of net) {
    if (!known.has(requestId)) report('unknown-trade', `${requestId} holds ${minor}`);
  }
  const charged = new Map<string, string[]>();
  for (const entry of wallet.log) {
    const holders = charged.get(entry.merchantOrderNo) ?? [];
    charged.set(entry.merchantOrderNo, holders);
    const holds = (net.get(entry.requestId) ?? 0n) > 0n;
    if (holds && !holders.includes(entry.requestId)) holders.push(entry.requestId);
  }
  for (const [orderNo, holders] of charged) {
    if (holders.length > 1) report('charged-twice-order', `${orderNo}: ${holders.join(', ')}`);
  }
  for (const payment of payments) {
    const own = refunds.filter((refund) => refund.paymentId === payment.id);
    auditMoney(world, payment, own, net.get(requestIdOf(payment)) ?? 0n, report);
    auditRow(payment, report);
    auditHistory(world, payment, report);
    auditTold(world, payment, report);
    const timeline = memory.records.events.get(`${payment.merchantId} ${payment.id}`) ?? [];
    found.push(...auditTimeline(timeline, payment, own));
  }
  for (const refund of refunds) auditRefund(world, refund, report);
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
  return found;
}

type Report = (invariant: Invariant, detail: string) => void;

/** What each upstream payment holds of its payer's money. */
function netByRequest(world: World): Map<string, bigint> {
  const net = new Map<string, bigint>();
  for (const { requestId, kind, minor } of world.wallet.log) {
    const before = net.get(requestId) ?? 0n;
    if (kind === 'charged') net.set(requestId, before + minor);
    else if (kind === 'given_back') net.set(requestId, before - minor);
  }
  return net;
}

/** The upstream ids, by their own rule and not by the gateway's function. */
function requestIdOf(payment: Payment): string {
  return payment.id.replace(/^pay_/, 'P');
}

function refundRequestIdOf(refund: Refund): string {
  return refund.id.replace(/^re_/, 'R');
}

function auditMoney(
  world: World,
  payment: Payment,
  refunds: readonly Refund[],
  net: bigint,
  report: Report,
): void {
  const requestId = requestIdOf(payment);
  const is = `${payment.id} is ${payment.state}`;
  const walletRefunds = world.wallet.refundsOf(requestId);
  const status = world.wallet.statusOf(requestId);
  switch (payment.state) {
    case 'succeeded': {
      const due = payment.amount.minor - payment.refunded;
      if (net !== due) report('one-sided-charge', `${is}: the payer paid ${net} instead of ${due}`);
      const expected = due === 0n ? 'TRADE_CLOSED' : 'TRADE_SUCCESS';
      if (status !== expected) report('wallet-view', `${is} and the wallet says ${status ?? 'nothing'}`);
      break;
    }
    case 'failed':
    case 'cancelled':
    case 'cancelled_provisionally':
      if (net !== 0n) report('one-sided-charge', `${is} and the payer paid ${net}`);
      if (status === 'TRADE_SUCCESS') report('wallet-view', `${is} and the wallet says ${status}`);
      break;
    case 'submitted':
    case 'awaiting_payer':
    case 'unknown':
    case 'reversing':
      // Reported as a forgotten row.
      break;
    default:
      payment.state satisfies never;
  }
  let givenBack = 0n;
  for (const { minor } of walletRefunds.values()) givenBack += minor;
  // A payment that was being refunded and turned out closed at the wallet counts as wholly refunded.
  const foundClosed =
    payment.state !== 'succeeded' && payment.refunded === payment.amount.minor && net === 0n;
  if (payment.refunded !== givenBack && !foundClosed) {
    report('refund-view', `${payment.id} shows ${payment.refunded} refunded, the wallet ${givenBack}`);
  }
  const ids = new Set(refunds.map(refundRequestIdOf));
  ids.add(requestId.replace(/^P/, 'V'));
  for (const id of walletRefunds.keys()) {
    if (!ids.has(id)) report('unknown-trade', `${payment.id} has the refund ${id} at the wallet`);
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

/** What holds of every version that a payment has had. */
function auditHistory(world: World, payment: Payment, report: Report): void {
  const versions = world.history.get(payment.id) ?? [];
  let before: Payment | null = null;
  for (const version of versions) {
    const { refunded, refundReserved, amount } = version;
    if (refunded < 0n || refunded > refundReserved || refundReserved > amount.minor) {
      report(
        'over-refund',
        `${payment.id} v${version.version}: ${refunded} ≤ ${refundReserved} ≤ ${amount.minor}`,
      );
    }
    if (before?.state !== version.state) auditNewState(world, version, report);
    if (before?.reversal?.state !== 'effected' && version.reversal?.state === 'effected') {
      auditEnd(world, version, report);
    }
    before = version;
  }
}

/** What the wallet's log must say at the moment at which a state was recorded. */
function auditNewState(world: World, version: Payment, report: Report): void {
  switch (version.state) {
    case 'succeeded': {
      const { charged } = walletViewAt(world, version);
      if (!charged) report('success-without-charge', `${version.id} v${version.version}`);
      break;
    }
    case 'failed':
    case 'cancelled':
      auditEnd(world, version, report);
      break;
    case 'cancelled_provisionally':
    case 'submitted':
    case 'awaiting_payer':
    case 'unknown':
    case 'reversing':
      break;
    default:
      version.state satisfies never;
  }
}

/** Once a payment has ended unpaid, its payer must be unable to pay it, now and later. */
function auditEnd(world: World, version: Payment, report: Report): void {
  const atMs = version.updatedAt.getTime();
  const is = `${version.id} v${version.version} ended as ${version.state}`;
  const { opened, closed } = walletViewAt(world, version);
  if (opened && !closed) report('ended-while-payable', is);
  if (world.plan.payBeyondHorizon > 0) return;
  for (const entry of entriesOf(world, version)) {
    if (entry.atMs <= atMs || (entry.kind !== 'opened' && entry.kind !== 'charged')) continue;
    report('payable-after-final', `${is} and was ${entry.kind} ${entry.atMs - atMs} ms later`);
  }
}

/** What had become of a payment at the wallet when this version was recorded. */
function walletViewAt(world: World, version: Payment) {
  const atMs = version.updatedAt.getTime();
  const kinds = new Set<string>();
  for (const entry of entriesOf(world, version)) {
    const inTime = entry.kind === 'opened' ? entry.atMs < atMs : entry.atMs <= atMs;
    if (inTime) kinds.add(entry.kind);
  }
  return { opened: kinds.has('opened'), charged: kinds.has('charged'), closed: kinds.has('closed') };
}

function entriesOf(world: World, payment: Payment): readonly WalletEntry[] {
  const requestId = requestIdOf(payment);
  return world.wallet.log.filter((entry) => entry.requestId === requestId);
}

/** What the merchant was told, against what the journal held, in the order of versions. */
function auditTold(world: World, payment: Payment, report: Report): void {
  const { told, memory } = world;
  const versions = new Map((world.history.get(payment.id) ?? []).map((one) => [one.version, one]));
  const mine = told.payments.filter((one) => one.paymentId === payment.id);
  mine.sort((a, b) => a.version - b.version);
  let before = 'processing';
  for (const one of mine) {
    const version = versions.get(one.version);
    if (version === undefined || publicStatuses[version.state] !== one.status) {
      report('told-what-never-was', `${payment.id} v${one.version} was told as ${one.status}`);
    } else if (BigInt(one.refunded) !== version.refunded) {
      report('told-what-never-was', `${payment.id} v${one.version} was told as ${one.refunded} refunded`);
    }
    const unpaid = before === 'failed' || before === 'cancelled';
    if (unpaid && one.status !== before) {
      report('status-flipped', `${payment.id} was told ${before} and then ${one.status}`);
    }
    before = one.status;
  }
  const status = publicStatuses[payment.state];
  const last = told.lastTold(payment.id);
  const deliveries = deliveriesOf(world, payment.id).filter((row) => row.delivery.subject === 'payment');
  for (const type of ['payment.succeeded', 'payment.failed', 'payment.cancelled']) {
    const rows = deliveries.filter((row) => row.delivery.type === type);
    if (rows.length > 1) report('told-twice', `${payment.id} announced ${type} ${rows.length} times`);
  }
  for (const row of deliveriesOf(world, payment.id)) {
    if (row.state === 'delivered' && !told.messages.has(row.delivery.id)) {
      report('never-told', `${row.delivery.id} counts as delivered and never arrived`);
    }
  }
  if (status === 'processing') return;
  if (payment.notifyUrl !== null) {
    const exhausted = deliveries.some((row) => row.state === 'exhausted');
    if (last?.status !== status && !exhausted) {
      report('never-told', `${payment.id} is ${status} and was last told as ${last?.status ?? 'nothing'}`);
    }
    const anyExhausted = deliveriesOf(world, payment.id).some((row) => row.state === 'exhausted');
    const current = memory.records.payments.get(`${payment.merchantId} ${payment.id}`);
    if (anyExhausted && current?.attention === null) {
      report('never-told', `a delivery of ${payment.id} is exhausted and nobody is alerted`);
    }
  } else if (last !== null && last.status !== status && !told.vanished.has(payment.merchantOrderNo)) {
    report('never-told', `${payment.id} is ${status} and the merchant last saw ${last.status}`);
  }
}

function auditRefund(world: World, refund: Refund, report: Report): void {
  const { told, wallet } = world;
  const requestId = refund.paymentId.replace(/^pay_/, 'P');
  const moved = wallet.refundsOf(requestId).get(refundRequestIdOf(refund)) ?? null;
  const is = `${refund.id} is ${refund.state}`;
  switch (refund.state) {
    case 'succeeded':
      if (moved?.minor !== refund.amount.minor) {
        report('refund-view', `${is} and the wallet gave back ${moved?.minor ?? 'nothing'}`);
      }
      break;
    case 'failed':
      if (moved !== null) report('refund-view', `${is} and the wallet gave back ${moved.minor}`);
      break;
    case 'accepted':
    case 'unknown':
    case 'refused':
      report('forgotten-row', is);
      break;
    default:
      refund.state satisfies never;
  }
  for (const one of told.refunds) {
    if (one.refundId !== refund.id) continue;
    if (one.status !== 'processing' && one.status !== refund.state) {
      report('status-flipped', `${is} and was told ${one.status}`);
    }
  }
  const ended = deliveriesOf(world, refund.paymentId).filter((row) => row.delivery.subjectId === refund.id);
  if (ended.length > 1) report('told-twice', `${refund.id} was announced ${ended.length} times`);
}

function deliveriesOf(world: World, paymentId: string): DeliveryRow[] {
  return [...world.memory.records.deliveries.values()].filter((row) => row.delivery.paymentId === paymentId);
}

/** The published mapping of states, once more and by hand. */
const publicStatuses: { readonly [state in Payment['state']]: string } = {
  submitted: 'processing',
  awaiting_payer: 'processing',
  unknown: 'processing',
  reversing: 'processing',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  cancelled_provisionally: 'cancelled',
};
