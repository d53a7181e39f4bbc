import { createMerchantDirectory } from '../../src/adapters/memory/merchant-directory.ts';
import { rowKeyOf } from '../../src/adapters/memory/records.ts';
import { endpointPolicy } from '../../src/domain/endpoint.ts';
import type { WalletName } from '../../src/domain/wallets.ts';
import { releasePace, startReleases } from '../../src/jobs/release.ts';
import type { Changes } from '../../src/ports/changes.ts';
import type { DeliveryJournal, DueRows } from '../../src/ports/due-rows.ts';
import type { StrayNotifications } from '../../src/ports/stray-notifications.ts';
import type { DatabaseClock } from './clocks.ts';
import { createDatabaseConnection, type Through } from './database-connection.ts';
import type { GatewayEngine, Life } from './gateway-process.ts';
import { noteError } from './injected-failure.ts';
import { createMerchantEndpoint } from './merchant-endpoint.ts';
import { watchedEndpoints } from './operator.ts';
import { outageSteps } from './outage.ts';
import type { Journal, Plant } from './plant.ts';
import { createProcessClock, type ProcessClock } from './process-clock.ts';
import { moneyCases } from './tally.ts';
import { timelyClaims } from './timely-claims.ts';
import { createWalletGateway } from './wallet-network.ts';
import type { World } from './world.ts';

/** What the operations and jobs of one life run on. */
export function createEngine(world: World, life: Life, plant: Plant): GatewayEngine {
  const { memory, merchant } = world;
  const through = createDatabaseConnection(world, life);
  const clock = plant.clock(createProcessClock(world, life), world);
  const reached = (wallet: WalletName) =>
    createWalletGateway(world, life, wallet, (heard) => releases.heard(wallet, 'sandbox', heard));
  const wallets = { alipay_open: reached('alipay_open'), alipay_plus: reached('alipay_plus') };
  const gateways = {
    alipay_open: plant.wallet(wallets.alipay_open.gateway, world),
    alipay_plus: plant.wallet(wallets.alipay_plus.gateway, world),
  };
  const known = { merchant: plant.merchant(merchant), deliverySecret: 'whsec_c2VjcmV0' };
  const engine: GatewayEngine = {
    journal: journalThrough(plant.journal(remembered(world, memory.journal), world), through),
    due: dueRowsThrough(
      plant.due(timelyClaims(counted(memory.due, world), world), world),
      through,
      clock,
      world.databaseClock,
    ),
    deliveries: deliveriesThrough(watchedEndpoints(world, life), through),
    merchants: createMerchantDirectory([known], new Map(), [world.entryCode]),
    wallets: { gateway: (wallet) => gateways[wallet], outage: (wallet) => wallets[wallet].outage() },
    strays: straysThrough(world, through),
    endpoint: createMerchantEndpoint(world, life),
    endpointPolicy: {
      ...endpointPolicy,
      disableAfterMs: world.plan.endpoint.disableAfterMs,
      disableAfterFailures: world.plan.endpoint.disableAfterFailures,
      failingAfter: world.plan.endpoint.failingAfter,
    },
    clock,
    entropy: { bytes: world.random.bytes },
    changes: createProcessChanges(world, life),
    policySpeed: 1,
    report: {
      untrustedAnswer: ({ call }) => world.tally.count('reported', `untrusted answer to ${call}`),
      troubledAnswer: () => {},
    },
  };
  const releases = startReleases(engine, {
    ...releasePace,
    onError: (error) => noteError(world, life.name, error),
  });
  return engine;
}

/** Due rows that count how the gateway comes through an outage. */
function counted(due: DueRows, { tally }: World): DueRows {
  return {
    ...due,
    hold(step) {
      tally.count('through an outage', outageSteps.held);
      return due.hold(step);
    },
    async releaseHeld(...args) {
      const released = await due.releaseHeld(...args);
      if (released > 0) {
        tally.count('through an outage', outageSteps.released);
        tally.count('money case', moneyCases[14]);
      }
      return released;
    },
  };
}

