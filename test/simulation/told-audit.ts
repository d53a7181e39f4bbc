import type { DeliveryRow } from '../../src/adapters/memory/records.ts';
import type { Payment } from '../../src/domain/payment.ts';
import type { Report } from './auditor.ts';
import type { World } from './world.ts';

/** What the merchant and the payer's page were told, against what the journal held, in the order of versions. */
export function auditTold(world: World, payment: Payment, report: Report): void {
  const { told, memory } = world;
  const versions = new Map(
    (world.history.get(payment.id) ?? []).map((one) => [one.payment.version, one.payment]),
  );
  const mine = told.payments.filter((one) => one.paymentId === payment.id);
  mine.sort((a, b) => a.version - b.version);
  let before = 'processing';
  for (const one of mine) {
    const version = versions.get(one.version);
    if (version === undefined || publicStatuses[version.state] !== one.status) {
      report('told-what-never-was', `${payment.id} v${one.version} was told as ${one.status}`);
    } else if (BigInt(one.refunded) !== version.refunded) {
      report('told-what-never-was', `${payment.id} v${one.version} was told as ${one.refunded} refunded`);
    }
    const unpaid = before === 'failed' || before === 'cancelled';
    if (unpaid && one.status !== before) {
      report('status-flipped', `${payment.id} was told ${before} and then ${one.status}`);
    }
    before = one.status;
  }
  const status = publicStatuses[payment.state];
  const last = told.lastTold(payment.id);
  const all = [...memory.records.deliveries.values()].filter((row) => row.delivery.paymentId === payment.id);
  const deliveries = all.filter((row) => row.delivery.subject === 'payment');
  for (const type of ['payment.succeeded', 'payment.failed', 'payment.cancelled']) {
    const rows = deliveries.filter((row) => row.delivery.type === type);
    if (rows.length > 1) report('told-twice', `${payment.id} announced ${type} ${rows.length} times`);
  }
  for (const row of all) {
    if (row.state === 'delivered' && !told.messages.has(row.delivery.id)) {
      report('never-told', `${row.delivery.id} counts as delivered and never arrived`);
    }
  }
  if (all.some(({ state }) => state === 'held' || state === 'pending')) {
    report('forgotten-row', `a delivery of ${payment.id} is held, and nobody will enable its endpoint`);
  }
  if (payment.attention?.reason === 'delivery_exhausted' && !all.some(isExhausted)) {
    report('never-told', `${payment.id} alerts of a delivery that was given up, and none is`);
  }
  if (status === 'processing') return;
  if (payment.notifyUrl !== null) {
    const exhausted = deliveries.some(isExhausted);
    if (last?.status !== status && !exhausted) {
      report('never-told', `${payment.id} is ${status} and was last told as ${last?.status ?? 'nothing'}`);
    }
    if (all.some(isExhausted) && payment.attention === null) {
      report('never-told', `a delivery of ${payment.id} is exhausted and nobody is alerted`);
    }
  } else if (last !== null && last.status !== status && !told.vanished.has(payment.merchantOrderNo)) {
    report('never-told', `${payment.id} is ${status} and the merchant last saw ${last.status}`);
  }
}

function isExhausted(row: DeliveryRow): boolean {
  return row.state === 'exhausted';
}

/** The published mapping of states, once more and by hand. */
const publicStatuses: { readonly [state in Payment['state']]: string } = {
  submitted: 'processing',
  issued: 'processing',
  awaiting_payer: 'processing',
  unknown: 'processing',
  reversing: 'processing',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  cancelled_provisionally: 'cancelled',
};
