import { Counter, Histogram, type Metric } from 'prom-client';
import { type AroundCall, walletCallNames } from '../adapters/wallets/around-calls.ts';
import { type WalletName, walletNames } from '../domain/wallets.ts';
import {
  type NotificationResultName,
  notificationResults,
} from '../inbound/notifications/notification-routes.ts';
import { type OverloadReason, overloadReasons } from '../inbound/rest/admission.ts';
import type { AnsweredRequest } from '../inbound/rest/rest-gateway.ts';
import type { MerchantEndpoint } from '../ports/merchant-endpoint.ts';
import { codeLabel } from './listed-codes.ts';

/**
 * What this process counts as it happens; `docs/operating/metrics.md` explains each. Every label comes from a closed list, so
 * that nobody outside can add a series.
 */
export interface ProcessSignals {
  /** Their signature does not hold, or they name another application. NOT-01. */
  readonly untrusted: Counter<'wallet' | 'account'>;
  /** They hold, and belong to no payment. Money case 10. */
  readonly stray: Counter<'wallet' | 'account'>;
  readonly aroundCall: AroundCall;
  measured(endpoint: MerchantEndpoint): MerchantEndpoint;
  notified(wallet: WalletName, result: NotificationResultName): void;
  answered(request: AnsweredRequest): void;
  refused(reason: OverloadReason): void;
  readonly metrics: readonly Metric[];
}

const wallClockBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120];

export function createProcessSignals(monotonicMs: () => number = () => performance.now()): ProcessSignals {
  const registers: [] = [];
  const accountLabels = ['wallet', 'account'] as const;
  const untrusted = new Counter({
    name: 'shoudan_untrusted_notifications_total',
    help: 'Notifications that cannot be trusted.',
    labelNames: accountLabels,
    registers,
  });
  const stray = new Counter({
    name: 'shoudan_stray_notifications_total',
    help: 'Trusted notifications that belong to no payment.',
    labelNames: accountLabels,
    registers,
  });
  const calls = new Counter({
    name: 'shoudan_wallet_calls_total',
    help: 'Calls to wallets that have ended, by what came of them; code is the wallet’s, or why there was no answer.',
    labelNames: ['wallet', 'call', 'outcome', 'code'],
    registers,
  });
  const callSeconds = new Histogram({
    name: 'shoudan_wallet_call_duration_seconds',
    help: 'How long calls to wallets took, their time in the queue of their account included.',
    labelNames: ['wallet', 'call'],
    buckets: wallClockBuckets.slice(0, 12),
    registers,
  });
  const notifications = new Counter({
    name: 'shoudan_notifications_total',
    help: 'Notifications from wallets, by what came of them.',
    labelNames: ['wallet', 'result'],
    registers,
  });
  const deliveryTries = new Counter({
    name: 'shoudan_delivery_tries_total',
    help: 'Tries to deliver a message to a merchant, by result.',
    labelNames: ['result'],
    registers,
  });
  const deliverySeconds = new Histogram({
    name: 'shoudan_delivery_duration_seconds',
    help: 'How long merchants’ endpoints took for one try.',
    buckets: wallClockBuckets.slice(0, 12),
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'shoudan_http_request_duration_seconds',
    help: 'How long requests took, the wait that their caller asked for included.',
    labelNames: ['method', 'route', 'status'],
    buckets: wallClockBuckets,
    registers,
  });
  const refusedPayments = new Counter({
    name: 'shoudan_payments_refused_total',
    help: 'New payments that were refused because this process could not handle them, before anything was recorded.',
    labelNames: ['reason'],
    registers,
  });
  // A counter that appears with its first event cannot be seen to rise.
  for (const reason of overloadReasons) refusedPayments.inc({ reason }, 0);
  for (const result of ['accepted', 'failed'] as const) deliveryTries.inc({ result }, 0);
  for (const wallet of walletNames) {
    for (const call of walletCallNames)
      calls.inc({ wallet, call, outcome: 'no_answer', code: 'untrusted' }, 0);
    for (const result of notificationResults) notifications.inc({ wallet, result }, 0);
  }

  return {
    untrusted,
    stray,
    async aroundCall(call, ask) {
      const { wallet, name } = call;
      const beganMs = monotonicMs();
      const answer = await ask();
      callSeconds.observe({ wallet, call: name }, (monotonicMs() - beganMs) / 1_000);
      const code =
        answer.kind === 'no_answer'
          ? (answer.reason ?? '')
          : answer.code === undefined
            ? ''
            : codeLabel(wallet, answer.code);
      calls.inc({ wallet, call: name, outcome: answer.kind, code });
      return answer;
    },
    measured: (endpoint) => ({
      async send(message) {
        const beganMs = monotonicMs();
        const reply = await endpoint.send(message);
        deliverySeconds.observe((monotonicMs() - beganMs) / 1_000);
        deliveryTries.inc({ result: reply.kind });
        return reply;
      },
    }),
    notified: (wallet, result) => notifications.inc({ wallet, result }),
    answered({ method, route, status, seconds }) {
      requestSeconds.observe({ method, route: route ?? 'none', status: `${status}` }, seconds);
    },
    refused: (reason) => refusedPayments.inc({ reason }),
    metrics: [
      untrusted,
      stray,
      calls,
      callSeconds,
      notifications,
      deliveryTries,
      deliverySeconds,
      requestSeconds,
      refusedPayments,
    ],
  };
}