function journalThrough(journal: Journal, through: Through): Journal {
  return {
    openPayment: (payment, events, key, announcements) =>
      through('openPayment', payment, () => journal.openPayment(payment, events, key, announcements)),
    findPayment: (merchantId, id) =>
      through('findPayment', undefined, () => journal.findPayment(merchantId, id)),
    findPaymentOfKey: (merchantId, key) =>
      through('findPaymentOfKey', key.key, () => journal.findPaymentOfKey(merchantId, key)),
    findPaymentsOfOrder: (merchantId, orderNo) =>
      through('findPaymentsOfOrder', orderNo, () => journal.findPaymentsOfOrder(merchantId, orderNo)),
    recordPayment: (record) => through('recordPayment', record.events, () => journal.recordPayment(record)),
    timeline: (merchantId, id) => through('timeline', id, () => journal.timeline(merchantId, id)),
    acceptRefund: (refund, payment, key) =>
      through('acceptRefund', refund.amount.minor, () => journal.acceptRefund(refund, payment, key)),
    findRefund: (merchantId, id) =>
      through('findRefund', undefined, () => journal.findRefund(merchantId, id)),
    findRefundOfKey: (merchantId, key) =>
      through('findRefundOfKey', key.key, () => journal.findRefundOfKey(merchantId, key)),
    findRefundsOfPayment: (merchantId, id) =>
      through('findRefundsOfPayment', id, () => journal.findRefundsOfPayment(merchantId, id)),
    recordRefund: (record) => through('recordRefund', record.events, () => journal.recordRefund(record)),
    takeRefundTurn: (merchantId, id, spacingMs) =>
      through('takeRefundTurn', id, () => journal.takeRefundTurn(merchantId, id, spacingMs)),
    cancelOrder: (merchantId, orderNo) =>
      through('cancelOrder', orderNo, () => journal.cancelOrder(merchantId, orderNo)),
    holdCancelOfRequest: (merchantId, requestId, cancels) =>
      through('holdCancelOfRequest', requestId, () =>
        journal.holdCancelOfRequest(merchantId, requestId, cancels),
      ),
    findStrayCancel: (merchantId, id) =>
      through('findStrayCancel', undefined, () => journal.findStrayCancel(merchantId, id)),
    recordStrayCancel: (before, after) =>
      through('recordStrayCancel', after.state, () => journal.recordStrayCancel(before, after)),
  };
}

function dueRowsThrough(
  due: DueRows,
  through: Through,
  clock: ProcessClock,
  databaseClock: DatabaseClock,
): DueRows {
  return {
    async claimDue(limit, leaseMs, options) {
      let toldMs = 0;
      const askedAtMs = clock.monotonicMs();
      const rows = await through('claimDue', undefined, () => {
        toldMs = databaseClock.nowMs();
        return due.claimDue(limit, leaseMs, options);
      });
      if (rows.length > 0) clock.heard({ askedAtMs, answeredAtMs: clock.monotonicMs(), toldMs });
      return rows;
    },
    claimPayment: (merchantId, id, leaseMs) =>
      through('claimPayment', undefined, () => due.claimPayment(merchantId, id, leaseMs)),
    claimRefund: (merchantId, id, leaseMs) =>
      through('claimRefund', undefined, () => due.claimRefund(merchantId, id, leaseMs)),
    nextDueAt: () => through('nextDueAt', undefined, () => due.nextDueAt()),
    postponePayment: (payment, dueAt) =>
      through('postponePayment', dueAt, () => due.postponePayment(payment, dueAt)),
    postponeRefund: (refund, dueAt) =>
      through('postponeRefund', dueAt, () => due.postponeRefund(refund, dueAt)),
    postponeStrayCancel: (cancel, dueAt) =>
      through('postponeStrayCancel', dueAt, () => due.postponeStrayCancel(cancel, dueAt)),
    hold: (step) => through('hold', step, () => due.hold(step)),
    releaseHeld: (wallet, account, limit) =>
      through('releaseHeld', account, () => due.releaseHeld(wallet, account, limit)),
    bringForward: (kind, merchantId, id) =>
      through('bringForward', id, () => due.bringForward(kind, merchantId, id)),
  };
}

