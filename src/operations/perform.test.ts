import { expect, it } from 'vitest';
import { newReversal } from '../domain/payment.ts';
import { createTrial } from '../jobs/trial-engine.fixture.ts';
import { leaseMs } from './engine.ts';
import { performPaymentStep } from './perform.ts';

// proves RES-20
it('a look that the database calls due counts, although this process’s clock is a little behind', async () => {
  const trial = createTrial();
  const opened = await trial.openPayment(0);
  await trial.memory.journal.recordPayment({
    before: opened,
    after: {
      ...opened,
      state: 'cancelled',
      cancelledBy: 'cancel',
      reversal: { ...newReversal('gateway'), state: 'baseless' },
      nextStep: { action: 'inquire', dueAt: trial.clock.now() },
    },
    events: [],
    announcements: [],
  });
  const claimed = await trial.engine.due.claimPayment('M0001', opened.id, leaseMs);
  if (claimed === null) throw new Error('the look is not due');
  trial.wallet.inquire.mockResolvedValueOnce({ kind: 'not_found' });
  const behind = { ...trial.clock, now: () => new Date(trial.clock.now().getTime() - 7) };
  const looked = await performPaymentStep({ ...trial.engine, clock: behind }, claimed);
  expect(looked).toMatchObject({ state: 'cancelled', nextStep: null });
});
