import { rowKeyOf } from '../../src/adapters/memory/records.ts';
import type { PayRequest } from '../../src/ports/wallet.ts';
import { type PlantedDefect, sound } from './plant.ts';
import type { World } from './world.ts';

/** Defects in how the wallets are called and their answers are read. */
export const plantedInWalletCalls: readonly PlantedDefect[] = [
  {
    ...sound,
    does: 'a pay that nobody answered is failed',
    caughtBy: ['one-sided-charge', 'ended-while-payable', 'payable-after-final'],
    wallet: (gateway) => ({
      ...gateway,
      async pay(request, limit) {
        const answer = await gateway.pay(request, limit);
        if (answer.kind !== 'no_answer' || answer.reason === 'not_sent') return answer;
        return { kind: 'refused', code: 'TIMEOUT', message: answer.detail, remedy: 'payer' };
      },
    }),
  },
  {
    ...sound,
    does: 'an answer that says neither yes nor no (20000, ACQ.SYSTEM_ERROR) is a failure',
    moneyCase: 13,
    caughtBy: ['one-sided-charge', 'ended-while-payable', 'payable-after-final'],
    wallet: (gateway) => ({
      ...gateway,
      async pay(request, limit) {
        const answer = await gateway.pay(request, limit);
        if (answer.kind !== 'unclear') return answer;
        return { kind: 'refused', code: answer.code, message: answer.message, remedy: 'payer' };
      },
    }),
  },
  {
    ...sound,
    does: 'an HTML page with HTTP 200 is a refusal',
    moneyCase: 13,
    caughtBy: ['one-sided-charge', 'ended-while-payable', 'payable-after-final'],
    wallet: (gateway) => ({
      ...gateway,
      async pay(request, limit) {
        const answer = await gateway.pay(request, limit);
        if (answer.kind !== 'no_answer' || answer.reason !== 'malformed') return answer;
        return { kind: 'refused', code: 'HTTP 200', message: answer.detail, remedy: 'operator' };
      },
    }),
  },
  {
    ...sound,
    does: 'a sender that has stalled sends whatever time it is',
    moneyCase: 2,
    caughtBy: ['payable-after-final', 'ended-while-payable'],
    wallet: (gateway) => ({
      ...gateway,
      pay: (request, limit) => gateway.pay(request, { ...limit, sendBeforeMs: Number.POSITIVE_INFINITY }),
    }),
  },
  {
    ...sound,
    does: 'whoever finds an expired lease pays again, under a new number',
    caughtBy: ['charged-twice-order'],
    wallet: (gateway, world) => {
      const sent = payRequestsOf(world);
      return {
        ...gateway,
        async pay(request, limit) {
          sent.set(request.requestId, request);
          return gateway.pay(request, limit);
        },
        async inquire(payment, limit) {
          const request = sent.get(payment.requestId);
          if (request === undefined) return gateway.inquire(payment, limit);
          sent.delete(payment.requestId);
          const answer = await gateway.pay(
            { ...request, requestId: request.requestId.replace(/^P./, 'PZ') },
            limit,
          );
          return answer.kind === 'issued' ? { kind: 'not_found' } : answer;
        },
      };
    },
  },
  {
    ...sound,
    does: 'the URL or code that was issued counts as money',
    caughtBy: ['success-without-charge', 'one-sided-charge'],
    wallet: (gateway) => ({
      ...gateway,
      async pay(request, limit) {
        const answer = await gateway.pay(request, limit);
        if (answer.kind !== 'issued') return answer;
        return { kind: 'paid', walletTransactionId: 'issued', amount: request.amount };
      },
    }),
  },
  {
    ...sound,
    does: 'what an inquiry does not find is closed, although there is evidence of payment',
    moneyCase: 5,
    caughtBy: ['one-sided-charge', 'ended-while-payable'],
    wallet: (gateway, { memory }) => ({
      ...gateway,
      async inquire(payment, limit) {
        const answer = await gateway.inquire(payment, limit);
        const row = memory.records.payments.get(rowKeyOf('M0001', payment.requestId.replace(/^P/, 'pay_')));
        const isClosed = answer.kind === 'not_found' && row?.paidEvidence === true;
        return isClosed ? { kind: 'closed', walletTransactionId: null } : answer;
      },
    }),
  },
  {
    ...sound,
    does: 'an unanswered refund is repeated under a new id',
    moneyCase: 6,
    caughtBy: ['unknown-trade'],
    wallet: (gateway, world) => ({
      ...gateway,
      async refund(request, limit) {
        const letter = 'ABCDEFGHJK'.charAt(world.random.integer(0, 9));
        const refundRequestId = request.refundRequestId.replace(/.$/, letter);
        return gateway.refund({ ...request, refundRequestId }, limit);
      },
    }),
  },
  {
    ...sound,
    does: 'a reversal’s refund id that was not answered is given up for another one',
    moneyCase: 6,
    caughtBy: ['refund-id-wasted'],
    wallet: (gateway) => ({
      ...gateway,
      async refund(request, limit) {
        const answer = await gateway.refund(request, limit);
        return answer.kind === 'no_answer' ? { kind: 'spent', code: 'TIMEOUT', message: 'spent' } : answer;
      },
      async inquireRefund(request, limit) {
        const answer = await gateway.inquireRefund(request, limit);
        return answer.kind === 'refunded' ? answer : { kind: 'failed', code: 'TIMEOUT', message: 'failed' };
      },
    }),
  },
  {
    ...sound,
    does: 'SUCCESS after a refund is taken as money that is still kept',
    moneyCase: 13,
    caughtBy: ['refund-id-wasted', 'refund-view'],
    wallet: (gateway) => ({
      ...gateway,
      async inquireRefund(request, limit) {
        const answer = await gateway.inquire(request, limit);
        if (answer.kind !== 'paid') return gateway.inquireRefund(request, limit);
        return { kind: 'failed', code: 'SUCCESS', message: 'the payment is paid' };
      },
    }),
  },
  {
    ...sound,
    does: 'a cancel after a partial refund gives nothing more back',
    moneyCase: 7,
    caughtBy: ['one-sided-charge', 'refund-view', 'wallet-view'],
    wallet: (gateway, { memory }) => ({
      ...gateway,
      async refund(request, limit) {
        const row = memory.records.payments.get(rowKeyOf('M0001', request.requestId.replace(/^P/, 'pay_')));
        const isRemainder = row !== undefined && row.reversal !== null && row.refunded > 0n;
        return isRemainder ? { kind: 'refunded' } : gateway.refund(request, limit);
      },
    }),
  },
];

const sentRequests = new WeakMap<World, Map<string, PayRequest>>();

/** What was sent to pay, known to every process of a run: the defect is about who sends, not about knowing. */
function payRequestsOf(world: World): Map<string, PayRequest> {
  const known = sentRequests.get(world) ?? new Map<string, PayRequest>();
  sentRequests.set(world, known);
  return known;
}