function deliveriesThrough(deliveries: DeliveryJournal, through: Through): DeliveryJournal {
  return {
    recordDelivered: (delivery) =>
      through('recordDelivered', delivery.id, () => deliveries.recordDelivered(delivery)),
    recordWithdrawn: (delivery) =>
      through('recordWithdrawn', delivery.id, () => deliveries.recordWithdrawn(delivery)),
    recordTryFailed: (delivery, reason, retryAt) =>
      through('recordTryFailed', delivery.id, () => deliveries.recordTryFailed(delivery, reason, retryAt)),
    recordExhausted: (delivery, reason) =>
      through('recordExhausted', delivery.id, () => deliveries.recordExhausted(delivery, reason)),
    recordPutOff: (delivery, dueAt) =>
      through('recordPutOff', delivery.id, () => deliveries.recordPutOff(delivery, dueAt)),
    putOffOthers: (delivery, longestMs) =>
      through('putOffOthers', delivery.url, () => deliveries.putOffOthers(delivery, longestMs)),
    recordHeld: (delivery) => through('recordHeld', delivery.id, () => deliveries.recordHeld(delivery)),
    disableEndpoint: (endpoint) =>
      through('disableEndpoint', endpoint.url, () => deliveries.disableEndpoint(endpoint)),
    enableEndpoint: (merchantId, url, everyMs) =>
      through('enableEndpoint', url, () => deliveries.enableEndpoint(merchantId, url, everyMs)),
    replay: (merchantId, ids, everyMs) =>
      through('replay', ids, () => deliveries.replay(merchantId, ids, everyMs)),
    hasExhausted: (merchantId, paymentId) =>
      through('hasExhausted', paymentId, () => deliveries.hasExhausted(merchantId, paymentId)),
  };
}

function straysThrough(world: World, through: Through): StrayNotifications {
  return {
    keep: (stray) =>
      through('keepStray', stray.requestId, async () => {
        world.strays.add(stray.requestId);
      }),
  };
}

/** The journal with a memory of every version that a payment has had. */
function remembered(world: World, journal: Journal): Journal {
  const { records } = world.memory;
  const noted = async <Result>(merchantId: string, paymentId: string, written: Promise<Result>) => {
    const result = await written;
    const payment = records.payments.get(rowKeyOf(merchantId, paymentId));
    if (payment === undefined) return result;
    const versions = world.history.get(paymentId) ?? [];
    if (versions.length === 0) world.history.set(paymentId, versions);
    if (versions.at(-1)?.payment.version !== payment.version) {
      versions.push({ payment, atMs: world.scheduler.nowMs() });
    }
    return result;
  };
  return {
    ...journal,
    async openPayment(payment, ...rest) {
      const written = journal.openPayment(payment, ...rest);
      const result = await noted(payment.merchantId, payment.id, written);
      if (result.kind === 'order_held') world.tally.count('money case', moneyCases[4]);
      return result;
    },
    recordPayment: (record) =>
      noted(record.before.merchantId, record.before.id, journal.recordPayment(record)),
    acceptRefund: (refund, ...rest) =>
      noted(refund.merchantId, refund.paymentId, journal.acceptRefund(refund, ...rest)),
    recordRefund: (record) =>
      noted(record.before.merchantId, record.before.paymentId, journal.recordRefund(record)),
    async recordStrayCancel(before, after) {
      const cancel = await journal.recordStrayCancel(before, after);
      if (cancel !== null) {
        world.lost.get(cancel.requestId)?.history.push({ cancel, atMs: world.scheduler.nowMs() });
      }
      return cancel;
    },
  };
}

function createProcessChanges(world: World, life: Life): Changes {
  const waiting = new Map<string, Set<() => void>>();
  return {
    publish(id, dueAt) {
      if (dueAt !== null) life.wake(dueAt);
      const waiters = waiting.get(id) ?? [];
      waiting.delete(id);
      for (const wake of waiters) wake();
    },
    next: (id, ms) =>
      new Promise((resolve) => {
        const waiters = waiting.get(id) ?? new Set();
        waiting.set(id, waiters);
        const timer = world.scheduler.after(ms, () => {
          waiters.delete(wake);
          life.enter(() => resolve(false));
        });
        const wake = (): void => {
          world.scheduler.cancel(timer);
          resolve(true);
        };
        waiters.add(wake);
      }),
  };
}
