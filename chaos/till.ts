import { setTimeout as sleepFor } from 'node:timers/promises';
import { Pool } from 'undici';
import type { PaymentSnapshot, RefundSnapshot } from '../src/operations/snapshots.ts';
import type { Random } from '../test/simulation/random.ts';
import type { MerchantBooks } from './merchant-books.ts';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What tills have met, over all of them. */
export interface TillCounts {
  sales: number;
  unanswered: number;
  vanished: number;
  gaveUp: number;
  /** Answers that were no success, by their status and code. */
  readonly refusals: Map<string, number>;
}

export type Headers = Readonly<Record<string, string>>;

/** A merchant's till: calls the gateway, writes down every answer, and says again what was not answered. */
export interface Till {
  readonly random: Random;
  readonly books: MerchantBooks;
  readonly counts: TillCounts;
  /** One try; `null` when no answer came. */
  once(
    method: 'GET' | 'POST',
    path: string,
    body?: object,
    headers?: Headers,
    limitMs?: number,
  ): Promise<Answer | null>;
  /** Tries until there is an answer that is the gateway's own; `null` when the till has lost its patience. */
  insist(method: 'GET' | 'POST', path: string, body?: object, headers?: Headers): Promise<Answer | null>;
  pause(minMs: number, maxMs: number): Promise<void>;
}

export interface Counter {
  till(random: Random): Till;
  readonly counts: TillCounts;
  /** From now on nothing is tried again. */
  hurry(): void;
  close(): Promise<void>;
}

const answerMs = 20_000;
const patienceMs = 60_000;

export function openCounter(url: string, apiKey: string, books: MerchantBooks): Counter {
  const pool = new Pool(url, { connections: 128, pipelining: 1 });
  const counts: TillCounts = { sales: 0, unanswered: 0, vanished: 0, gaveUp: 0, refusals: new Map() };
  let hurried = false;
  const once: Till['once'] = async (method, path, body, headers = {}, limitMs = answerMs) => {
    try {
      const answer = await pool.request({
        method,
        path,
        signal: AbortSignal.timeout(limitMs),
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await answer.body.text();
      const read = JSON.parse(text) as Answer['body'];
      if (answer.statusCode < 300) note(books, read);
      else count(counts.refusals, `${answer.statusCode} ${read['code'] ?? ''}`);
      return { status: answer.statusCode, body: read };
    } catch {
      counts.unanswered += 1;
      return null;
    }
  };
  return {
    counts,
    hurry() {
      hurried = true;
    },
    till: (random) => ({
      random,
      books,
      counts,
      once,
      async insist(method, path, body, headers = {}) {
        const giveUpAtMs = performance.now() + patienceMs;
        while (performance.now() < giveUpAtMs) {
          const answer = await once(method, path, body, headers);
          if (answer !== null && answer.status < 500 && answer.status !== 429) return answer;
          if (hurried) break;
          await sleepFor(random.integer(50, 800));
        }
        counts.gaveUp += 1;
        return null;
      },
      pause: (minMs, maxMs) => sleepFor(hurried ? 1 : random.integer(minMs, maxMs)),
    }),
    close: () => pool.destroy(),
  };
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Writes down whatever an answer tells of payments and refunds. */
function note(books: MerchantBooks, body: Answer['body']): void {
  switch (body['object']) {
    case 'payment':
      books.tell(body as unknown as PaymentSnapshot);
      break;
    case 'refund':
      books.tellRefund(body as unknown as RefundSnapshot);
      break;
    case 'cancel':
      if (body['payment'] !== null) books.tell(body['payment'] as PaymentSnapshot);
      break;
  }
}

/** The payment in an answer, if it is one. */
export function paymentIn(answer: Answer | null): PaymentSnapshot | null {
  return answer !== null && answer.status < 300 && answer.body['object'] === 'payment'
    ? (answer.body as unknown as PaymentSnapshot)
    : null;
}
