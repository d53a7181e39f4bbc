import { setTimeout as sleepFor } from 'node:timers/promises';
import { takesCurrency, walletNames } from '../domain/wallets.ts';
import { typedAmount } from '../inbound/cli/amount.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { connectGateway, type GatewayClient } from '../inbound/cli/gateway-client.ts';
import { paymentText } from '../inbound/cli/payment-text.ts';
import { qrText } from '../inbound/cli/qr-text.ts';
import { jsonText } from '../inbound/cli/terminal-text.ts';
import { waitSeconds } from '../inbound/cli/wait-seconds.ts';
import type { PaymentSnapshot } from '../operations/snapshots.ts';
import type { Terminal } from './command-line.ts';
import { chooseGateway, givenOrSandbox } from './gateway-target.ts';
import type { Sandbox } from './sandbox-file.ts';
import { readSettings } from './settings.ts';

/** `shoudan pay`: takes a payment over REST, as a merchant's system would. */
export async function pay({ options }: GivenTo<'pay'>, terminal: Terminal): Promise<number> {
  const amount = typedAmount('pay', options.currency ?? 'CNY', options.amount);
  const wait = waitSeconds('pay', options.wait);
  if (options['order-code'] && options.code !== undefined) {
    throw usageError('--order-code shows a code of its own: leave --code out', 'pay');
  }
  const startedAtMs = performance.now();
  const { target, sandbox } = chooseGateway(readSettings(terminal.env));
  const gateway = connectGateway(target);
  const product = options['order-code']
    ? { product: 'order_code' }
    : { product: 'payment_code', payment_code: paymentCodeOf(options, amount.currency, sandbox) };
  const begun = await gateway.post<PaymentSnapshot>('/v1/payments', {
    body: {
      merchant_order_no: options.order,
      amount,
      ...product,
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
  const payment = options['order-code']
    ? await shownUntilFinal(gateway, begun, startedAtMs + waitMs(begun, wait), (code) => {
        const shown = `${qrText(code.value)}\n${code.value}\nuntil ${code.expires_at}\n\n`;
        // With --json stdout is one document; whoever is to scan the code still has to see it.
        (options.json ? terminal.err : terminal.out)(shown);
      })
    : begun;
  terminal.out(options.json ? jsonText(payment) : paymentText(payment));
  return exitCodeOfPayment(payment.status);
}

/** The code that was given, else the sandbox's payer's of the first wallet that takes the currency. */
function paymentCodeOf(
  options: GivenTo<'pay'>['options'],
  currency: string,
  sandbox: Sandbox | null,
): string {
  const wallet = options.wallet ?? walletNames.find((name) => takesCurrency(name, currency));
  const ofSandbox = wallet === undefined ? undefined : sandbox?.payment_codes[wallet];
  return givenOrSandbox('pay', 'code', options.code, ofSandbox);
}

/** A closed code is cancelled within this time, if the wallet answers. */
const closingMs = 30_000;

/** How long an order code is waited for: as long as was said, else until it must have been closed. */
function waitMs(payment: PaymentSnapshot, wait: number | undefined): number {
  if (wait !== undefined) return wait * 1000;
  // By the gateway's clock alone: this machine's may differ.
  return Date.parse(payment.expires_at) - Date.parse(payment.created_at) + closingMs;
}

const askEveryMs = 1_000;
const waitSecondsMax = 120;

/** Shows the order code once the wallet has issued it, and waits until the payment is final or the time is over. */
async function shownUntilFinal(
  gateway: GatewayClient,
  begun: PaymentSnapshot,
  deadlineMs: number,
  show: (code: NonNullable<PaymentSnapshot['order_code']>) => void,
): Promise<PaymentSnapshot> {
  const path = `/v1/payments/${begun.id}`;
  let payment = begun;
  let isShown = false;
  for (;;) {
    if (payment.status !== 'processing') return payment;
    if (payment.order_code !== null && !isShown) {
      show(payment.order_code);
      isShown = true;
    }
    const askedAtMs = performance.now();
    const leftMs = deadlineMs - askedAtMs;
    if (leftMs <= 0) return payment;
    const seconds = isShown ? Math.min(Math.ceil(leftMs / 1000), waitSecondsMax) : 0;
    payment = await gateway.get<PaymentSnapshot>(path, seconds);
    // The gateway waits for what is final alone; and whatever stands before it may take the wait away.
    const nextAtMs = Math.min(askedAtMs + askEveryMs, deadlineMs);
    if (payment.status === 'processing') await sleepFor(Math.max(0, Math.ceil(nextAtMs - performance.now())));
  }
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
