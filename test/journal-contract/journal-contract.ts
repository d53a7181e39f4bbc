import { describe, it } from 'vitest';
import { deliveryContract } from './delivery-contract.ts';
import { dueRowsContract } from './due-rows-contract.ts';
import type { JournalUnderTest } from './journal-under-test.ts';
import { paymentContract } from './payment-contract.ts';
import { refundContract } from './refund-contract.ts';
import { strayCancelContract } from './stray-cancel-contract.ts';

/**
 * The promises of the journal, the due rows and the delivery journal (`src/ports`), as tests that hold for every
 * implementation. Each case gets a journal of its own, empty, and closes it.
 */
export function journalContract(name: string, createJournal: () => Promise<JournalUnderTest>): void {
  const parts = {
    payments: paymentContract,
    refunds: refundContract,
    'stray cancels': strayCancelContract,
    'due rows': dueRowsContract,
    deliveries: deliveryContract,
  };
  for (const [part, cases] of Object.entries(parts)) {
    describe(`${name}: ${part}`, () => {
      for (const [sentence, prove] of Object.entries(cases)) {
        it(sentence, async () => {
          const under = await createJournal();
          try {
            await prove(under);
          } finally {
            await under.close();
          }
        });
      }
    });
  }
}
