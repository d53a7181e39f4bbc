import type { GivenTo } from '../inbound/cli/commands.ts';
import { exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { connectGateway, type GatewayClient } from '../inbound/cli/gateway-client.ts';
import { paymentText } from '../inbound/cli/payment-text.ts';
import { fields, jsonText } from '../inbound/cli/terminal-text.ts';
import { waitSeconds } from '../inbound/cli/wait-seconds.ts';
import type { PaymentSnapshot, StrayCancelSnapshot } from '../operations/snapshots.ts';
import type { Terminal } from './command-line.ts';
import { chooseGateway } from './gateway-target.ts';
import { readSettings } from './settings.ts';

/** How `POST /v1/cancels` answers. */
interface CancelSnapshot {
  readonly object: 'cancel';
  readonly status: 'applied' | 'held';
  readonly merchant_order_no: string | null;
  readonly payment_request_id: string | null;
  readonly payment: PaymentSnapshot | null;
  readonly wallets: readonly StrayCancelSnapshot[];
  readonly advice: string | null;
}

/** `shoudan cancel`: of a payment, an order, or what an upstream id names. Safe to repeat. */
export async function cancel(given: GivenTo<'cancel'>, terminal: Terminal): Promise<number> {
  const { options } = given;
  const { payment: paymentId } = given.arguments;
  const named = [paymentId, options.order, options.request].filter((name) => name !== undefined);
  if (named.length !== 1) {
    throw usageError('cancel needs exactly one of <payment>, --order and --request', 'cancel');
  }
  if (paymentId !== undefined && options.merchant !== undefined) {
    throw usageError('--merchant goes with --order and --request; a payment names its merchant', 'cancel');
  }
  const wait = waitSeconds('cancel', options.wait);
  const gateway = connectGateway(chooseGateway(readSettings(terminal.env)).target);
  const ifLost = 'cancel again, which is safe';
  if (paymentId !== undefined) {
    const path = `/v1/payments/${encodeURIComponent(paymentId)}/cancel`;
    const payment = await gateway.post<PaymentSnapshot>(path, { waitSeconds: wait, ifLost });
    terminal.out(options.json ? jsonText(payment) : paymentText(payment));
    return exitCodeOfCancel(payment.status);
  }
  const cancelled = await cancelNamed(gateway, options, wait, ifLost);
  terminal.out(options.json ? jsonText(cancelled) : cancelText(cancelled));
  return cancelled.status === 'held' ? exitCodes.done : exitCodeOfCancel(cancelled.payment?.status);
}

function cancelNamed(
  gateway: GatewayClient,
  options: GivenTo<'cancel'>['options'],
  wait: number | undefined,
  ifLost: string,
): Promise<CancelSnapshot> {
  return gateway.post<CancelSnapshot>('/v1/cancels', {
    body: {
      ...(options.order === undefined ? {} : { merchant_order_no: options.order }),
      ...(options.request === undefined ? {} : { payment_request_id: options.request }),
      ...(options.merchant === undefined ? {} : { merchant_id: options.merchant }),
    },
    waitSeconds: wait,
    ifLost,
  });
}

function cancelText(cancelled: CancelSnapshot): string {
  return [
    fields([['cancel', cancelled.status], ...cancelled.wallets.map(wayText), ['advice', cancelled.advice]]),
    cancelled.payment === null ? '' : `\n${paymentText(cancelled.payment)}`,
  ].join('');
}

/** How far a held cancel is at one wallet. */
function wayText({ wallet, status, known_to_wallet: isKnown, next_step: next }: StrayCancelSnapshot) {
  const known = isKnown ? '' : '; the wallet does not know the payment';
  const goesOn = next === null ? '' : `; next ${next.action} at ${next.due_at}`;
  return [wallet, `${status}${known}${goesOn}`] as const;
}

/** A payment that had failed before owes nobody anything: what the cancel is for has come about. */
function exitCodeOfCancel(status: PaymentSnapshot['status'] | undefined): number {
  switch (status) {
    case 'cancelled':
    case 'failed':
      return exitCodes.done;
    case 'succeeded':
      return exitCodes.otherwise;
    case 'processing':
    case undefined:
      return exitCodes.processing;
    default:
      return status satisfies never;
  }
}
