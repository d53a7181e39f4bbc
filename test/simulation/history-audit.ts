import type { Payment } from '../../src/domain/payment.ts';
import type { Report } from './auditor.ts';
import { goesFarAhead } from './clocks.ts';
import { requestIdOf } from './money-audit.ts';
import type { RecordedVersion, World } from './world.ts';

/** What holds of every version that a payment has had. */
export function auditHistory(world: World, payment: Payment, report: Report): void {
  const versions = world.history.get(payment.id) ?? [];
  let before: Payment | null = null;
  for (const recorded of versions) {
    const version = recorded.payment;
    const { refunded, refundReserved, amount } = version;
    if (refunded < 0n || refunded > refundReserved || refundReserved > amount.minor) {
      report(
        'over-refund',
        `${payment.id} v${version.version}: ${refunded} ≤ ${refundReserved} ≤ ${amount.minor}`,
      );
    }
    if (before?.state !== version.state) auditNewState(world, recorded, report);
    if (before?.reversal?.state !== 'effected' && version.reversal?.state === 'effected') {
      auditEnd(world, recorded, report);
    }
    before = version;
  }
}

/** What the wallet's books must say at the moment at which a state was recorded. */
function auditNewState(world: World, recorded: RecordedVersion, report: Report): void {
  const version = recorded.payment;
  switch (version.state) {
    case 'succeeded': {
      const { charged } = walletViewAt(world, recorded);
      if (!charged) report('success-without-charge', `${version.id} v${version.version}`);
      break;
    }
    case 'failed':
    case 'cancelled':
      auditEnd(world, recorded, report);
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
function auditEnd(world: World, recorded: RecordedVersion, report: Report): void {
  // Where the database's clock went far ahead no wait has meant anything: what holds at rest is all that is promised.
  if (goesFarAhead(world.plan.clocks)) return;
  const { payment: version, atMs } = recorded;
  const is = `${version.id} v${version.version} ended as ${version.state}`;
  const { opened, closed } = walletViewAt(world, recorded);
  if (opened && !closed) report('ended-while-payable', is);
  if (world.plan.payBeyondHorizon > 0) return;
  for (const entry of world.ledger.entriesOf(requestIdOf(version))) {
    if (entry.atMs <= atMs || (entry.kind !== 'opened' && entry.kind !== 'charged')) continue;
    report('payable-after-final', `${is} and was ${entry.kind} ${entry.atMs - atMs} ms later`);
  }
}

/** What had become of a payment at the wallet when this version was recorded. */
function walletViewAt(world: World, { payment: version, atMs }: RecordedVersion) {
  const kinds = new Set<string>();
  for (const entry of world.ledger.entriesOf(requestIdOf(version))) {
    const inTime = entry.kind === 'opened' ? entry.atMs < atMs : entry.atMs <= atMs;
    if (inTime) kinds.add(entry.kind);
  }
  return { opened: kinds.has('opened'), charged: kinds.has('charged'), closed: kinds.has('closed') };
}
