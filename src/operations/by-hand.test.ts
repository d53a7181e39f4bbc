import { describe, expect, it } from 'vitest';
import { newReversal, type Payment } from '../domain/payment.ts';
import { createTrial, type Trial } from '../jobs/trial-engine.fixture.ts';
import { resolvePayment } from './by-hand.ts';

const written = { by: 'Li Wei', evidence: 'mail of the wallet, case 4711' } as const;

async function unconfirmed(
  trial: Trial,
  reason: 'cancel_unresolved' | 'delivery_exhausted',
): Promise<Payment> {
  return trial.openPayment(600_000, {
    state: 'reversing',
    reversal: newReversal('merchant'),
    nextStep: { action: 'cancel', dueAt: new Date(trial.clock.now().getTime() + 600_000) },
    attention: { reason, since: trial.clock.now() },
  });
}

async function handWritten(trial: Trial, id: string): Promise<number> {
  const timeline = await trial.engine.journal.timeline('M0001', id);
  return timeline.filter(({ type }) => type === 'ResolvedByHand').length;
}

// proves RES-13, RES-19
describe('a payment that a person gives back', () => {
  it('is done although its merchant could not be told: that stays before people by itself', async () => {
    const trial = createTrial();
    const payment = await unconfirmed(trial, 'delivery_exhausted');
    const given = await resolvePayment(trial.engine, 'M0001', payment.id, 'given_back', written);
    expect(given).toMatchObject({
      kind: 'done',
      row: { state: 'cancelled', nextStep: null, attention: { reason: 'delivery_exhausted' } },
    });
    const noted = await resolvePayment(trial.engine, 'M0001', payment.id, 'noted', written);
    expect(noted).toMatchObject({ kind: 'done', row: { attention: null } });
    expect(await handWritten(trial, payment.id)).toBe(2);
  });

  it('is looked at again when the worker was faster, and is settled once', async () => {
    const trial = createTrial();
    const payment = await unconfirmed(trial, 'cancel_unresolved');
    const { journal } = trial.engine;
    let faster = true;
    const engine: typeof trial.engine = {
      ...trial.engine,
      journal: {
        ...journal,
        async recordPayment(record) {
          if (faster) {
            faster = false;
            await journal.recordPayment({ ...record, after: { ...record.before, tries: 7 }, events: [] });
          }
          return journal.recordPayment(record);
        },
      },
    };
    const given = await resolvePayment(engine, 'M0001', payment.id, 'given_back', written);
    expect(given).toMatchObject({ kind: 'done', row: { state: 'cancelled', attention: null } });
    expect(await handWritten(trial, payment.id)).toBe(1);
  });

  it('is refused when the wallet has confirmed it meanwhile', async () => {
    const trial = createTrial();
    const payment = await unconfirmed(trial, 'cancel_unresolved');
    const settled: Payment = {
      ...payment,
      state: 'cancelled',
      cancelledBy: 'cancel',
      reversal: { ...newReversal('merchant'), state: 'effected' },
      nextStep: null,
      attention: null,
    };
    await trial.engine.journal.recordPayment({
      before: payment,
      after: settled,
      events: [],
      announcements: [],
    });
    const given = await resolvePayment(trial.engine, 'M0001', payment.id, 'given_back', written);
    expect(given).toMatchObject({ kind: 'refused', obstacle: expect.stringContaining('needs no attention') });
    expect(await handWritten(trial, payment.id)).toBe(0);
  });
});
