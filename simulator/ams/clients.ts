import type { KeyObject } from 'node:crypto';
import { type FurtherKeys, openFurtherKeys, readFurtherKeys } from '../further-keys.ts';
import { invalidValue, isJsonObject, type Json, type JsonObject, onlyFields, textField } from '../json.ts';
import {
  newPrivateKey,
  printPrivateKey,
  printPublicKey,
  readPrivateKey,
  readPublicKey,
} from '../open-platform/signing.ts';
import { readSettings, type Settings } from '../settings.ts';
import type { Journal } from '../storage.ts';
import { amsCurrencies, isAmsCurrency } from './currencies.ts';

/** A caller of AMS: its key, the merchants that came with it, the currencies of its contract, and the wallet's key pair for it. */
export interface AmsClient {
  readonly clientId: string;
  readonly publicKey: KeyObject;
  /** Where there are any, a call's `keyVersion` says which key it is signed with: `publicKey` is 1. */
  readonly furtherKeys: FurtherKeys;
  readonly walletPrivateKey: KeyObject;
  /** Registered from the start; others come by `registration`. */
  readonly merchants: readonly string[];
  /** `null`: every currency of AMS. */
  readonly currencies: readonly string[] | null;
  readonly settings: Partial<Settings>;
}

export interface AmsClients {
  find(clientId: string): AmsClient | undefined;
  all(): readonly AmsClient[];
  /** Registers or changes a client. The wallet's key pair is made once and kept, unless `wallet_private_key` brings one. */
  register(clientId: string, json: JsonObject): Promise<AmsClient>;
}

export function openClients(journal: Journal): AmsClients {
  const { db } = journal;
  const upsert = db.prepare('insert or replace into clients values (?, ?, ?, ?, ?, ?)');
  const keyText = db.prepare('select wallet_private_key from clients where client_id = ?');
  const furtherKeys = openFurtherKeys(journal);
  const known = new Map<string, AmsClient>();
  for (const row of db.prepare('select * from clients order by client_id').all()) {
    const text = (name: string): string => row[name] as string;
    const currencies = row['currencies'] as string | null;
    known.set(text('client_id'), {
      clientId: text('client_id'),
      publicKey: stored(readPublicKey(text('public_key'))),
      furtherKeys: furtherKeys.of('alipay_plus', text('client_id')),
      walletPrivateKey: stored(readPrivateKey(text('wallet_private_key'))),
      merchants: JSON.parse(text('merchants')),
      currencies: currencies === null ? null : JSON.parse(currencies),
      settings: JSON.parse(text('settings')),
    });
  }

  return {
    find: (clientId) => known.get(clientId),
    all: () => [...known.values()],
    async register(clientId, json) {
      const { broughtKey, ...given } = readClient(clientId, json);
      const spare = broughtKey ?? known.get(clientId)?.walletPrivateKey ?? (await newPrivateKey());
      const client = await journal.submit(() => {
        // Of two first registrations at once, the key that was stored first stays.
        const kept = keyText.get(clientId)?.['wallet_private_key'] as string | undefined;
        const walletPrivateKey = broughtKey ?? (kept === undefined ? spare : stored(readPrivateKey(kept)));
        upsert.run(
          clientId,
          printPublicKey(given.publicKey),
          printPrivateKey(walletPrivateKey),
          JSON.stringify(given.merchants),
          given.currencies === null ? null : JSON.stringify(given.currencies),
          JSON.stringify(given.settings),
        );
        furtherKeys.replace('alipay_plus', clientId, given.furtherKeys);
        return { ...given, walletPrivateKey };
      });
      known.set(clientId, client);
      return client;
    },
  };
}

/** What `/control/clients` shows. The wallet's private key never leaves. */
export function clientView(client: AmsClient): JsonObject {
  return {
    client_id: client.clientId,
    wallet_public_key: printPublicKey(client.walletPrivateKey),
    merchants: client.merchants,
    currencies: client.currencies ?? amsCurrencies,
    settings: { ...client.settings },
  };
}

function stored(key: KeyObject | null): KeyObject {
  if (key === null) throw new Error('a stored key cannot be read');
  return key;
}

function readClient(
  clientId: string,
  json: JsonObject,
): Omit<AmsClient, 'walletPrivateKey'> & { readonly broughtKey: KeyObject | null } {
  onlyFields(json, [
    'public_key',
    'further_public_keys',
    'wallet_private_key',
    'merchants',
    'currencies',
    'settings',
  ]);
  if (!/^[0-9A-Za-z_-]{1,64}$/.test(clientId))
    throw invalidValue('client_id', clientId, '1 to 64 letters and digits');
  const key = <T>(name: string, read: (text: string) => T | null): T => {
    const found = read(textField(json, name, 8192));
    if (found === null)
      throw invalidValue(name, 'a text that is no such key', 'an RSA key of at least 2048 bits');
    return found;
  };
  const settings = json['settings'] ?? {};
  if (!isJsonObject(settings)) throw invalidValue('settings', settings, 'an object of settings');
  const currencies = json['currencies'] ?? null;
  return {
    clientId,
    publicKey: key('public_key', readPublicKey),
    furtherKeys: readFurtherKeys(json),
    broughtKey: json['wallet_private_key'] === undefined ? null : key('wallet_private_key', readPrivateKey),
    merchants: textList('merchants', json['merchants'] ?? [], () => true, 'texts'),
    currencies:
      currencies === null
        ? null
        : textList('currencies', currencies, isAmsCurrency, `currencies out of ${amsCurrencies.join(', ')}`),
    settings: readSettings(settings),
  };
}

function textList(
  name: string,
  list: Json,
  fits: (text: string) => boolean,
  what: string,
): readonly string[] {
  const isInForm =
    Array.isArray(list) && list.every((item) => typeof item === 'string' && item !== '' && fits(item));
  if (!isInForm) throw invalidValue(name, list, `a list of ${what}`);
  return list as readonly string[];
}
