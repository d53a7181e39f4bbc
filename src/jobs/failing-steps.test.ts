import { expect, it, vi } from 'vitest';
import type { Payment } from '../domain/payment.ts';
import { startDueLoop } from './due-loop.ts';
import { createFailingSteps } from './failing-steps.ts';
import { createTrial } from './trial-engine.fixture.ts';

const mistake = new Error('no wallet account alipay_open/sandbox is configured');

function startTrial() {
  const trial = createTrial();
  const errors: { readonly error: unknown; readonly atMs: number }[] = [];
  const startedMs = trial.clock.monotonicMs();
  const loop = startDueLoop(trial.engine, {
    concurrency: 8,
    pollMs: 500,
    onError: (error) => errors.push({ error, atMs: trial.clock.monotonicMs() - startedMs }),
  });
  return {
    trial,
    errors,
    async stop() {
      const stopped = loop.stop();
      await trial.clock.advance(60_000);
      await stopped;
    },
  };
}

// proves RES-13
it('a step that throws each time needs attention after three tries, is tried twice a minute, and recovers', async () => {
  const { trial, errors, stop } = startTrial();
  trial.wallet.inquire.mockRejectedValue(mistake);
  const { id } = await trial.openPayment(0);
  await trial.clock.advance(29_000);
  expect((await trial.payment(id)).attention).toBeNull();
  await trial.clock.advance(3_000);
  const failing = await trial.payment(id);
  expect(failing.attention?.reason).toBe('step_failing');
  expect(failing.tries).toBe(0);
  const before = errors.length;
  await trial.clock.advance(10 * 60_000);
  expect(errors.length - before).toBeGreaterThanOrEqual(18);
  expect(errors.length - before).toBeLessThanOrEqual(21);
  expect((await trial.payment(id)).version).toBe(failing.version);
  trial.wallet.inquire.mockResolvedValue({ kind: 'not_found' });
  await trial.clock.advance(31_000);
  expect((await trial.payment(id)).attention).toBeNull();
  await stop();
});

// proves RES-13
it('steps that throw by the thousand keep none waiting that works', async () => {
  const { trial, stop } = startTrial();
  const { inquire } = trial.wallet;
  const answer = inquire.getMockImplementation();
  if (answer === undefined) throw new Error('inquiries are not answered in this trial');
  inquire.mockImplementation(async (payment, limit) => {
    if (payment.account === 'missing') throw mistake;
    return answer(payment, limit);
  });
  for (let count = 0; count < 1_000; count += 1) await trial.openPayment(0, { account: 'missing' });
  await trial.clock.advance(40_000);
  const { id } = await trial.openPayment(0);
  await trial.clock.advance(500);
  expect((await trial.payment(id)).state).toBe('succeeded');
  await stop();
});

it('a delivery that cannot even be made is put off, and goes out when it can', async () => {
  const { trial, errors, stop } = startTrial();
  const secret = vi.spyOn(trial.engine.merchants, 'deliverySecret').mockRejectedValue(mistake);
  await trial.announceSuccess();
  await trial.clock.advance(32_000);
  expect(errors).toHaveLength(3);
  await trial.clock.advance(27_000);
  expect(errors).toHaveLength(3);
  secret.mockRestore();
  await trial.clock.advance(2_000);
  expect(trial.send).toHaveBeenCalledTimes(1);
  await stop();
});

// proves RES-13
it('steps that throw by the ten thousand come before people one after the other, and none is left out', async () => {
  const trial = createTrial();
  const failing = createFailingSteps(trial.engine);
  const payments: Payment[] = [];
  for (let count = 0; count < 12_000; count += 1) payments.push(await trial.openPayment(0));
  const inSight = () =>
    [...trial.memory.records.payments.values()].filter(({ attention }) => attention !== null).length;
  for (const known of [0, 0, 10_000, 10_000, 12_000]) {
    for (const { id } of payments) {
      await failing.failed({ kind: 'payment', payment: await trial.payment(id), lanes: [] });
    }
    expect(inSight()).toBeGreaterThanOrEqual(known);
    await trial.clock.advance(30_000);
  }
  expect(inSight()).toBe(12_000);
});

it('what failed long ago and was settled elsewhere leaves room to remember others', async () => {
  const trial = createTrial();
  const failing = createFailingSteps(trial.engine);
  for (let count = 0; count < 10_000; count += 1) {
    await failing.failed({ kind: 'payment', payment: await trial.openPayment(0), lanes: [] });
  }
  await trial.clock.advance(600_000);
  const { id } = await trial.openPayment(0);
  for (let count = 0; count < 3; count += 1) {
    await failing.failed({ kind: 'payment', payment: await trial.payment(id), lanes: [] });
  }
  expect((await trial.payment(id)).attention?.reason).toBe('step_failing');
});

it('failures in a row count, and one step that works ends the row', async () => {
  const trial = createTrial();
  const failing = createFailingSteps(trial.engine);
  const { id } = await trial.openPayment(0);
  const row = { kind: 'payment', payment: await trial.payment(id), lanes: [] } as const;
  for (let time = 0; time < 5; time += 1) {
    await failing.failed(row);
    await failing.failed(row);
    failing.worked(row);
  }
  expect((await trial.payment(id)).attention).toBeNull();
});

it('a step that others have recorded meanwhile is not put off', async () => {
  const trial = createTrial();
  const failing = createFailingSteps(trial.engine);
  const { id } = await trial.openPayment(0);
  const before = await trial.payment(id);
  const soon = new Date(trial.clock.now().getTime() + 1_000);
  const after: Payment = { ...before, nextStep: { action: 'cancel', dueAt: soon } };
  await trial.engine.journal.recordPayment({ before, after, events: [], announcements: [] });
  for (let time = 0; time < 3; time += 1)
    await failing.failed({ kind: 'payment', payment: before, lanes: [] });
  expect((await trial.payment(id)).nextStep).toEqual({ action: 'cancel', dueAt: soon });
});
