import type { Payment } from '../../src/domain/payment.ts';
import { requestIdOf } from './money-audit.ts';
import { moneyCases, type Tally } from './tally.ts';
import { lifecycles } from './timeline-audit.ts';
import type { Ledger } from './wallet-ledger.ts';
import type { RecordedVersion, World } from './world.ts';

/** Counts what a run has shown: each move of each lifecycle, and the money cases that are seen afterwards. */
export function tallyRun(world: World): void {
  const { memory, history, ledger, tally } = world;
  for (const timeline of memory.records.events.values()) {
    let beforeAt: Date | null = null;
    for (const { type, at } of timeline) {
      if (beforeAt !== null && at < beforeAt) tally.count('money case', moneyCases[12]);
      beforeAt = at;
      for (const [lifecycle, edges] of Object.entries(lifecycles)) {
        if (edges.has(type)) tally.count(lifecycle, type);
      }
      if (type === 'PaymentNeverSent' || type === 'ReversalBegunBeforeAnswer') {
        tally.count('money case', moneyCases[3]);
      }
      if (type === 'PaymentEvidenceAfterEnd') tally.count('reversal', 'PaymentEvidenceAfterEnd');
    }
  }
  for (const versions of history.values()) {
    for (const [index, { payment: version }] of versions.entries()) {
      const before = versions[index - 1]?.payment;
      if (before === undefined) continue;
      const found = version.paidEvidence && !before.paidEvidence;
      if (found && before.reversal !== null) tally.count('money case', moneyCases[5]);
      const begun = version.reversal !== null && before.reversal === null;
      if (begun && (before.refunded > 0n || before.openRefunds > 0)) {
        tally.count('money case', moneyCases[7]);
      }
    }
    const last = versions.at(-1);
    if (last !== undefined) tallyPayers(last.payment, versions, ledger, tally);
  }
}

/** When payers have paid, against the close time and the cancel of the payment. */
function tallyPayers(
  last: Payment,
  versions: readonly RecordedVersion[],
  ledger: Ledger,
  tally: Tally,
): void {
  const begun = versions.find(({ payment }) => payment.reversal !== null);
  const livesMs = last.expiresAt.getTime() - last.createdAt.getTime();
  const closesAtMs = (versions[0]?.atMs ?? 0) + livesMs;
  for (const { kind, atMs } of ledger.entriesOf(requestIdOf(last))) {
    if (kind !== 'charged') continue;
    if (last.product !== 'payment_code' && last.state === 'succeeded') tally.count('paid by', last.product);
    if (last.product === 'payment_code') continue;
    if (atMs >= closesAtMs) tally.count('situation', situations.paidAfterClose);
    if (begun !== undefined && atMs > begun.atMs) {
      tally.count('situation', situations.paidAfterCancel);
    }
  }
  if (last.product === 'order_code' && ledger.entriesOf(requestIdOf(last)).length === 0) {
    tally.count('situation', situations.neverScanned);
  }
}

/** What a run with entry and order codes should show. */
export const situations = {
  paidAfterClose: 'a payer pays after the close time',
  paidAfterCancel: 'a payer pays after a cancel has begun',
  neverScanned: 'a code is never scanned',
} as const;
