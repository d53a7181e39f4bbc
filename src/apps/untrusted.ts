import type { Logger } from 'pino';
import type { Database } from '../adapters/postgres/database.ts';
import { keepTroubledAnswer } from '../adapters/postgres/kept-answers.ts';
import { keepUntrustedNotification } from '../adapters/postgres/notifications.ts';
import { keepUntrustedAnswer } from '../adapters/postgres/untrusted-answers.ts';
import type { Sealing } from '../adapters/sealing.ts';
import type { NotificationOptions } from '../inbound/notifications/notification-routes.ts';
import type { Report } from '../ports/report.ts';
import type { StrayNotifications } from '../ports/stray-notifications.ts';
import type { ProcessSignals } from './process-signals.ts';

type NotificationCounts = Pick<ProcessSignals, 'untrusted' | 'stray'>;

/**
 * Anybody can send forged notifications: more than this many of one account in an hour are counted, not kept. With the
 * bytes that are kept of each, an account comes to 165 MB in two weeks at the very most, for each process.
 */
const keptPerHour = 60;
const hourMs = 3_600_000;

/** Answers of what is in trouble that are kept at once at most: a database that is slow is not made slower by them. */
const keptAtOnce = 8;

/**
 * What becomes of answers that cannot be trusted: an alert, and the bytes sealed for people who must look. RES-14. Of
 * answers to what is in trouble the bytes alone: it is a normal day, until nothing helps. RES-19.
 */
export function createReport(database: Database, sealing: Sealing, log: Logger): Report {
  let underWay = 0;
  return {
    troubledAnswer(answer) {
      if (underWay === keptAtOnce) return;
      underWay += 1;
      keepTroubledAnswer(database, sealing, answer)
        .catch((error: Error) =>
          log.warn(
            { payment_id: answer.paymentId, error: error.message },
            'an answer of a payment in trouble could not be kept',
          ),
        )
        .finally(() => {
          underWay -= 1;
        });
    },
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
  counts: NotificationCounts,
  nowMs: () => number = () => performance.now(),
): NotificationOptions['untrusted'] {
  const hours = new Map<string, { readonly sinceMs: number; seen: number }>();
  return async (about) => {
    const { wallet, account, detail } = about;
    const key = `${wallet}/${account}`;
    counts.untrusted.inc({ wallet, account });
    const current = hours.get(key);
    const hour =
      current !== undefined && nowMs() - current.sinceMs < hourMs ? current : { sinceMs: nowMs(), seen: 0 };
    hours.set(key, hour);
    hour.seen += 1;
    if (hour.seen > keptPerHour) {
      if (hour.seen === keptPerHour + 1) {
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

/** Stray notifications, counted beside being kept: a repeat too. */
export function countedStrays(strays: StrayNotifications, counts: NotificationCounts): StrayNotifications {
  return {
    keep(stray) {
      counts.stray.inc({ wallet: stray.wallet, account: stray.account });
      return strays.keep(stray);
    },
  };
}
