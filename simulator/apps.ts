import type { KeyObject } from 'node:crypto';
import { type FurtherKeys, openFurtherKeys, readFurtherKeys } from './further-keys.ts';
import { invalidValue, isJsonObject, type JsonObject, onlyFields, textField } from './json.ts';
import {
  newPrivateKey,
  printPrivateKey,
  printPublicKey,
  readPrivateKey,
  readPublicKey,
} from './open-platform/signing.ts';
import { readSettings, type Settings } from './settings.ts';
import type { Journal } from './storage.ts';

/** A caller of the Open Platform: its key, the merchants onboarded under it, and the wallet's key pair for it. */
export interface App {
  readonly appId: string;
  readonly pid: string;
  readonly publicKey: KeyObject;
  /** What any of these has signed holds too. */
  readonly furtherKeys: FurtherKeys;
  readonly walletPrivateKey: KeyObject;
  readonly smids: readonly string[];
  /** `app_auth_token`s that this app may present; any other is refused. */
  readonly authTokens: readonly string[];
  readonly settings: Partial<Settings>;
}

export interface Apps {
  find(appId: string): App | undefined;
  all(): readonly App[];
  /** Registers or changes an app. The wallet's key pair is made once and kept, unless `wallet_private_key` brings one. */
  register(appId: string, json: JsonObject): Promise<App>;
}

const fields = [
  'public_key',
  'further_public_keys',
  'pid',
  'smids',
  'wallet_private_key',
  'app_auth_tokens',
  'settings',
];

export function openApps(journal: Journal): Apps {
  const { db } = journal;
  const upsert = db.prepare('insert or replace into apps values (?, ?, ?, ?, ?, ?, ?)');
  const keyText = db.prepare('select wallet_private_key from apps where app_id = ?');
  const furtherKeys = openFurtherKeys(journal);
  const known = new Map<string, App>();
  for (const row of db.prepare('select * from apps order by app_id').all()) {
    const text = (name: string): string => row[name] as string;
    known.set(text('app_id'), {
      appId: text('app_id'),
      pid: text('pid'),
      publicKey: keyOf(readPublicKey(text('public_key'))),
      furtherKeys: furtherKeys.of('alipay_open', text('app_id')),
      walletPrivateKey: keyOf(readPrivateKey(text('wallet_private_key'))),
      smids: JSON.parse(text('smids')),
      authTokens: JSON.parse(text('auth_tokens')),
      settings: JSON.parse(text('settings')),
    });
  }

  return {
    find: (appId) => known.get(appId),
    all: () => [...known.values()],
    async register(appId, json) {
      const given = readApp(appId, json);
      const spare = given.walletPrivateKey ?? known.get(appId)?.walletPrivateKey ?? (await newPrivateKey());
      const app = await journal.submit(() => {
        // Of two first registrations at once, the key that was stored first stays.
        const stored = keyText.get(appId)?.['wallet_private_key'] as string | undefined;
        const walletPrivateKey =
          given.walletPrivateKey ?? (stored === undefined ? spare : keyOf(readPrivateKey(stored)));
        upsert.run(
          appId,
          given.pid,
          printPublicKey(given.publicKey),
          printPrivateKey(walletPrivateKey),
          JSON.stringify(given.smids),
          JSON.stringify(given.authTokens),
          JSON.stringify(given.settings),
        );
        furtherKeys.replace('alipay_open', appId, given.furtherKeys);
        return { ...given, walletPrivateKey };
      });
      known.set(appId, app);
      return app;
    },
  };
}

/** What `/control/apps` shows. The wallet's private key never leaves. */
export function appView(app: App): JsonObject {
  return {
    app_id: app.appId,
    wallet_public_key: printPublicKey(app.walletPrivateKey),
    pid: app.pid,
    smids: app.smids,
    settings: { ...app.settings },
  };
}

function keyOf(key: KeyObject | null): KeyObject {
  if (key === null) throw new Error('a stored key cannot be read');
  return key;
}

function readApp(
  appId: string,
  json: JsonObject,
): Omit<App, 'walletPrivateKey'> & { walletPrivateKey: KeyObject | null } {
  onlyFields(json, fields);
  if (!/^[0-9A-Za-z_-]{1,32}$/.test(appId)) throw invalidValue('app_id', appId, '1 to 32 letters and digits');
  const publicKey = readPublicKey(textField(json, 'public_key', 8192));
  if (publicKey === null) {
    throw invalidValue(
      'public_key',
      'a text that is no such key',
      'an RSA public key of at least 2048 bits, as PEM',
    );
  }
  const settings = json['settings'] ?? {};
  if (!isJsonObject(settings)) throw invalidValue('settings', settings, 'an object of settings');
  return {
    appId,
    pid: textField(json, 'pid', 16),
    publicKey,
    furtherKeys: readFurtherKeys(json),
    walletPrivateKey: readWalletKey(json),
    smids: textList(json, 'smids'),
    authTokens: textList(json, 'app_auth_tokens'),
    settings: readSettings(settings),
  };
}

function readWalletKey(json: JsonObject): KeyObject | null {
  if (json['wallet_private_key'] === undefined) return null;
  const key = readPrivateKey(textField(json, 'wallet_private_key', 8192));
  if (key === null) {
    throw invalidValue(
      'wallet_private_key',
      'a text that is no such key',
      'an RSA private key of at least 2048 bits',
    );
  }
  return key;
}

function textList(json: JsonObject, name: string): readonly string[] {
  const list = json[name] ?? [];
  const isTextList = Array.isArray(list) && list.every((item) => typeof item === 'string' && item !== '');
  if (!isTextList) throw invalidValue(name, list, 'a list of texts');
  return list as readonly string[];
}
