import type { PaymentSnapshot, RefundSnapshot } from '../../src/operations/snapshots.ts';
import type { MerchantEndpoint, MerchantMessage, MerchantReply } from '../../src/ports/merchant-endpoint.ts';
import type { Life } from './gateway-process.ts';
import type { World } from './world.ts';

/** The merchant's endpoint as one life of a process reaches it. What it accepts, the merchant knows from then on. */
export function createMerchantEndpoint(world: World, life: Life): MerchantEndpoint {
  const { scheduler, random, plan, trace, tally, told } = world;
  const { endpoint, processes, startMs } = plan;

  const receive = (message: MerchantMessage): void => {
    const body: { readonly data: { readonly payment: PaymentSnapshot; readonly refund?: RefundSnapshot } } =
      JSON.parse(message.body);
    const nowMs = scheduler.nowMs();
    told.messages.add(message.messageId);
    told.tell(nowMs, 'delivery', body.data.payment);
    if (body.data.refund !== undefined) told.tellRefund(nowMs, 'delivery', body.data.refund);
    trace.add('merchant', 'is told', [
      message.messageId,
      body.data.payment.status,
      body.data.payment.version,
    ]);
  };

  return {
    send: (message) =>
      new Promise((resolve) => {
        if (!life.isAlive()) return;
        const faults = world.faultsHold();
        const happens = (name: string, probability: number): boolean => {
          if (!faults || !random.chance(probability)) return false;
          tally.count('fault of delivery', name);
          return true;
        };
        if (faults && random.chance(processes.crash / 2)) {
          life.crash('before sending a delivery');
          return;
        }
        const reply = (delayMs: number, answer: MerchantReply): void => {
          scheduler.after(delayMs, () => {
            if (faults && random.chance(processes.stall)) life.stall();
            life.enter(() => resolve(answer));
          });
        };
        const timeout: MerchantReply = { kind: 'failed', reason: 'no answer in time' };
        const legMs = random.integer(1, 200);
        if (scheduler.nowMs() < startMs + endpoint.downForMs) {
          tally.count('fault of delivery', 'endpoint down');
          reply(legMs, { kind: 'failed', reason: 'connection refused' });
        } else if (happens('refused', endpoint.refuses)) {
          reply(legMs, { kind: 'failed', reason: 'HTTP 500' });
        } else if (happens('times out', endpoint.timesOut)) {
          reply(message.timeoutMs, timeout);
          // Some of them arrive after all.
          if (random.chance(0.5)) scheduler.after(random.integer(1, 60_000), () => receive(message));
        } else {
          const answerLost = happens('answer lost', endpoint.answerLost);
          scheduler.after(legMs, () => {
            receive(message);
            if (faults && random.chance(processes.crash / 2)) life.crash('after sending a delivery');
            else if (!answerLost) reply(random.integer(1, 200), { kind: 'accepted' });
          });
          if (answerLost) reply(message.timeoutMs, timeout);
        }
      }),
  };
}
