import { attemptCore, idRandomBytes, paymentRequestId } from '../../src/domain/ids.ts';
import { policyFor } from '../../src/domain/policy.ts';
import type { StrayCancel } from '../../src/domain/stray-cancel.ts';
import type { PayRequest } from '../../src/ports/wallet.ts';
import type { AfterSales } from './after-sales.ts';
import { comeToWallet } from './code-customers.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/*
 * Payments of the time that a restore has lost: their wallets know them, or hear of them while the run goes on, and this
 * database never does. Their merchant has seen their ids, finds them unknown, and cancels. Money case 10.
 */

export interface LostSalesTraits {
  readonly count: number;
  /** Of them: how many are codes that were shown, and are scanned during the run or not at all. */
  readonly showsCode: number;
  /** Of the others: how many still travel to the wallet when the run begins. */
  readonly isUnderWay: number;
  /** When the merchant cancels, after the start at most. */
  readonly cancelledMsMax: number;
  /** Cancelled by two at once. */
  readonly cancelledTwice: number;
}

export function drawLostSales(random: Random): LostSalesTraits {
  return {
    count: random.chance(0.2) ? random.integer(1, 3) : 0,
    showsCode: random.pick([0, 0.5]),
    isUnderWay: random.fraction(),
    cancelledMsMax: random.magnitude(1_000, 20 * 60_000),
    cancelledTwice: random.pick([0, 0.5]),
  };
}

const minuteMs = 60_000;
/** A sale was made so long before the run begins at most. */
const agoMsMax = 10 * minuteMs;

/** Has the lost sales arrive at their wallets, and their merchant cancel each by the id that it was told. */
export function startLostSales(world: World, sales: AfterSales): void {
  const { random, plan, scheduler, tally } = world;
  const traits = plan.lostSales;
  for (let number = 1; number <= traits.count; number += 1) {
    const request = lostRequest(world, number);
    world.lost.set(request.requestId, { request, history: [] });
    const { wallet } = walletOf(world, request);
    const isShown = request.start.product === 'order_code';
    const underWay = !isShown && random.chance(traits.isUnderWay);
    const lateMs = underWay ? random.magnitude(1, Math.max(2, lastArrivalMs(world, request))) : 0;
    tally.count(
      'lost sale',
      underWay ? lostSaleKinds.underWay : isShown ? lostSaleKinds.shown : lostSaleKinds.made,
    );
    scheduler.after(lateMs, () => {
      const answer = world.wallets[wallet].pay(request);
      if (answer.kind !== 'issued' || answer.action.kind !== 'show_code') return;
      const closesAtMs = world.databaseClock.whenMs(request.expiresAt.getTime());
      comeToWallet(world, { wallet, issued: answer.action.value, closesAtMs });
    });
    const cancels = random.chance(traits.cancelledTwice) ? 2 : 1;
    for (let times = 0; times < cancels; times += 1) {
      void sales
        .pause(random.integer(0, traits.cancelledMsMax))
        .then(() => sales.cancelLost(request.requestId, request.merchantOrderNo));
    }
  }
}

/** What a run with lost sales should show. */
export const lostSaleKinds = {
  made: 'was made before the run',
  shown: 'is a code that somebody may scan',
  underWay: 'still travels to its wallet',
} as const;

/** What has become of the cancels of lost sales, as a run should show it. */
export const lostSaleEnds = {
  cancelled: 'is undone by a cancel',
  closed: 'is found closed',
  refunded: 'is given back by refund',
  unknown: 'was never known to the wallet',
  late: 'is found by its wallet after nothing was there to cancel',
} as const;

function lostRequest(world: World, number: number): PayRequest {
  const { random, plan, databaseClock, scheduler, merchant } = world;
  const traits = plan.lostSales;
  const inYuan = random.chance(plan.merchants.inYuan);
  const amount = { currency: inYuan ? 'CNY' : 'USD', minor: BigInt(random.magnitude(1, 200_000)) };
  const merchantOrderNo = `L${number.toString().padStart(5, '0')}`;
  const isShown = random.chance(traits.showsCode);
  const product = isShown ? 'order_code' : 'payment_code';
  const wallet = inYuan ? 'alipay_open' : 'alipay_plus';
  const requestedAt = new Date(databaseClock.atMs(scheduler.nowMs()) - random.integer(0, agoMsMax));
  const core = attemptCore({
    merchantShortNo: merchant.shortNo,
    at: requestedAt,
    terminalId: 'T0001',
    amount,
    merchantOrderNo,
    random: random.bytes(idRandomBytes),
  });
  const { expiryMinMs, expiryMaxMs } = policyFor(wallet, product, merchant.policyOverrides);
  return {
    account: 'sandbox',
    requestId: paymentRequestId(`pay_${core}`),
    amount,
    start: isShown
      ? { product: 'order_code' }
      : { product: 'payment_code', paymentCode: `29${number}`.padEnd(18, '0') },
    subject: 'tea',
    merchantOrderNo,
    merchant: { name: 'Tea House', mcc: '5814' },
    store: { id: 'S0001', name: 'Tea House at the lake', mcc: '5814' },
    terminalId: 'T0001',
    subMerchantId: merchant.id,
    requestedAt,
    expiresAt: new Date(requestedAt.getTime() + random.integer(expiryMinMs, expiryMaxMs)),
  };
}

export function walletOf({ merchant }: World, { amount }: Pick<PayRequest, 'amount'>) {
  const binding = merchant.bindings.find(({ currency }) => currency === amount.currency);
  if (binding === undefined) throw new Error(`nobody takes ${amount.currency}`);
  return binding;
}

/** Until then, from now on, a request that was sent in its time may arrive. */
function lastArrivalMs({ databaseClock, scheduler }: World, { expiresAt }: PayRequest): number {
  return databaseClock.whenMs(expiresAt.getTime()) - scheduler.nowMs();
}

/** A lost sale, with every version that its cancels have had, the oldest first. */
export interface LostSale {
  readonly request: PayRequest;
  readonly history: { readonly cancel: StrayCancel; readonly atMs: number }[];
}
