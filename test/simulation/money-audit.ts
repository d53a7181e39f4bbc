import type { Payment } from '../../src/domain/payment.ts';
import type { Refund } from '../../src/domain/refund.ts';
import type { WalletName } from '../../src/domain/wallets.ts';
import type { Report } from './auditor.ts';
import type { World } from './world.ts';

/*
 * The payer's money and the wallet's record of it, against the journal.
 */

/** What each upstream payment holds of its payer's money. */
export function netByRequest(world: World): Map<string, bigint> {
  const net = new Map<string, bigint>();
  for (const { requestId, kind, minor } of world.ledger.log) {
    const before = net.get(requestId) ?? 0n;
    if (kind === 'charged' || kind === 'charged_late') net.set(requestId, before + minor);
    else if (kind === 'given_back') net.set(requestId, before - minor);
  }
  return net;
}

/** The upstream ids, by their own rule and not by the gateway's function. */
export function requestIdOf(payment: Pick<Payment, 'id'>): string {
  return payment.id.replace(/^pay_/, 'P');
}

function refundRequestIdOf(refund: Refund): string {
  return refund.id.replace(/^re_/, 'R');
}

/** First characters of a reversal's refund ids, in the order in which they are used up. */
const reversalRefundKinds = 'VWXYZABDFGHJKLMNQSTU';

export function auditMoney(
  world: World,
  payment: Payment,
  refunds: readonly Refund[],
  net: bigint,
  report: Report,
): void {
  const requestId = requestIdOf(payment);
  const wallet = world.wallets[payment.wallet];
  const is = `${payment.id} is ${payment.state}`;
  const walletRefunds = wallet.refundsOf(requestId);
  const status = wallet.statusOf(requestId);
  const wants = (statuses: readonly (string | null)[]): void => {
    if (!statuses.includes(status)) report('wallet-view', `${is} and the wallet says ${status ?? 'nothing'}`);
  };
  switch (payment.state) {
    case 'succeeded': {
      const due = payment.amount.minor - payment.refunded;
      if (net !== due) report('one-sided-charge', `${is}: the payer paid ${net} instead of ${due}`);
      wants(statusesOfPaid[payment.wallet](due === 0n));
      break;
    }
    case 'failed':
    case 'cancelled':
    case 'cancelled_provisionally':
      if (net !== 0n) report('one-sided-charge', `${is} and the payer paid ${net}`);
      wants(statusesOfUnpaid[payment.wallet](payment.refunded === payment.amount.minor));
      break;
    case 'submitted':
    case 'issued':
    case 'awaiting_payer':
    case 'unknown':
    case 'reversing':
      // Reported as a forgotten row.
      break;
    default:
      payment.state satisfies never;
  }
  let givenBack = 0n;
  for (const { minor } of walletRefunds.values()) givenBack += minor;
  // A payment that was being refunded and turned out closed at the wallet counts as wholly refunded.
  const foundClosed =
    payment.state !== 'succeeded' && payment.refunded === payment.amount.minor && net === 0n;
  if (payment.refunded !== givenBack && !foundClosed) {
    report('refund-view', `${payment.id} shows ${payment.refunded} refunded, the wallet ${givenBack}`);
  }
  auditRefundIds(world, payment, refunds, [...walletRefunds.keys()], report);
}

/** The wallet's words for a payment that stands as paid, by whether all of it was refunded. */
const statusesOfPaid: { readonly [wallet in WalletName]: (isRefunded: boolean) => readonly string[] } = {
  alipay_open: (isRefunded) => [isRefunded ? 'TRADE_CLOSED' : 'TRADE_SUCCESS'],
  alipay_plus: () => ['SUCCESS'],
};

/** The wallet's words for a payment that has ended unpaid or undone, by whether that was done by refunds. */
const statusesOfUnpaid: {
  readonly [wallet in WalletName]: (isRefunded: boolean) => readonly (string | null)[];
} = {
  alipay_open: () => [null, 'TRADE_CLOSED'],
  alipay_plus: (isRefunded) => [null, 'FAIL', 'CANCELLED', ...(isRefunded ? ['SUCCESS'] : [])],
};

/** Each refund at the wallet belongs to one of ours; a reversal takes a new id only after the last one has failed. */
function auditRefundIds(
  world: World,
  payment: Payment,
  refunds: readonly Refund[],
  atWallet: readonly string[],
  report: Report,
): void {
  const { spentRefundIds } = world.wallets[payment.wallet];
  const requestId = requestIdOf(payment);
  const ids = new Set(refunds.map(refundRequestIdOf));
  const spent = payment.reversal?.refundIdsSpent ?? 0;
  for (const [index, kind] of [...reversalRefundKinds].entries()) {
    if (index > spent) break;
    const id = requestId.replace(/^P/, kind);
    ids.add(id);
    if (index === spent) break;
    world.tally.count('wallet', 'is given a new refund id by a reversal');
    if (!spentRefundIds.has(id)) report('refund-id-wasted', `${id} counts as spent`);
  }
  for (const id of atWallet) {
    if (!ids.has(id)) report('unknown-trade', `${payment.id} has the refund ${id} at the wallet`);
  }
}

export function auditRefund(world: World, refund: Refund, report: Report): void {
  const { told, memory } = world;
  const payment = memory.records.payments.get(`${refund.merchantId} ${refund.paymentId}`);
  if (payment === undefined) {
    report('unknown-trade', `${refund.id} has no payment`);
    return;
  }
  const moved = world.wallets[payment.wallet].refundsOf(requestIdOf(payment)).get(refundRequestIdOf(refund));
  const is = `${refund.id} is ${refund.state}`;
  switch (refund.state) {
    case 'succeeded':
      if (moved?.minor !== refund.amount.minor) {
        report('refund-view', `${is} and the wallet gave back ${moved?.minor ?? 'nothing'}`);
      }
      break;
    case 'failed':
      if (moved !== undefined) report('refund-view', `${is} and the wallet gave back ${moved.minor}`);
      break;
    case 'accepted':
    case 'unknown':
    case 'refused':
      report('forgotten-row', is);
      break;
    default:
      refund.state satisfies never;
  }
  for (const one of told.refunds) {
    if (one.refundId !== refund.id) continue;
    if (one.status !== 'processing' && one.status !== refund.state) {
      report('status-flipped', `${is} and was told ${one.status}`);
    }
  }
  const announced = [...memory.records.deliveries.values()].filter(
    (row) => row.delivery.subjectId === refund.id,
  );
  if (announced.length > 1) report('told-twice', `${refund.id} was announced ${announced.length} times`);
}
