import type { KeyObject } from 'node:crypto';
import { isJsonObject, type JsonObject, parseJsonObject } from '../json.ts';
import { laterTriesMs, type NotifyingWalletWays, type PrintedNotification } from '../notifications/outbox.ts';
import type { AmsClient, AmsClients } from './clients.ts';
import { printSignatureHeader, signContent, signingContent } from './signing.ts';
import { printWireTime } from './wire-time.ts';

/** Signed anew at each sending; `path` is that of the notify URL. `key` signs instead of the wallet's for a forged one. */
async function printAmsNotification(
  facts: JsonObject,
  client: AmsClient,
  atMs: number,
  path: string,
  key: KeyObject = client.walletPrivateKey,
): Promise<PrintedNotification> {
  const body = JSON.stringify(facts);
  const time = printWireTime(atMs);
  const signature = await signContent(signingContent(path, client.clientId, time, body), key);
  return {
    headers: {
      'content-type': 'application/json; charset=UTF-8',
      'client-id': client.clientId,
      'request-time': time,
      signature: printSignatureHeader(signature),
    },
    body,
  };
}

/** 200 and a `result` with SUCCESS and S; nobody has to sign it. */
function acknowledgesAms(status: number, body: string): boolean {
  const result = status === 200 ? parseJsonObject(body)?.['result'] : undefined;
  return isJsonObject(result) && result['resultCode'] === 'SUCCESS' && result['resultStatus'] === 'S';
}

function withOtherAmount(facts: JsonObject): JsonObject | null {
  const amount = facts['paymentAmount'];
  if (!isJsonObject(amount) || typeof amount['value'] !== 'string') return null;
  return { ...facts, paymentAmount: { ...amount, value: `${BigInt(amount['value']) + 1n}` } };
}

/** How AMS notifies: up to 8 tries within a day or so, until one is acknowledged. */
export function amsNotifications(clients: AmsClients): NotifyingWalletWays {
  return {
    print(draft, atMs, path, strangersKey) {
      const client = clients.find(draft.appId);
      if (client === undefined) throw new Error(`client ${draft.appId} is not registered`);
      return printAmsNotification(draft.facts, client, atMs, path, strangersKey ?? undefined);
    },
    withOtherAmount,
    acknowledges: acknowledgesAms,
    scheduleMs: [2 * 60_000, ...laterTriesMs],
  };
}
