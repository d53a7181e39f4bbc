import type { Asked, Route } from '../control.ts';
import { type JsonObject, notFound, onlyFields, textField } from '../json.ts';
import type { Journal } from '../storage.ts';
import { type AmsClients, clientView } from './clients.ts';
import { amsPayerActions, namedPayment } from './payer-actions.ts';
import type { AmsPayment } from './payment-records.ts';
import { amsPaymentView } from './payment-view.ts';
import { type AmsBooks, asOf } from './payments.ts';

export interface AmsControlParts {
  readonly journal: Journal;
  readonly books: AmsBooks;
  readonly clients: AmsClients;
  readonly now: () => number;
}

export function clientRoutes({ clients }: AmsControlParts): Record<string, Route> {
  return {
    'GET /control/clients': () => clients.all().map(clientView),
    'PUT /control/clients/:client_id': async ({ parameters, body }) =>
      clientView(await clients.register(parameters['client_id'] ?? '', body)),
    'GET /control/clients/:client_id': ({ parameters }) => {
      const client = clients.find(parameters['client_id'] ?? '');
      if (client === undefined) throw notFound(`client ${parameters['client_id']} is not registered`);
      return clientView(client);
    },
  };
}

/**
 * Payments of both wallets by the merchant's number: AMS payments, and where there is none of that id what `trades`, the routes of
 * Open Platform trades, say. `?client_id=` and `?app_id=` name one of several.
 */
export function paymentRoutes(
  { journal, books, clients, now }: AmsControlParts,
  trades: Readonly<Record<string, Route>>,
): Record<string, Route> {
  const actions = amsPayerActions(books, clients);
  const view = (payment: AmsPayment): JsonObject =>
    amsPaymentView(asOf(payment, now()), books.payments.refundsOf(payment.paymentId));
  const payerIn = (asked: Asked): string | null => {
    onlyFields(asked.body, ['payer_id']);
    return asked.body['payer_id'] === undefined ? null : textField(asked.body, 'payer_id', 64);
  };
  const either =
    (tradeRoute: string, route: (payment: AmsPayment, asked: Asked) => JsonObject): Route =>
    async (asked) => {
      const requestId = asked.parameters['request_id'] ?? '';
      const answer = await journal.submit(() => {
        const payment = namedPayment(books, requestId, asked.query.get('client_id'));
        return payment === undefined ? null : route(payment, asked);
      });
      if (answer !== null) return answer;
      const trade = trades[tradeRoute];
      if (trade === undefined || asked.query.has('client_id'))
        throw notFound(`the wallet knows no payment ${requestId}`);
      return trade({ ...asked, parameters: { out_trade_no: requestId } });
    };
  return {
    'GET /control/payments/:request_id': either('GET /control/trades/:out_trade_no', (payment) =>
      view(payment),
    ),
    'POST /control/payments/:request_id/confirm': either(
      'POST /control/trades/:out_trade_no/confirm',
      (payment, asked) => view(actions.confirm(payment, payerIn(asked), now())),
    ),
    'POST /control/payments/:request_id/refuse': either(
      'POST /control/trades/:out_trade_no/refuse',
      (payment) => view(actions.refuse(payment, now())),
    ),
    'POST /control/payments/:request_id/scan': either(
      'POST /control/trades/:out_trade_no/scan',
      (payment, asked) => view(actions.open(payment, payerIn(asked), now())),
    ),
  };
}
