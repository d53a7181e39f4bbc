import { typedAmount } from '../inbound/cli/amount.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { exitCodes } from '../inbound/cli/exit-codes.ts';
import { connectGateway } from '../inbound/cli/gateway-client.ts';
import { paymentText } from '../inbound/cli/payment-text.ts';
import { jsonText } from '../inbound/cli/terminal-text.ts';
import { waitSeconds } from '../inbound/cli/wait-seconds.ts';
import type { PaymentSnapshot } from '../operations/snapshots.ts';
import type { Terminal } from './command-line.ts';
import { chooseGateway, givenOrSandbox } from './gateway-target.ts';
import { readSettings } from './settings.ts';

/** `shoudan pay`: takes a payment over REST, as a merchant's system would. */
export async function pay({ options }: GivenTo<'pay'>, terminal: Terminal): Promise<number> {
  const amount = typedAmount('pay', options.currency ?? 'CNY', options.amount);
  const wait = waitSeconds('pay', options.wait);
  const { target, sandbox } = chooseGateway(readSettings(terminal.env));
  const code = sandbox?.payment_codes[options.wallet ?? 'alipay_open'];
  const payment = await connectGateway(target).post<PaymentSnapshot>('/v1/payments', {
    body: {
      merchant_order_no: options.order,
      amount,
      product: 'payment_code',
      payment_code: givenOrSandbox('pay', 'code', options.code, code),
      store_id: givenOrSandbox('pay', 'store', options.store, sandbox?.store_id),
      terminal_id: givenOrSandbox('pay', 'terminal', options.terminal, sandbox?.terminal_id),
      subject: givenOrSandbox('pay', 'subject', options.subject, sandbox === null ? undefined : 'Trial'),
      ...(options.wallet === undefined ? {} : { wallet: options.wallet }),
      ...(options['notify-url'] === undefined ? {} : { notify_url: options['notify-url'] }),
      ...(options.merchant === undefined ? {} : { merchant_id: options.merchant }),
    },
    waitSeconds: wait,
    ifLost: `\`shoudan inspect --order ${options.order}\` tells, \`shoudan cancel --order ${options.order}\` undoes it`,
  });
  terminal.out(options.json ? jsonText(payment) : paymentText(payment));
  return exitCodeOfPayment(payment.status);
}

function exitCodeOfPayment(status: PaymentSnapshot['status']): number {
  switch (status) {
    case 'succeeded':
      return exitCodes.done;
    case 'failed':
    case 'cancelled':
      return exitCodes.otherwise;
    case 'processing':
      return exitCodes.processing;
    default:
      return status satisfies never;
  }
}
