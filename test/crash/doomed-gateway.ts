import { pino } from 'pino';
import { openGateway } from '../../src/apps/gateway.ts';
import { readSettings } from '../../src/apps/settings.ts';
import type { PaymentRequest } from '../../src/domain/accept-payment.ts';
import { pay } from '../../src/operations/pay.ts';

/*
 * A gateway that stops at one exact instant of every payment and waits there to be killed: `before_act`, after the
 * record has committed and before the wallet is called; `before_record`, after the wallet has answered and before the
 * answer is recorded. Says over IPC how many payments have reached that instant.
 */
interface Doom {
  readonly databaseUrl: string;
  readonly masterKey: string;
  readonly dataDir: string;
  readonly merchantId: string;
  readonly instant: 'before_act' | 'before_record';
  readonly requests: readonly PaymentRequestJson[];
}

export interface PaymentRequestJson extends Omit<PaymentRequest, 'amount' | 'expiresAt'> {
  readonly amountMinor: number;
}

process.once('message', (message) => void run(message as Doom));
process.send?.({ listening: true });

async function run(doom: Doom): Promise<void> {
  const gateway = await openGateway(
    readSettings({ SHOUDAN_DATA_DIR: doom.dataDir }),
    doom.databaseUrl,
    Buffer.from(doom.masterKey, 'hex'),
    pino({ level: 'silent' }),
  );
  const { engine } = gateway;
  let reached = 0;
  const stuck = (): Promise<never> => {
    reached += 1;
    process.send?.({ reached });
    return new Promise(() => {});
  };
  const wallets = {
    gateway: (wallet: Parameters<typeof engine.wallets.gateway>[0]) => {
      const real = engine.wallets.gateway(wallet);
      return {
        ...real,
        pay: async (...args: Parameters<typeof real.pay>) => {
          if (doom.instant === 'before_act') return stuck();
          await real.pay(...args);
          return stuck();
        },
      };
    },
  };
  const merchant = await engine.merchants.find(doom.merchantId);
  if (merchant === null) throw new Error(`no merchant ${doom.merchantId}`);
  for (const { amountMinor, ...request } of doom.requests) {
    void pay(
      { ...engine, wallets },
      merchant,
      { ...request, amount: { currency: 'CNY', minor: BigInt(amountMinor) }, expiresAt: null },
      null,
    );
  }
}
