import { type Payment, paymentMoves, reversalMoves } from '../../src/domain/payment.ts';
import { type Refund, refundMoves } from '../../src/domain/refund.ts';
import type { RecordedEvent } from '../../src/ports/journal.ts';
import type { Violation } from './invariants.ts';

interface Edge {
  readonly from: string;
  readonly to: string;
}

/** The move that each event of a lifecycle stands for: every event names one edge. */
export function edgesOf(table: {
  readonly [from: string]: { readonly [to: string]: string };
}): ReadonlyMap<string, Edge> {
  const edges = new Map<string, Edge>();
  for (const [from, moves] of Object.entries(table)) {
    for (const [to, event] of Object.entries(moves)) edges.set(event, { from, to });
  }
  return edges;
}

export const lifecycles = {
  payment: edgesOf(paymentMoves),
  reversal: edgesOf(reversalMoves),
  refund: edgesOf(refundMoves),
};

/**
 * Where a timeline does not lead, move by move, to the states that are recorded; empty when it does. `closesAtMs`: until
 * then the payment may not be given up; `recordedAtMs` knows when a version was recorded. Both in true time, since the times
 * of a timeline may go back.
 */
export function auditTimeline(
  timeline: readonly RecordedEvent[],
  payment: Payment,
  refunds: readonly Refund[],
  closesAtMs: number,
  recordedAtMs: (version: number) => number,
): Violation[] {
  const faults: Violation[] = [];
  const illegal = (detail: string): void => {
    faults.push({ invariant: 'illegal-move', detail });
  };
  let state: string | null = null;
  let reversal: string | null = null;
  const refundStates = new Map<string, string>();
  let isUndelivered = false;
  const follow = (edge: Edge, from: string | null, type: string): string => {
    if (from !== edge.from) illegal(`${payment.id}: ${type} from ${from ?? 'nothing'}`);
    return edge.to;
  };
  for (const { type, data, version } of timeline) {
    const paymentEdge = lifecycles.payment.get(type);
    const reversalEdge = lifecycles.reversal.get(type);
    const refundEdge = lifecycles.refund.get(type);
    if (paymentEdge !== undefined) state = follow(paymentEdge, state, type);
    else if (reversalEdge !== undefined) reversal = follow(reversalEdge, reversal, type);
    else if (refundEdge !== undefined) {
      const id = String(data['refund_id']);
      refundStates.set(id, follow(refundEdge, refundStates.get(id) ?? null, type));
    } else if (type === 'PayerActionUndelivered') isUndelivered = true;
    else if (type === 'PaymentSubmitted') state = 'submitted';
    else if (type === 'PaymentNeverSent') state = 'cancelled';
    else if (type === 'RefundAccepted') refundStates.set(String(data['refund_id']), 'accepted');
    else if (type === 'ReversalDecided') {
      if (state === 'succeeded' && data['by'] !== 'merchant') {
        faults.push({ invariant: 'success-undone-by-timer', detail: payment.id });
      }
      const waits = payment.product !== 'payment_code' && data['by'] === 'gateway' && !isUndelivered;
      const earlyMs = closesAtMs - recordedAtMs(version);
      if (waits && earlyMs > 0) {
        faults.push({ invariant: 'payer-cut-off', detail: `${payment.id}, ${earlyMs} ms too early` });
      }
      reversal = 'cancelling';
    } else if (type === 'PaymentEvidenceAfterEnd') reversal = 'cancelling';
  }
  if (state !== payment.state) illegal(`${payment.id} is ${payment.state}, its timeline ends ${state}`);
  if (reversal !== (payment.reversal?.state ?? null)) {
    illegal(`${payment.id}: reversal ${payment.reversal?.state}, its timeline ends ${reversal}`);
  }
  for (const refund of refunds) {
    const told = refundStates.get(refund.id);
    if (told !== refund.state) illegal(`${refund.id} is ${refund.state}, the timeline ends ${told}`);
  }
  return faults;
}
