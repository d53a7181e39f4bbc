import { moneyCases } from './tally.ts';
import { lifecycles } from './timeline-audit.ts';
import type { World } from './world.ts';

/** Counts what a run has shown: each move of each lifecycle, and the money cases that are seen afterwards. */
export function tallyRun(world: World): void {
  const { memory, history, tally } = world;
  for (const timeline of memory.records.events.values()) {
    for (const { type } of timeline) {
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
    for (const [index, version] of versions.entries()) {
      const before = versions[index - 1];
      if (before === undefined) continue;
      const found = version.paidEvidence && !before.paidEvidence;
      if (found && before.reversal !== null) tally.count('money case', moneyCases[5]);
      const begun = version.reversal !== null && before.reversal === null;
      if (begun && (before.refunded > 0n || before.openRefunds > 0)) {
        tally.count('money case', moneyCases[7]);
      }
    }
  }
}
