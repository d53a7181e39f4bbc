import type { EventOf, StateOf } from './lifecycle.ts';
import type { Money } from './money.ts';
import type { Attention, Failure, NextStep } from './payment.ts';

/**
 * Legal moves of a refund. It is accepted only when it fits (money case 6), so `failed` is the wallet's doing.
 *
 * - `accepted`: reserved on the payment; the call waits for its turn or is on its way.
 * - `unknown`: an answer is missing; the same call is made again with the same id. RES-12.
 * - `refused`: the wallet refused, and a refund inquiry has yet to confirm that nothing of this id moved.
 */
export const refundMoves = {
  accepted: { succeeded: 'RefundSucceeded', unknown: 'RefundAnswerMissing', refused: 'RefundRefused' },
  unknown: { succeeded: 'RefundFound', refused: 'RefundRefusalRepeated', failed: 'RefundFailureFound' },
  refused: { succeeded: 'RefundFoundAfterRefusal', failed: 'RefundFailed' },
  succeeded: {},
  failed: {},
} as const;

export type RefundState = StateOf<typeof refundMoves>;
export type RefundEventType = EventOf<typeof refundMoves> | 'RefundAccepted' | 'RefundEvidenceAfterFailure';
export type RefundAction = 'refund' | 'inquire_refund';

export interface Refund {
  readonly merchantId: string;
  readonly id: string;
  readonly paymentId: string;
  readonly merchantRefundNo: string | null;
  readonly amount: Money;
  readonly reason: string | null;

  readonly state: RefundState;
  readonly failure: Failure | null;
  readonly nextStep: NextStep<RefundAction> | null;
  readonly tries: number;
  readonly attention: Attention | null;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type PublicRefundStatus = 'processing' | 'succeeded' | 'failed';

const publicStatuses: { readonly [state in RefundState]: PublicRefundStatus } = {
  accepted: 'processing',
  unknown: 'processing',
  refused: 'processing',
  succeeded: 'succeeded',
  failed: 'failed',
};

export function publicRefundStatus(refund: Pick<Refund, 'state'>): PublicRefundStatus {
  return publicStatuses[refund.state];
}
