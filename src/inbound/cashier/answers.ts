import type { FastifyReply } from 'fastify';
import { noticePage } from '../../../cashier/notice-pages.ts';
import type { NoticeName } from '../../../cashier/texts.ts';
import type { CashierContext } from './context.ts';
import { entryPath, type Visit } from './visit.ts';

/** What stands on every page: it loads nothing of others, runs in nobody's frame, and tells nobody where it was. */
export function pageHeaders(sandbox: boolean): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    // The form's answer leads on to the wallet, and browsers hold that against this list too.
    `form-action 'self' https:${sandbox ? ' http:' : ''}`,
  ];
  return {
    'content-security-policy': policy.join('; '),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'cache-control': 'no-store',
  };
}

export function sendPage(reply: FastifyReply, status: number, page: string): FastifyReply {
  return reply.code(status).type('text/html; charset=utf-8').send(page);
}

const noticeStatuses: { readonly [notice in NoticeName]: number } = {
  unknown_code: 404,
  disabled_code: 410,
  store_cannot: 409,
  unknown_attempt: 404,
  broken_form: 403,
  unavailable: 503,
  busy: 503,
  too_many_requests: 429,
};

/** A page that says one thing; from some there is a way back to the code's own page. */
export function sendNotice(
  reply: FastifyReply,
  visit: Visit,
  notice: NoticeName,
  onward: Parameters<typeof noticePage>[2] = null,
  status: number = noticeStatuses[notice],
): FastifyReply {
  return sendPage(reply, status, noticePage(visit.frame, notice, onward));
}

/** The way back to where an amount is entered. */
export function toStart(
  context: CashierContext,
  visit: Visit,
): { readonly kind: 'start'; readonly url: string } {
  return { kind: 'start', url: entryPath(context, visit.code) + visit.keptQuery };
}
