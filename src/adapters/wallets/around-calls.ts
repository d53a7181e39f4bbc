import type { WalletName } from '../../domain/wallets.ts';
import type { PaymentReference, WalletGateway } from '../../ports/wallet.ts';
import type { WalletDirectory } from '../../ports/wallet-directory.ts';

export const walletCallNames = ['pay', 'inquire', 'cancel', 'refund', 'inquire_refund'] as const;

/** A call to a wallet, as those who watch it may know it: nothing of the payer. */
export interface WalletCall {
  readonly wallet: WalletName;
  readonly name: (typeof walletCallNames)[number];
  readonly account: string;
  /** Our upstream id of the payment. */
  readonly requestId: string;
}

/** What every answer of a wallet has, whatever it was asked. */
export interface AnswerSeen {
  readonly kind: string;
  /** The wallet's own code, where it said one. */
  readonly code?: string;
  /** Why there is no answer. */
  readonly reason?: string;
}

/** Makes the call and hands its answer on, unchanged. */
export type AroundCall = <Answer extends AnswerSeen>(
  call: WalletCall,
  ask: () => Promise<Answer>,
) => Promise<Answer>;

/** The same wallet, with somebody around each call: its time in the queue of its account counts. */
export function aroundCalls(wallet: WalletName, gateway: WalletGateway, around: AroundCall): WalletGateway {
  const about = (name: WalletCall['name'], { account, requestId }: PaymentReference): WalletCall => {
    return { wallet, name, account, requestId };
  };
  return {
    pay: (request, limit) => around(about('pay', request), () => gateway.pay(request, limit)),
    inquire: (payment, limit) => around(about('inquire', payment), () => gateway.inquire(payment, limit)),
    cancel: (payment, limit) => around(about('cancel', payment), () => gateway.cancel(payment, limit)),
    refund: (request, limit) => around(about('refund', request), () => gateway.refund(request, limit)),
    inquireRefund: (request, limit) =>
      around(about('inquire_refund', request), () => gateway.inquireRefund(request, limit)),
  };
}

/** The same wallets, with somebody around each call to any of them. */
export function aroundWallets<Wallets extends WalletDirectory>(
  wallets: Wallets,
  around: AroundCall,
): Wallets {
  const watched = new Map<WalletName, WalletGateway>();
  return {
    ...wallets,
    gateway(wallet) {
      const known = watched.get(wallet);
      if (known !== undefined) return known;
      const gateway = aroundCalls(wallet, wallets.gateway(wallet), around);
      watched.set(wallet, gateway);
      return gateway;
    },
  };
}
