import { type AmsControlParts, clientRoutes, paymentRoutes } from './ams/control-routes.ts';
import { amsCurrencies, isAmsCurrency } from './ams/currencies.ts';
import { type Apps, appView } from './apps.ts';
import { type FaultRecords, faultView, readFaultRule, wallets } from './faults.ts';
import {
  ControlRefused,
  conflict,
  integerField,
  invalidValue,
  type Json,
  type JsonObject,
  notFound,
  onlyFields,
  parseJsonObject,
  textField,
} from './json.ts';
import { printLedger, tradeView } from './ledger.ts';
import type { NotificationOutbox } from './notifications/outbox.ts';
import { payerActions } from './open-platform/payer-actions.ts';
import type { Trade } from './open-platform/trade-records.ts';
import { asOf, type Books } from './open-platform/trades.ts';
import { type Issuer, mainlandAlipay, newPaymentCode, type Payer } from './payers.ts';
import { type RequestLog, requestLogSize } from './request-log.ts';
import { readSettings, type SettingsRecords } from './settings.ts';
import type { Journal } from './storage.ts';

export interface ControlAnswer {
  readonly status: number;
  readonly body: string;
}

export interface ControlParts {
  readonly journal: Journal;
  readonly books: Books;
  readonly ams: AmsControlParts;
  readonly apps: Apps;
  readonly faults: FaultRecords;
  readonly outbox: Pick<NotificationOutbox, 'list' | 'resend'>;
  readonly settings: SettingsRecords;
  readonly log: RequestLog;
  readonly now: () => number;
}

/** A request to `/control`; `parameters` are the named parts of the path. */
export interface Asked {
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
}

export type Route = (asked: Asked) => Json | Promise<Json>;

const codeLifeSeconds = 60;

/** `/control/*`: for the people and programs that set up a test and look at its outcome. JSON in, JSON out. */
export function control(
  parts: ControlParts,
): (method: string, url: URL, body: string) => Promise<ControlAnswer> {
  const { books, ams, log } = parts;
  const routes: Readonly<Record<string, Route>> = {
    ...appRoutes(parts),
    ...payerRoutes(parts),
    ...tradeRoutes(parts),
    ...clientRoutes(ams),
    ...paymentRoutes(ams, tradeRoutes(parts)),
    ...faultRoutes(parts),
    ...notificationRoutes(parts),
    'GET /control/requests': ({ query }) => {
      const limit = query.get('limit') ?? '100';
      if (!/^\d{1,6}$/.test(limit)) throw invalidValue('limit', limit, `an integer up to ${requestLogSize}`);
      return log.recent(Number(limit));
    },
  };
  const matchers = Object.entries(routes).map(([name, route]) => ({ ...matcherOf(name), route }));
  const named = new Set(matchers.map(({ method, path }) => `${method} ${path}`));

  return async (method, url, body) => {
    try {
      if (method === 'GET' && url.pathname === '/control/ledger') {
        return {
          status: 200,
          body: printLedger(books.trades, ams.books.payments, url.searchParams.get('payment_request_id')),
        };
      }
      for (const { method: routeMethod, pattern, route } of matchers) {
        const match = routeMethod === method ? pattern.exec(url.pathname) : null;
        if (match === null) continue;
        const json = body === '' ? {} : parseJsonObject(body);
        if (json === null) throw invalidValue('body', 'a text that is no JSON object', 'a JSON object');
        const parameters = Object.fromEntries(
          Object.entries(match.groups ?? {}).map(([name, value]) => [name, decoded(value)]),
        );
        const answer = await route({ parameters, query: url.searchParams, body: json });
        return { status: 200, body: JSON.stringify(answer) };
      }
      throw notFound(
        `there is no ${method} ${url.pathname}; there is GET /control/ledger, ${[...named].join(', ')}`,
      );
    } catch (error) {
      if (error instanceof ControlRefused) return { status: error.status, body: JSON.stringify(error.body) };
      throw error;
    }
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidValue('path', text, 'a path with correct escapes');
  }
}

