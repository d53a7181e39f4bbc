import type { Report } from './auditor.ts';
import { goesFarAhead } from './clocks.ts';
import { type LostSale, lostSaleEnds, walletOf } from './lost-sales.ts';
import { moneyCases } from './tally.ts';
import type { World } from './world.ts';

/**
 * Of a payment that this database has lost, and whose cancel was accepted, nobody keeps the payer's money, and nobody is
 * still at it when all is quiet. Money case 10.
 */
export function auditLostSales(world: World, net: ReadonlyMap<string, bigint>, report: Report): void {
  const accepted = new Set(world.told.cancels.filter(({ by }) => by === 'lost').map((one) => one.paymentId));
  for (const [requestId, sale] of world.lost) {
    if (!accepted.has(requestId)) continue;
    const held = net.get(requestId) ?? 0n;
    if (held !== 0n) report('accepted-cancel-lost', `${requestId}, lost in a restore, holds ${held}`);
    const strays = [...world.memory.records.strayCancels.values()].filter(
      (cancel) => cancel.requestId === requestId,
    );
    if (strays.length !== new Set(world.merchant.bindings.map(({ wallet }) => wallet)).size) {
      report('accepted-cancel-lost', `the cancel of ${requestId} goes to ${strays.length} accounts`);
    }
    for (const { id, state, nextStep } of strays) {
      if (state === 'cancelled_provisionally')
        report('provisional-past-horizon', `${id} is provisional at rest`);
      if (nextStep !== null || state !== 'cancelled') report('forgotten-row', `${id} is ${state} at rest`);
    }
    auditEnd(world, sale, report);
  }
}

/** Once a cancel counts as done at the payment's own wallet, its payer can pay nothing any more. */
function auditEnd(world: World, { request, history }: LostSale, report: Report): void {
  const { requestId } = request;
  const { wallet } = walletOf(world, request);
  const own = history.filter(({ cancel }) => cancel.wallet === wallet);
  const ended = own.find(({ cancel }) => cancel.state === 'cancelled');
  const entries = world.ledger.entriesOf(requestId);
  tallyEnd(world, own, entries.length > 0);
  if (ended === undefined || goesFarAhead(world.plan.clocks)) return;
  for (const { kind, atMs } of entries) {
    if (atMs <= ended.atMs || (kind !== 'opened' && kind !== 'charged')) continue;
    report(
      'payable-after-final',
      `${requestId} was ${kind} ${atMs - ended.atMs} ms after its cancel was done`,
    );
  }
}

function tallyEnd(world: World, own: LostSale['history'], isKnown: boolean): void {
  const count = (name: string): void => world.tally.count('lost sale', name);
  const last = own.at(-1)?.cancel;
  if (last === undefined) return;
  if (last.knownToWallet) world.tally.count('money case', moneyCases[10]);
  if (last.cancelledBy === 'refund') count(lostSaleEnds.refunded);
  else if (last.cancelledBy === 'close') count(lostSaleEnds.closed);
  else if (last.reversal.state === 'effected') count(lostSaleEnds.cancelled);
  else if (!isKnown) count(lostSaleEnds.unknown);
  const watched = own.findIndex(({ cancel }) => cancel.reversal.state === 'watching');
  if (watched >= 0 && own.slice(watched).some(({ cancel }) => cancel.knownToWallet)) count(lostSaleEnds.late);
}
