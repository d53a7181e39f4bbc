import type { Delivery, ReceivedRequest } from '../delivery.ts';
import { newPaymentCode } from '../payers.ts';
import type { Journal } from '../storage.ts';
import { html } from './html.ts';
import { page } from './page.ts';
import {
  type HeldPayment,
  type PayableParts,
  type Payables,
  payables,
  payerLabel,
  paymentPath,
  refusalCode,
  tradePath,
} from './payables.ts';
import { paymentPage } from './payment-page.ts';
import { type PhonePayer, phonePage, type Scanned } from './phone-page.ts';
import { type Language, languageOf, textsIn } from './texts.ts';

export interface PhoneParts extends PayableParts {
  readonly journal: Journal;
}

const codeLifeMs = 60_000;

/** A request of a browser, with what pages are made of. */
interface Visit {
  readonly path: string;
  readonly form: URLSearchParams;
  readonly language: Language;
  readonly held: Payables;
  readonly userAgent: string;
}

/**
 * `/phone` and everything under it: what a payer holds in hand. `/phone/pay/<token>` is the page that an entry code's payment opens,
 * `/phone/order/<token>` what an AMS order code says, `/phone/trade/…` a trade or order code of the Open Platform.
 */
export function phone(parts: PhoneParts): (request: ReceivedRequest) => Promise<Delivery> {
  const { journal, books, ams, now } = parts;

  function payersShown(language: Language): readonly PhonePayer[] {
    const nowMs = now();
    const codes = books.payers.usableCodes(nowMs);
    return books.payers.all().map((payer) => ({
      payerId: payer.payerId,
      label: payerLabel(payer, textsIn[language].endless),
      codes: codes
        .filter((code) => code.payerId === payer.payerId)
        .map(({ code, reusable, expiresAtMs }) => ({
          code,
          isReusable: reusable,
          until: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString().slice(11, 19),
        })),
      waiting: [
        ...ams.payments.waitingFor(payer.payerId, nowMs).map((payment) => ({
          path: paymentPath(payment),
          words: `${payment.merchantName} · ${payment.description}`,
        })),
        ...books.trades.waitingFor(payer.payerId, nowMs).map((trade) => ({
          path: tradePath(trade.appId, trade.outTradeNo),
          words: `${trade.storeId} · ${trade.subject}`,
        })),
      ],
    }));
  }

  function phoneDelivery({ language }: Visit, scanned: Scanned | null): Delivery {
    return pageOf(200, phonePage(language, payersShown(language), scanned));
  }

  function heldBy({ path, held, userAgent }: Visit): HeldPayment | null {
    const [, token] = /^\/phone\/(?:pay|order)\/([0-9a-f]{32})(?:\/|$)/.exec(path) ?? [];
    if (token !== undefined) return held.payment(token, userAgent);
    const [, appId, outTradeNo] = /^\/phone\/trade\/([^/]+)\/([^/]+)(?:\/|$)/.exec(path) ?? [];
    if (appId === undefined || outTradeNo === undefined) return null;
    return held.trade(decoded(appId), decoded(outTradeNo));
  }

  async function decide(visit: Visit, action: 'confirm' | 'refuse'): Promise<Delivery> {
    const payerId = visit.form.get('payer_id') || null;
    try {
      const done = await journal.submit(() => {
        const found = heldBy(visit);
        found?.[action](payerId);
        return found;
      });
      if (done === null) return notFound(visit);
      return seeOther(done.payable.backUrl ?? done.payable.path);
    } catch (error) {
      const code = refusalCode(error);
      const found = heldBy(visit);
      if (found === null) return notFound(visit);
      const { failures, notDone } = textsIn[visit.language];
      return pageOf(409, paymentPage(visit.language, found.payable, failures[code] ?? `${notDone}: ${code}`));
    }
  }

  function scan(visit: Visit): Delivery {
    const text = (visit.form.get('text') ?? '').trim();
    const [, own] = /^https?:\/\/[^/]+(\/phone\/(?:pay|order)\/[0-9a-f]{32})$/.exec(text) ?? [];
    if (own !== undefined && heldBy({ ...visit, path: own }) !== null) return seeOther(own);
    const code = books.trades.orderCodeReading(text);
    if (code !== undefined) return seeOther(tradePath(code.appId, code.outTradeNo));
    const isEntryCode = URL.canParse(text) && /^https?:\/\/[^/]+\/c\/[^/]+$/.test(text);
    return phoneDelivery(visit, isEntryCode ? { kind: 'entry_code', url: text } : { kind: 'unreadable' });
  }

  async function showNewCode(visit: Visit): Promise<Delivery> {
    const payer = books.payers.find(visit.form.get('payer_id') ?? '');
    if (payer === undefined) return notFound(visit);
    const { payerId, brand } = payer;
    const expiresAtMs = now() + codeLifeMs;
    await journal.submit(() =>
      books.payers.putCode({ code: newPaymentCode(brand), payerId, reusable: false, expiresAtMs }),
    );
    return seeOther(`/phone#${encodeURIComponent(payerId)}`);
  }

  function show(visit: Visit): Delivery {
    if (visit.path === '/phone' || visit.path === '/phone/') return phoneDelivery(visit, null);
    const found = /\/(confirm|refuse)$/.test(visit.path) ? null : heldBy(visit);
    return found === null ? notFound(visit) : pageOf(200, paymentPage(visit.language, found.payable, null));
  }

  return async ({ method, target, headers, body }) => {
    const [path = ''] = target.split('?');
    const language = languageOf(headers['accept-language'] ?? '');
    const visit: Visit = {
      path,
      form: new URLSearchParams(body.toString()),
      language,
      held: payables(parts, textsIn[language].endless),
      userAgent: headers['user-agent'] ?? '',
    };
    if (method === 'GET' || method === 'HEAD') return show(visit);
    if (method !== 'POST') return { ...pageOf(405, ''), headers: { allow: 'GET, HEAD, POST' } };
    if (path === '/phone/scan') return scan(visit);
    if (path === '/phone/codes') return showNewCode(visit);
    const [, action] = /\/(confirm|refuse)$/.exec(path) ?? [];
    return action === 'confirm' || action === 'refuse' ? decide(visit, action) : notFound(visit);
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function pageOf(status: number, body: string): Delivery & { readonly how: 'answer' } {
  return {
    how: 'answer',
    status,
    contentType: 'text/html; charset=utf-8',
    headers: {
      'cache-control': 'no-store',
      // Nothing about forms: a browser would hold the merchant's address, to which a form leads back, against it.
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
    body,
    afterMs: 0,
  };
}

function notFound({ language }: Visit): Delivery {
  const texts = textsIn[language];
  const main = html`<h1>${texts.unknownPayment}</h1><a class="button" href="/phone">${texts.phone}</a>`;
  return pageOf(404, page(language, '404', main));
}

function seeOther(location: string): Delivery {
  const { href } = location.startsWith('/') ? { href: location } : new URL(location);
  return {
    how: 'answer',
    status: 303,
    contentType: 'text/plain',
    headers: { location: href },
    body: '',
    afterMs: 0,
  };
}
