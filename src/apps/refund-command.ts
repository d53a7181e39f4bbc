import { typedAmount } from '../inbound/cli/amount.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { exitCodes } from '../inbound/cli/exit-codes.ts';
import { connectGateway } from '../inbound/cli/gateway-client.ts';
import { refundText } from '../inbound/cli/payment-text.ts';
import { jsonText } from '../inbound/cli/terminal-text.ts';
import { waitSeconds } from '../inbound/cli/wait-seconds.ts';
import type { PaymentSnapshot, RefundSnapshot } from '../operations/snapshots.ts';
import type { Terminal } from './command-line.ts';
import { chooseGateway } from './gateway-target.ts';
import { readSettings } from './settings.ts';

/** `shoudan refund`: gives back part or all of a payment. The payment is read first: its currency says what `1.00` is. */
export async function refund(given: GivenTo<'refund'>, terminal: Terminal): Promise<number> {
  const { options } = given;
  const wait = waitSeconds('refund', options.wait);
  const gateway = connectGateway(chooseGateway(readSettings(terminal.env)).target);
  const path = `/v1/payments/${encodeURIComponent(given.arguments.payment)}`;
  const payment = await gateway.get<PaymentSnapshot>(path);
  const made = await gateway.post<RefundSnapshot>(`${path}/refunds`, {
    body: {
      amount: typedAmount('refund', payment.amount.currency, options.amount),
      ...(options.no === undefined ? {} : { merchant_refund_no: options.no }),
      ...(options.reason === undefined ? {} : { reason: options.reason }),
    },
    waitSeconds: wait,
    ifLost: `\`shoudan inspect ${payment.id}\` tells`,
  });
  terminal.out(options.json ? jsonText(made) : refundText(made));
  return exitCodeOfRefund(made.status);
}

function exitCodeOfRefund(status: RefundSnapshot['status']): number {
  switch (status) {
    case 'succeeded':
      return exitCodes.done;
    case 'failed':
      return exitCodes.otherwise;
    case 'processing':
      return exitCodes.processing;
    default:
      return status satisfies never;
  }
}
