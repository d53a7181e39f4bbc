import type { KeyObject } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { DrawnFault, FaultRecords, NotificationFault, WalletName } from '../faults.ts';
import type { JsonObject } from '../json.ts';
import { newPrivateKey } from '../open-platform/signing.ts';
import type { Journal } from '../storage.ts';
import { type Notification, notificationRecords, notificationView } from './notification-records.ts';
import { post, readReceiver } from './posting.ts';

/** What is to be told to a merchant's URL. */
export interface NotificationDraft {
  readonly wallet: WalletName;
  /** The application's id (`alipay_open`) or the client's (`alipay_plus`). */
  readonly appId: string;
  /** The merchant's number of the payment: `out_trade_no` or `paymentRequestId`. */
  readonly requestId: string;
  readonly url: string;
  /** What it says, before signing. */
  readonly facts: JsonObject;
}

/** One try on the wire. */
export interface PrintedNotification {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How one wallet notifies. */
export interface NotifyingWalletWays {
  /**
   * Prints and signs for each try anew. `path` is that of the URL with its query. `strangersKey`, when there is one, signs instead of
   * the wallet's.
   */
  print(
    draft: NotificationDraft,
    atMs: number,
    path: string,
    strangersKey: KeyObject | null,
  ): PrintedNotification | Promise<PrintedNotification>;
  /** The facts with another amount; `null` when they name none. */
  withOtherAmount(facts: JsonObject): JsonObject | null;
  acknowledges(status: number, body: string): boolean;
  /** Time from each unacknowledged try to the next one. */
  readonly scheduleMs: readonly number[];
}

/**
 * What the wallets have to tell the merchants. It is on disk with the change it tells of; the first try leaves after the commit, the
 * others at the wallet's own times until one is acknowledged. Rule NOT-03.
 */
export interface NotificationOutbox {
  /** Belongs inside a journal transaction; the first try leaves after its commit. */
  enqueue(draft: NotificationDraft, nowMs: number): void;
  /**
   * Sends what is due of that payment in front of the call's own answer. Resolves when every try has ended, at the latest after a
   * second. To be called after the transaction that enqueued (fault `notification_before_answer`).
   */
  sendNow(requestId: string): Promise<void>;
  /** One more try by hand, beside the schedule, of an acknowledged one too. Resolves with what came of it; `null`: no such id. */
  resend(id: number): Promise<JsonObject | null>;
  /** All of them, or those of one payment, in the order of their making. */
  list(requestId: string | null): readonly JsonObject[];
  /** Takes up what an earlier process left. */
  resume(): void;
  /** For good. Gives up the tries that are on their way; the schedule stays on disk. */
  stop(): void;
}

export interface OutboxParts {
  readonly journal: Journal;
  readonly faults: FaultRecords;
  readonly ways: Readonly<Record<WalletName, NotifyingWalletWays>>;
  /** Divides the times of the schedule, for that receiver. */
  speedFor(draft: NotificationDraft): number;
  readonly now: () => number;
  /** How long a receiver has to answer. */
  readonly limitMs?: number;
  /** How long a call waits for its notification before it is answered. */
  readonly beforeAnswerMs?: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** The rest of the schedule, which the wallets share after their first repeat. */
export const laterTriesMs = [
  10 * minuteMs,
  10 * minuteMs,
  hourMs,
  2 * hourMs,
  6 * hourMs,
  15 * hourMs,
] as const;

const triesAtOnceMax = 64;
/** A clock that is moved by somebody else is looked at again after this long. */
const lookAgainMs = 1000;
const duplicates = 3;

/** What came of a try, in words. */
interface Sent {
  readonly words: string;
  readonly isAcknowledged: boolean;
}

/** A try that has begun. */
interface Try {
  readonly notification: Notification;
  readonly fault: NotificationFault | null;
  /** Whether it is one of the schedule. */
  readonly isScheduled: boolean;
}

export function notificationOutbox(parts: OutboxParts): NotificationOutbox {
  const { journal, faults, ways, now, limitMs = 5000, beforeAnswerMs = 1000 } = parts;
  const records = notificationRecords(journal.db);
  /** Tries of the schedule, by notification. */
  const underWay = new Map<number, Promise<void>>();
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal);
  let isLookAhead = false;
  let timer: NodeJS.Timeout | undefined;
  let strangersKey: Promise<KeyObject> | undefined;

  function nextTryAfter(notification: Notification, steps: number): number | null {
    const waitMs = ways[notification.wallet].scheduleMs[steps - 1];
    return waitMs === undefined ? null : now() + Math.floor(waitMs / parts.speedFor(notification));
  }

  function drawFor(notification: Notification): DrawnFault<NotificationFault> | null {
    const { wallet, facts } = notification;
    return faults.drawForNotification(wallet, (fault) => {
      if (fault === 'late_notification') return false;
      return fault !== 'wrong_amount_notification' || ways[wallet].withOtherAmount(facts) !== null;
    });
  }

