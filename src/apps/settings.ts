import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';

/** Every setting, read from the environment once at the start, checked whole, and frozen. */
export interface Settings {
  readonly environment: 'sandbox' | 'production';
  readonly host: string;
  readonly port: number;
  /**
   * Base of the addresses that wallets and payers are given (notify URLs, entry codes), without a slash at its end.
   * PAY-14.
   */
  readonly publicUrl: string;
  /** Proxies whose word about a client's address counts: addresses, ranges in CIDR, `loopback`. None: nobody's. */
  readonly trustedProxies: readonly string[];
  /** Who provides technical support, as the payer's result page names it. PAY-11. */
  readonly technicalSupport: string;
  readonly simulatorPort: number;
  /** Accepted from the start; nothing listens there before the switch exists. */
  readonly iso8583Port: number;
  /** `null`: an embedded PostgreSQL in the data folder. */
  readonly databaseUrl: string | null;
  readonly databasePoolSize: number;
  readonly dataDir: string;
  /** 32 bytes; `null` in the sandbox until its key file is made. */
  readonly masterKey: Uint8Array | null;
  /** 32 bytes each: opened, and never sealed with, while one master key is changed for another. */
  readonly furtherMasterKeys: readonly Uint8Array[];
  readonly policySpeed: number;
  readonly workerConcurrency: number;
  /** Where a process that is a worker alone tells how it is; `null`: nowhere. */
  readonly workerPort: number | null;
  readonly maxPaymentsInFlight: number;
  /** Requests a second that an API key may make which has no limit of its own. */
  readonly keyRequestsPerS: number;
  readonly eventRetentionDays: number;
  readonly logLevel: (typeof logLevels)[number];
  /** When set, `/readyz` wants the simulator to be up too. */
  readonly simulatorUrl: string | null;
  /** The gateway that the command line speaks to; `null`: the sandbox of the data folder. */
  readonly gatewayUrl: string | null;
  /** What the command line speaks to it with; set when `gatewayUrl` is. */
  readonly apiKey: string | null;
}

/** A wrong setting. The message is one line that names it. */
export class SettingsError extends Error {}

/** What a setting leads to does not answer. */
export class UnreachableError extends SettingsError {}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Names that hold secrets: each may be given as a file instead, under its name with `_FILE`. */
export const secretNames = [
  'SHOUDAN_MASTER_KEY',
  'SHOUDAN_FURTHER_MASTER_KEYS',
  'DATABASE_URL',
  'SHOUDAN_API_KEY',
] as const;

/** Every name that is read here. `docs/settings.md` lists the same. */
export const settingNames: readonly string[] = [
  'SHOUDAN_ENV',
  'PORT',
  'SHOUDAN_HOST',
  'SHOUDAN_PUBLIC_URL',
  'SHOUDAN_TRUSTED_PROXIES',
  'SHOUDAN_TECHNICAL_SUPPORT',
  'SIMULATOR_PORT',
  'SHOUDAN_SIMULATOR_URL',
  'SHOUDAN_ISO8583_PORT',
  'SHOUDAN_DATABASE_POOL',
  'SHOUDAN_DATA_DIR',
  'SHOUDAN_POLICY_SPEED',
  'SHOUDAN_WORKER_CONCURRENCY',
  'SHOUDAN_WORKER_PORT',
  'SHOUDAN_MAX_PAYMENTS_IN_FLIGHT',
  'SHOUDAN_RATE_LIMIT',
  'SHOUDAN_EVENT_RETENTION_DAYS',
  'SHOUDAN_LOG_LEVEL',
  'SHOUDAN_URL',
  ...secretNames.flatMap((name) => [name, `${name}_FILE`]),
];

const knownNames: ReadonlySet<string> = new Set(settingNames);

export type Environment = { readonly [name: string]: string | undefined };

