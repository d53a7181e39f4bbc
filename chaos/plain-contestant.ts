import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Random } from '../test/simulation/random.ts';
import type { System } from './system.ts';
import type { LedgerLine } from './wallet-control.ts';

const appId = '2021000000000077';
const smid = '2088000000000077';
/** What its orders begin with, so that its lines of the ledger are told from the gateway's. */
const orderPrefix = 'PLAIN';
const callers = 3;

/** How the plain integration came off under the same wallet. */
export interface PlainResult {
  readonly payments: number;
  /** Charged without the shop's knowledge, or the other way round. */
  readonly oneSided: number;
}

export interface PlainContestant {
  /** Sells until the time is over, at a quiet pace. */
  run(random: Random, untilMs: number): Promise<void>;
  result(ledger: readonly LedgerLine[]): Promise<PlainResult>;
}

export function isPlain({ payment_request_id: id }: LedgerLine): boolean {
  return id.startsWith(orderPrefix);
}

/**
 * What a careful merchant writes with the official SDK, on the same database and the same wallet. Its own process is
 * spared: it meets the wallet's faults and the database's kills alone.
 */
export async function startPlainContestant(system: System): Promise<PlainContestant> {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const registered = await system.wallet.ask<{ readonly wallet_public_key: string }>('PUT', `apps/${appId}`, {
    public_key: keys.publicKey,
    pid: '2088000000000078',
    smids: [smid],
  });
  const settingsPath = join(system.dataDir, 'plain.json');
  writeFileSync(
    settingsPath,
    JSON.stringify({
      databaseUrl: system.databaseUrl,
      gatewayUrl: `${system.wallet.url}/gateway.do`,
      appId,
      privateKey: keys.privateKey,
      walletPublicKey: registered.wallet_public_key,
      smid,
      storeId: 'S1',
      terminalId: 'T1',
    }),
    { mode: 0o600 },
  );
  const entry = fileURLToPath(new URL('../bench/plain-integration.ts', import.meta.url));
  const child = await system.startProgram('plain integration', entry, [settingsPath]);
  const code = system.sandbox.payment_codes['alipay_open'];
  let orders = 0;
  const pay = async (): Promise<void> => {
    orders += 1;
    try {
      const answer = await fetch(`http://127.0.0.1:${child.readyDetails()['port']}/pay`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        signal: AbortSignal.timeout(25_000),
        body: JSON.stringify({ order_no: `${orderPrefix}${orders}`, amount: 1_234, payment_code: code }),
      });
      await answer.arrayBuffer();
    } catch {
      // Its shop learns nothing, as with any lost answer; what its table says is compared in the end.
    }
  };
  return {
    async run(random, untilMs) {
      const caller = async (): Promise<void> => {
        while (performance.now() < untilMs) {
          await pay();
          await sleepFor(random.integer(200, 900));
        }
      };
      await Promise.all(Array.from({ length: callers }, caller));
    },
    async result(ledger) {
      const { rows } = await system.database.query<{ readonly order: string; readonly status: string }>(
        'select order_no as order, status from plain_payments',
      );
      const charged = new Set(
        ledger
          .filter((line) => isPlain(line) && line.charged > line.refunded)
          .map((line) => line.payment_request_id),
      );
      const known = new Set(rows.filter(({ status }) => status === 'succeeded').map(({ order }) => order));
      return {
        payments: new Set([...charged, ...rows.map(({ order }) => order)]).size,
        oneSided:
          [...charged].filter((order) => !known.has(order)).length +
          [...known].filter((order) => !charged.has(order)).length,
      };
    },
  };
}
