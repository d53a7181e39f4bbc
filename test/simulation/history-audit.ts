import type { Payment } from '../../src/domain/payment.ts';
import type { Report } from './auditor.ts';
import { requestIdOf } from './money-audit.ts';
import type { World } from './world.ts';

/** What holds of every version that a payment has had. */
export function auditHistory(world: World, payment: Payment, report: Report): void {
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

/** What the wallet's books must say at the moment at which a state was recorded. */
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
    case 'issued':
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
  for (const entry of world.ledger.entriesOf(requestIdOf(version))) {
    if (entry.atMs <= atMs || (entry.kind !== 'opened' && entry.kind !== 'charged')) continue;
    report('payable-after-final', `${is} and was ${entry.kind} ${entry.atMs - atMs} ms later`);
  }
}

/** What had become of a payment at the wallet when this version was recorded. */
function walletViewAt(world: World, version: Payment) {
  const atMs = version.updatedAt.getTime();
  const kinds = new Set<string>();
  for (const entry of world.ledger.entriesOf(requestIdOf(version))) {
    const inTime = entry.kind === 'opened' ? entry.atMs < atMs : entry.atMs <= atMs;
    if (inTime) kinds.add(entry.kind);
  }
  return { opened: kinds.has('opened'), charged: kinds.has('charged'), closed: kinds.has('closed') };
}