/** Reads and checks all settings. Throws a {@link SettingsError} for the first one that is wrong or unknown. */
export function readSettings(env: Environment): Settings {
  for (const name of Object.keys(env)) {
    if (name.startsWith('SHOUDAN_') && !knownNames.has(name)) {
      throw new SettingsError(
        `${name} is not a setting of Shoudan: remove it, or correct its name (docs/settings.md lists all).`,
      );
    }
  }
  const environment = oneOf(env, 'SHOUDAN_ENV', ['sandbox', 'production'], 'sandbox');
  const masterKey = masterKeyOf(secret(env, 'SHOUDAN_MASTER_KEY'));
  const furtherMasterKeys = furtherMasterKeysOf(secret(env, 'SHOUDAN_FURTHER_MASTER_KEYS'));
  const databaseUrl = databaseUrlOf(secret(env, 'DATABASE_URL'));
  const port = portOf(env, 'PORT', 8080);
  const publicUrl = publicUrlOf(env);
  const policySpeed = numberOf(env, 'SHOUDAN_POLICY_SPEED', 1, { min: 1, max: 1_000 });
  if (environment === 'production') {
    if (masterKey === null) {
      throw new SettingsError(
        'SHOUDAN_MASTER_KEY is not set: production generates no secrets. Set it, or SHOUDAN_MASTER_KEY_FILE, ' +
          'to 32 random bytes as 64 hex digits.',
      );
    }
    if (databaseUrl === null) {
      throw new SettingsError(
        'DATABASE_URL is not set: the embedded PostgreSQL is for trial and small use. Set it, or DATABASE_URL_FILE.',
      );
    }
    if (publicUrl === null || !publicUrl.startsWith('https://')) {
      throw new SettingsError(
        `SHOUDAN_PUBLIC_URL is ${publicUrl ?? 'not set'}: wallets and payers come to production from outside. Set it to ` +
          'the https address that leads to this gateway.',
      );
    }
    if (policySpeed !== 1) {
      throw new SettingsError(
        `SHOUDAN_POLICY_SPEED is ${policySpeed}: production keeps the policies' own times. Remove it.`,
      );
    }
  }
  const settings: Settings = {
    environment,
    host: textOf(env, 'SHOUDAN_HOST', environment === 'production' ? '0.0.0.0' : '127.0.0.1'),
    port,
    publicUrl: publicUrl ?? `http://127.0.0.1:${port}`,
    trustedProxies: trustedProxiesOf(env),
    technicalSupport: shortTextOf(env, 'SHOUDAN_TECHNICAL_SUPPORT', 'Shoudan'),
    simulatorPort: portOf(env, 'SIMULATOR_PORT', 9090),
    iso8583Port: portOf(env, 'SHOUDAN_ISO8583_PORT', 8583),
    databaseUrl,
    databasePoolSize: integerOf(env, 'SHOUDAN_DATABASE_POOL', 12, { min: 2, max: 200 }),
    dataDir: resolve(textOf(env, 'SHOUDAN_DATA_DIR', '.shoudan')),
    masterKey,
    furtherMasterKeys,
    policySpeed,
    workerConcurrency: integerOf(env, 'SHOUDAN_WORKER_CONCURRENCY', 32, { min: 1, max: 1_000 }),
    workerPort: env['SHOUDAN_WORKER_PORT'] === undefined ? null : portOf(env, 'SHOUDAN_WORKER_PORT', 0),
    maxPaymentsInFlight: integerOf(env, 'SHOUDAN_MAX_PAYMENTS_IN_FLIGHT', 1_000, { min: 1, max: 100_000 }),
    keyRequestsPerS: integerOf(env, 'SHOUDAN_RATE_LIMIT', 500, { min: 1, max: 100_000 }),
    eventRetentionDays: integerOf(env, 'SHOUDAN_EVENT_RETENTION_DAYS', 400, { min: 31, max: 3_660 }),
    logLevel: oneOf(env, 'SHOUDAN_LOG_LEVEL', logLevels, environment === 'production' ? 'info' : 'warn'),
    simulatorUrl: httpUrlOf(env, 'SHOUDAN_SIMULATOR_URL'),
    gatewayUrl: httpUrlOf(env, 'SHOUDAN_URL'),
    apiKey: apiKeyOf(secret(env, 'SHOUDAN_API_KEY')),
  };
  if ((settings.gatewayUrl === null) !== (settings.apiKey === null)) {
    const [present, missing] =
      settings.apiKey === null ? ['SHOUDAN_URL', 'SHOUDAN_API_KEY'] : ['SHOUDAN_API_KEY', 'SHOUDAN_URL'];
    throw new SettingsError(
      `${present} is set, but ${missing} is not: set both, or neither for the sandbox.`,
    );
  }
  return Object.freeze(settings);
}

function textOf(env: Environment, name: string, fallback: string): string {
  const text = env[name];
  if (text === undefined) return fallback;
  if (text.trim() === '') throw new SettingsError(`${name} is empty: give it a value, or remove it.`);
  return text;
}

/** A line that payers read. */
function shortTextOf(env: Environment, name: string, fallback: string): string {
  const text = textOf(env, name, fallback);
  if (/^[^\p{Cc}\p{Cs}]{1,64}$/u.test(text)) return text.trim();
  throw new SettingsError(`${name} must be 1 to 64 characters on one line.`);
}

function oneOf<const Value extends string>(
  env: Environment,
  name: string,
  values: readonly Value[],
  fallback: Value,
): Value {
  const text = textOf(env, name, fallback);
  const value = values.find((candidate) => candidate === text);
  if (value === undefined)
    throw new SettingsError(`${name} is ${text}: it must be one of ${values.join(', ')}.`);
  return value;
}