  /** Notes that a try begins; `null` when there is no reason left to make it. */
  function begin(id: number, isScheduled: boolean): Try | null {
    const notification = records.find(id);
    if (notification === undefined || (isScheduled && notification.nextTryAtMs === null)) return null;
    const fault = drawFor(notification)?.fault ?? null;
    const steps = notification.steps + 1;
    const next = { steps, nextTryAtMs: nextTryAfter(notification, steps) };
    records.begin(id, now(), fault, isScheduled ? next : null);
    return { notification: { ...notification, steps }, fault, isScheduled };
  }

  async function send({ notification, fault }: Try): Promise<Sent> {
    switch (fault) {
      case 'lost_notification':
        return { words: 'lost', isAcknowledged: false };
      case 'duplicate_notification': {
        const sent = await Promise.all(Array.from({ length: duplicates }, () => sendOne(notification, null)));
        return sent.find((one) => one.isAcknowledged) ?? sent[0] ?? { words: 'lost', isAcknowledged: false };
      }
      case 'wrong_amount_notification': {
        const facts = ways[notification.wallet].withOtherAmount(notification.facts) ?? notification.facts;
        return { ...(await sendOne({ ...notification, facts }, null)), isAcknowledged: false };
      }
      case 'forged_notification': {
        strangersKey ??= newPrivateKey();
        return { ...(await sendOne(notification, await strangersKey)), isAcknowledged: false };
      }
      case 'late_notification':
      case null:
        return sendOne(notification, null);
      default:
        return fault satisfies never;
    }
  }

  async function sendOne(draft: NotificationDraft, key: KeyObject | null): Promise<Sent> {
    const url = readReceiver(draft.url);
    if (url === null) return { words: 'the URL is none of http or https', isAcknowledged: false };
    const { print, acknowledges } = ways[draft.wallet];
    const printed = await print(draft, now(), url.pathname + url.search, key);
    const posted = await post(url, printed, limitMs, stopping.signal);
    if ('failure' in posted) return { words: posted.failure, isAcknowledged: false };
    const isAcknowledged = acknowledges(posted.status, posted.body);
    return {
      words: `${isAcknowledged ? 'acknowledged' : 'not acknowledged'}, status ${posted.status}`,
      isAcknowledged,
    };
  }

  async function tryOnce(id: number, isScheduled: boolean): Promise<void> {
    const begun = await journal.submit(() => begin(id, isScheduled));
    if (begun === null) return;
    const { words, isAcknowledged } = await send(begun);
    if (stopping.signal.aborted) return;
    await journal.submit(() =>
      records.end(id, {
        words,
        acknowledgedAtMs: isAcknowledged ? now() : null,
        nextTryAtMs: isScheduled ? nextTryAfter(begun.notification, begun.notification.steps) : undefined,
      }),
    );
  }

  /** One try of the schedule at a time for each notification. */
  function start(id: number): Promise<void> {
    const known = underWay.get(id);
    if (known !== undefined) return known;
    const work = tryOnce(id, true)
      .catch((error: unknown) => {
        if (!stopping.signal.aborted)
          process.stderr.write(`a notification failed and stays on disk: ${error}\n`);
      })
      .finally(() => {
        underWay.delete(id);
        lookSoon();
      });
    underWay.set(id, work);
    return work;
  }

  /** Starts what is due at `atMs` as far as there is room, and sets the timer for what comes next. */
  function look(atMs: number): void {
    clearTimeout(timer);
    if (stopping.signal.aborted) return;
    for (const id of records.due(atMs, 2 * triesAtOnceMax)) {
      if (underWay.size >= triesAtOnceMax) return;
      start(id);
    }
    const next = records.nextDueAfter(atMs);
    if (next === null) return;
    const waitMs = Math.max(0, next - now());
    const isReached = waitMs <= lookAgainMs;
    timer = setTimeout(() => look(isReached ? Math.max(next, now()) : now()), Math.min(waitMs, lookAgainMs));
  }

  /** A transaction is carried out and committed in one turn of the event loop: the next turn sees what it left. */
  function lookSoon(): void {
    if (isLookAhead) return;
    isLookAhead = true;
    setImmediate(() => {
      isLookAhead = false;
      look(now());
    });
  }

  return {
    enqueue(draft, nowMs) {
      const late = faults.drawForNotification(draft.wallet, (fault) => fault === 'late_notification');
      records.add(draft, nowMs, nowMs + (late?.delayMs ?? 0));
      lookSoon();
    },
    async sendNow(requestId) {
      const due = records
        .ofPayment(requestId)
        .filter(({ id, nextTryAtMs }) => underWay.has(id) || (nextTryAtMs ?? Infinity) <= now());
      let limit: NodeJS.Timeout | undefined;
      const limited = new Promise<void>((resolve) => {
        limit = setTimeout(resolve, beforeAnswerMs);
      });
      await Promise.race([Promise.all(due.map(({ id }) => start(id))), limited]);
      clearTimeout(limit);
    },
    async resend(id) {
      if (records.find(id) === undefined) return null;
      await tryOnce(id, false);
      const notification = records.find(id);
      return notification === undefined ? null : notificationView(notification);
    },
    list: (requestId) =>
      (requestId === null ? records.all() : records.ofPayment(requestId)).map(notificationView),
    resume() {
      look(now());
    },
    stop() {
      stopping.abort();
      clearTimeout(timer);
    },
  };
}
