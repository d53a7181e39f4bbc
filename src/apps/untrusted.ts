import type { Logger } from 'pino';
import type { Database } from '../adapters/postgres/database.ts';
import { keepUntrustedNotification } from '../adapters/postgres/notifications.ts';
import { keepUntrustedAnswer } from '../adapters/postgres/untrusted-answers.ts';
import type { Sealing } from '../adapters/sealing.ts';
import type { NotificationOptions } from '../inbound/notifications/notification-routes.ts';
import type { Report } from '../ports/report.ts';

/** Anybody can send forged notifications: more than this many of one account in a minute are counted, not kept. */
const keptPerMinute = 60;

/** What becomes of answers that cannot be trusted: an alert, and the bytes sealed for people who must look. RES-14. */
export function createReport(database: Database, sealing: Sealing, log: Logger): Report {
  return {
    untrustedAnswer(answer) {
      log.error(
        { payment_id: answer.paymentId, call: answer.call, detail: answer.detail },
        'an answer cannot be trusted',
      );
      keepUntrustedAnswer(database, sealing, answer).catch((error: Error) =>
        log.error({ error: error.message }, 'an untrusted answer could not be kept'),
      );
    },
  };
}

/** The same for notifications whose signature does not hold, within bounds that nobody outside can stretch. NOT-01. */
export function createUntrustedNotifications(
  database: Database,
  sealing: Sealing,
  log: Logger,
  nowMs: () => number = () => performance.now(),
): NotificationOptions['untrusted'] {
  const minutes = new Map<string, { readonly sinceMs: number; seen: number }>();
  return async (about) => {
    const { wallet, account, detail } = about;
    const key = `${wallet}/${account}`;
    const current = minutes.get(key);
    const minute =
      current !== undefined && nowMs() - current.sinceMs < 60_000 ? current : { sinceMs: nowMs(), seen: 0 };
    minutes.set(key, minute);
    minute.seen += 1;
    if (minute.seen > keptPerMinute) {
      if (minute.seen === keptPerMinute + 1) {
        log.error({ wallet, account }, 'more untrusted notifications arrive than are kept');
      }
      return;
    }
    log.error({ wallet, account, detail }, 'a notification cannot be trusted');
    await keepUntrustedNotification(database, sealing, about).catch((error: Error) =>
      log.error({ error: error.message }, 'an untrusted notification could not be kept'),
    );
  };
}