/** `GET /control/apps/:app_id` → the method and a pattern with one group per `:name`. */
function matcherOf(name: string): {
  readonly method: string;
  readonly path: string;
  readonly pattern: RegExp;
} {
  const [method = '', path = ''] = name.split(' ');
  return { method, path, pattern: new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`) };
}

function appRoutes({ apps }: ControlParts): Record<string, Route> {
  return {
    'GET /control/apps': () => apps.all().map(appView),
    'PUT /control/apps/:app_id': async ({ parameters, body }) =>
      appView(await apps.register(parameters['app_id'] ?? '', body)),
    'GET /control/apps/:app_id': ({ parameters }) => {
      const app = apps.find(parameters['app_id'] ?? '');
      if (app === undefined) throw notFound(`app ${parameters['app_id']} is not registered`);
      return appView(app);
    },
  };
}

function balanceView(payer: Payer | undefined): number | null {
  return payer === undefined || payer.balanceMinor === null ? null : Number(payer.balanceMinor);
}

/** Whose app a new payer has; without `wallet` that of mainland Alipay. */
function issuerOf(body: JsonObject): Issuer | undefined {
  if (body['wallet'] === undefined) {
    if (body['brand'] !== undefined || body['currency'] !== undefined)
      throw invalidValue('wallet', undefined, 'the wallet of that brand and currency');
    return undefined;
  }
  const wallet = wallets.find((one) => one === body['wallet']);
  if (wallet === undefined) throw invalidValue('wallet', body['wallet'], wallets);
  if (wallet === 'alipay_open') return mainlandAlipay;
  const currency = textField(body, 'currency', 3);
  if (!isAmsCurrency(currency)) throw invalidValue('currency', currency, amsCurrencies);
  return { wallet, brand: textField(body, 'brand', 64), currency };
}

function payerRoutes({ journal, books: { payers }, now }: ControlParts): Record<string, Route> {
  const view = (payer: Payer): JsonObject => ({
    payer_id: payer.payerId,
    buyer_id: payer.buyerId,
    buyer_logon_id: payer.logonId,
    balance: balanceView(payer),
    wallet: payer.wallet,
    brand: payer.brand,
    currency: payer.currency,
  });
  return {
    'GET /control/payers': () => payers.all().map(view),
    'POST /control/payers': ({ body }) => {
      onlyFields(body, ['payer_id', 'balance', 'wallet', 'brand', 'currency']);
      const payerId = textField(body, 'payer_id', 64);
      const issuer = issuerOf(body);
      // Minor units of the payer's currency; null or left out: funds that never end.
      const balance = (body['balance'] ?? null) === null ? null : integerField(body, 'balance', 0, 1e15);
      return journal.submit(() =>
        view(payers.put(payerId, balance === null ? null : BigInt(balance), issuer)),
      );
    },
    'GET /control/payment-codes': () =>
      payers.usableCodes(now()).map((code) => {
        const payer = payers.find(code.payerId);
        return {
          code: code.code,
          payer_id: code.payerId,
          wallet: payer?.wallet ?? null,
          currency: payer?.currency ?? null,
          balance: balanceView(payer),
          reusable: code.reusable,
          expires_at: code.expiresAtMs === null ? null : new Date(code.expiresAtMs).toISOString(),
        };
      }),
    'POST /control/payment-codes': ({ body }) => {
      onlyFields(body, ['payer_id', 'reusable', 'expires_in_seconds', 'code']);
      const payerId = textField(body, 'payer_id', 64);
      const reusable = body['reusable'] ?? false;
      if (typeof reusable !== 'boolean') throw invalidValue('reusable', reusable, [true, false]);
      const given = body['code'] === undefined ? null : textField(body, 'code', 64);
      if (given !== null && !/^(2[5-9]|30)\d{14,22}$/.test(given))
        throw invalidValue('code', given, '16 to 24 digits that begin with 25 to 30');
      // A code lives a minute; a reusable one was made for tests and lives for ever, unless the request says otherwise.
      const life =
        body['expires_in_seconds'] === undefined
          ? reusable
            ? null
            : codeLifeSeconds
          : body['expires_in_seconds'];
      const seconds =
        life === null ? null : integerField({ expires_in_seconds: life }, 'expires_in_seconds', 0, 1e9);
      return journal.submit(() => {
        const payer = payers.find(payerId);
        if (payer === undefined)
          throw invalidValue(
            'payer_id',
            payerId,
            payers.all().map((one) => one.payerId),
          );
        const code = given ?? newPaymentCode(payer.brand);
        const expiresAtMs = seconds === null ? null : now() + seconds * 1000;
        payers.putCode({ code, payerId, reusable, expiresAtMs });
        return { code, payer_id: payerId, reusable, expires_in_seconds: seconds };
      });
    },
  };
}

function tradeRoutes({ journal, books, apps, now }: ControlParts): Record<string, Route> {
  const actions = payerActions(books, apps);
  const view = (trade: Trade): JsonObject =>
    tradeView(
      asOf(trade, now(), books.settingsFor(apps.find(trade.appId))),
      books.trades.refundsOf(trade.tradeNo),
    );
  const number = ({ parameters }: Asked): string => parameters['out_trade_no'] ?? '';
  const appId = ({ query }: Asked): string | null => query.get('app_id');
  return {
    'GET /control/trades/:out_trade_no': (asked) => {
      const wanted = appId(asked);
      const found = books.trades
        .named(number(asked))
        .filter((trade) => wanted === null || trade.appId === wanted);
      const [trade, ...others] = found;
      if (trade === undefined) throw notFound(`the wallet knows no trade ${number(asked)}`);
      if (others.length > 0)
        throw conflict(`trade ${number(asked)} exists for several apps: name one with ?app_id=`);
      return view(trade);
    },
    'POST /control/trades/:out_trade_no/confirm': (asked) =>
      journal.submit(() => view(actions.confirm(number(asked), appId(asked), now()))),
    'POST /control/trades/:out_trade_no/refuse': (asked) =>
      journal.submit(() => view(actions.refuse(number(asked), appId(asked), now()))),
    'POST /control/trades/:out_trade_no/scan': (asked) => {
      onlyFields(asked.body, ['payer_id']);
      const payerId =
        asked.body['payer_id'] === undefined ? 'sandbox-payer' : textField(asked.body, 'payer_id', 64);
      return journal.submit(() => view(actions.scan(number(asked), appId(asked), payerId, now())));
    },
  };
}

function notificationRoutes({ outbox }: ControlParts): Record<string, Route> {
  return {
    'GET /control/notifications': ({ query }) => outbox.list(query.get('payment_request_id')),
    'POST /control/notifications/:id/resend': async ({ parameters }) => {
      const id = parameters['id'] ?? '';
      const sent = /^\d{1,15}$/.test(id) ? await outbox.resend(Number(id)) : null;
      if (sent === null) throw notFound(`there is no notification ${id}`);
      return sent;
    },
  };
}

function faultRoutes({ journal, faults, settings }: ControlParts): Record<string, Route> {
  return {
    'GET /control/faults': () => faults.all().map(faultView),
    'POST /control/faults': ({ body }) => {
      const rule = readFaultRule(body);
      return journal.submit(() => {
        faults.put(rule);
        return faultView(rule);
      });
    },
    'DELETE /control/faults': () =>
      journal.submit(() => {
        faults.clear();
        return [];
      }),
    'GET /control/settings': () => ({ ...settings.current() }),
    'POST /control/settings': ({ body }) => {
      const change = readSettings(body);
      return journal.submit(() => {
        settings.change(change);
        return { ...settings.current() };
      });
    },
  };
}