function numberOf(
  env: Environment,
  name: string,
  fallback: number,
  bounds: { readonly min: number; readonly max: number },
): number {
  const text = textOf(env, name, `${fallback}`);
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= bounds.min && value <= bounds.max)) {
    throw new SettingsError(`${name} is ${text}: it must be a number from ${bounds.min} to ${bounds.max}.`);
  }
  return value;
}

function integerOf(
  env: Environment,
  name: string,
  fallback: number,
  bounds: { readonly min: number; readonly max: number },
): number {
  const value = numberOf(env, name, fallback, bounds);
  if (!Number.isInteger(value)) {
    throw new SettingsError(
      `${name} is ${value}: it must be a whole number from ${bounds.min} to ${bounds.max}.`,
    );
  }
  return value;
}

function portOf(env: Environment, name: string, fallback: number): number {
  return integerOf(env, name, fallback, { min: 1, max: 65_535 });
}

function httpUrlOf(env: Environment, name: string): string | null {
  const text = env[name];
  if (text === undefined) return null;
  if (!/^https?:\/\/[^/\s]+/.test(text) || !URL.canParse(text)) {
    throw new SettingsError(`${name} is ${text}: it must be a URL that begins with http:// or https://.`);
  }
  return text.replace(/\/$/, '');
}

/** An address that a path can be appended to: a proxy's prefix may stand in it, and nothing after that. */
function publicUrlOf(env: Environment): string | null {
  const text = httpUrlOf(env, 'SHOUDAN_PUBLIC_URL');
  if (text === null) return null;
  const url = new URL(text);
  if (/[?#\s]/.test(text) || url.username !== '' || url.password !== '') {
    throw new SettingsError(
      'SHOUDAN_PUBLIC_URL must be an address without user, query and fragment, such as https://pay.example.com: ' +
        'paths are appended to it.',
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** The widest range that one entry may name: wider ones hold clients, and a client could then name any address. */
const widestProxyRange = { 4: 8, 6: 7 } as const;

function trustedProxiesOf(env: Environment): readonly string[] {
  const name = 'SHOUDAN_TRUSTED_PROXIES';
  if (env[name] === undefined) return [];
  const proxies = textOf(env, name, '')
    .split(',')
    .map((one) => one.trim());
  for (const proxy of proxies) {
    if (isProxy(proxy)) continue;
    throw new SettingsError(
      `${name} has ${proxy === '' ? 'an empty entry' : proxy}: each must be the address of a proxy, a range of at most ` +
        `10.0.0.0/8 or fc00::/7 in size, or loopback.`,
    );
  }
  return proxies;
}

function isProxy(text: string): boolean {
  if (text === 'loopback') return true;
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if ((family !== 4 && family !== 6) || address.includes('%') || rest.length > 0) return false;
  if (prefix === undefined) return true;
  // As a range of IPv6 a few of these would hold every IPv4 address.
  if (/^[0:]*:ffff:/i.test(address)) return false;
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : 0;
  return bits >= widestProxyRange[family] && bits <= (family === 4 ? 32 : 128);
}

/** The secret itself is never part of a message. */
function secret(env: Environment, name: (typeof secretNames)[number]): string | null {
  const text = env[name];
  const path = env[`${name}_FILE`];
  if (text !== undefined && path !== undefined) {
    throw new SettingsError(`${name} and ${name}_FILE are both set: keep one of them.`);
  }
  if (path === undefined) return text ?? null;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new SettingsError(`${name}_FILE is ${path}, which cannot be read (${reason}): correct the path.`);
  }
}

function masterKeyOf(text: string | null): Uint8Array | null {
  if (text === null) return null;
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new SettingsError('SHOUDAN_MASTER_KEY must be 32 random bytes as 64 hex digits.');
  }
  return Buffer.from(text, 'hex');
}

/** Separated by commas or line ends, so that a file may have one a line. */
function furtherMasterKeysOf(text: string | null): readonly Uint8Array[] {
  if (text === null) return [];
  const keys = text.split(/[\s,]+/).filter((key) => key !== '');
  if (keys.length === 0 || keys.length > 4 || keys.some((key) => !/^[0-9a-fA-F]{64}$/.test(key))) {
    throw new SettingsError(
      'SHOUDAN_FURTHER_MASTER_KEYS must be one to four keys of 64 hex digits, separated by commas.',
    );
  }
  return keys.map((key) => Buffer.from(key, 'hex'));
}

function apiKeyOf(text: string | null): string | null {
  if (text !== null && !/^[\x21-\x7e]{1,512}$/.test(text)) {
    throw new SettingsError('SHOUDAN_API_KEY must be a key as it was issued, without spaces.');
  }
  return text;
}

function databaseUrlOf(text: string | null): string | null {
  if (text === null) return null;
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) {
    throw new SettingsError('DATABASE_URL must be a URL that begins with postgres:// or postgresql://.');
  }
  return text;
}
