import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { connectGateway, type GatewayClient } from '../inbound/cli/gateway-client.ts';
import { type EventSnapshot, type InspectedPayment, inspectedText } from '../inbound/cli/payment-text.ts';
import { jsonText } from '../inbound/cli/terminal-text.ts';
import type { PaymentSnapshot, RefundSnapshot } from '../operations/snapshots.ts';
import type { Terminal } from './command-line.ts';
import { chooseGateway } from './gateway-target.ts';
import { readSettings } from './settings.ts';

interface List<Item> {
  readonly data: readonly Item[];
}

/** `shoudan inspect`: a payment, or every attempt of an order, with refunds and timeline. */
export async function inspectPayments(given: GivenTo<'inspect'>, terminal: Terminal): Promise<number> {
  const { options } = given;
  const { payment: paymentId } = given.arguments;
  if ((paymentId === undefined) === (options.order === undefined)) {
    throw usageError('inspect needs either <payment> or --order', 'inspect');
  }
  if (paymentId !== undefined && options.merchant !== undefined) {
    throw usageError('--merchant goes with --order; a payment names its merchant', 'inspect');
  }
  const gateway = connectGateway(chooseGateway(readSettings(terminal.env)).target);
  if (paymentId !== undefined) {
    const path = `/v1/payments/${encodeURIComponent(paymentId)}`;
    const inspected = await withHistory(gateway, await gateway.get<PaymentSnapshot>(path));
    terminal.out(options.json ? jsonText(inspected) : inspectedText(inspected));
    return exitCodes.done;
  }
  const order = options.order ?? '';
  const query = new URLSearchParams({ merchant_order_no: order });
  if (options.merchant !== undefined) query.set('merchant_id', options.merchant);
  const { data } = await gateway.get<List<PaymentSnapshot>>(`/v1/payments?${query}`);
  if (data.length === 0) {
    throw new CommandFailure(exitCodes.refused, `no payment of order ${order} is known: check the number`);
  }
  const attempts: InspectedPayment[] = [];
  for (const payment of data) attempts.push(await withHistory(gateway, payment));
  terminal.out(
    options.json ? jsonText({ merchant_order_no: order, attempts }) : attempts.map(inspectedText).join('\n'),
  );
  return exitCodes.done;
}

async function withHistory(gateway: GatewayClient, payment: PaymentSnapshot): Promise<InspectedPayment> {
  const path = `/v1/payments/${encodeURIComponent(payment.id)}`;
  const [refunds, events] = await Promise.all([
    gateway.get<List<RefundSnapshot>>(`${path}/refunds`),
    gateway.get<List<EventSnapshot>>(`${path}/events`),
  ]);
  return { payment, refunds: refunds.data, events: events.data };
}
