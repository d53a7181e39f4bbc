import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Environment,
  readSettings,
  type Settings,
  SettingsError,
  secretNames,
  settingNames,
} from './settings.ts';

const masterKey = '0123456789abcdef'.repeat(4);

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoudan-settings-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function complaint(env: Environment): string {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return 'accepted';
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it('nothing has to be set for a trial on one machine', () => {
  expect(readSettings({})).toEqual({
    environment: 'sandbox',
    host: '127.0.0.1',
    port: 8080,
    publicUrl: 'http://127.0.0.1:8080',
    trustedProxies: [],
    technicalSupport: 'Shoudan',
    simulatorPort: 9090,
    iso8583Port: 8583,
    databaseUrl: null,
    databasePoolSize: 12,
    dataDir: resolve('.shoudan'),
    masterKey: null,
    furtherMasterKeys: [],
    policySpeed: 1,
    workerConcurrency: 32,
    workerPort: null,
    maxPaymentsInFlight: 1_000,
    keyRequestsPerS: 500,
    eventRetentionDays: 400,
    logLevel: 'warn',
    simulatorUrl: null,
    gatewayUrl: null,
    apiKey: null,
  });
});

it('settings cannot be changed after they were read', () => {
  expect(Object.isFrozen(readSettings({}))).toBe(true);
});

it('every setting is read', () => {
  const settings = readSettings({
    SHOUDAN_ENV: 'sandbox',
    PORT: '1',
    SHOUDAN_HOST: '0.0.0.0',
    SHOUDAN_PUBLIC_URL: 'https://PAY.example.com/gateway/',
    SHOUDAN_TRUSTED_PROXIES: 'loopback, 10.0.0.0/8,fd00:1::/64 ,192.0.2.7,2001:db8::1',
    SHOUDAN_TECHNICAL_SUPPORT: '海滨银行技术部',
    SIMULATOR_PORT: '65535',
    SHOUDAN_SIMULATOR_URL: 'http://127.0.0.1:9090/',
    SHOUDAN_ISO8583_PORT: '8584',
    DATABASE_URL: 'postgresql://u:p@db/shoudan',
    SHOUDAN_DATABASE_POOL: '2',
    SHOUDAN_DATA_DIR: '/somewhere/else',
    SHOUDAN_MASTER_KEY: masterKey,
    SHOUDAN_FURTHER_MASTER_KEYS: `${'ab'.repeat(32)},${'cd'.repeat(32)}`,
    SHOUDAN_POLICY_SPEED: '2.5',
    SHOUDAN_WORKER_CONCURRENCY: '1',
    SHOUDAN_WORKER_PORT: '9464',
    SHOUDAN_MAX_PAYMENTS_IN_FLIGHT: '50',
    SHOUDAN_RATE_LIMIT: '20',
    SHOUDAN_EVENT_RETENTION_DAYS: '31',
    SHOUDAN_LOG_LEVEL: 'silent',
    SHOUDAN_URL: 'https://pay.example.com/gateway/',
    SHOUDAN_API_KEY: 'sk_sandbox_1',
  });
  expect(settings).toEqual<Settings>({
    environment: 'sandbox',
    host: '0.0.0.0',
    port: 1,
    publicUrl: 'https://pay.example.com/gateway',
    trustedProxies: ['loopback', '10.0.0.0/8', 'fd00:1::/64', '192.0.2.7', '2001:db8::1'],
    technicalSupport: '海滨银行技术部',
    simulatorPort: 65535,
    iso8583Port: 8584,
    databaseUrl: 'postgresql://u:p@db/shoudan',
    databasePoolSize: 2,
    dataDir: '/somewhere/else',
    masterKey: Buffer.from(masterKey, 'hex'),
    furtherMasterKeys: [Buffer.alloc(32, 0xab), Buffer.alloc(32, 0xcd)],
    policySpeed: 2.5,
    workerConcurrency: 1,
    workerPort: 9464,
    maxPaymentsInFlight: 50,
    keyRequestsPerS: 20,
    eventRetentionDays: 31,
    logLevel: 'silent',
    simulatorUrl: 'http://127.0.0.1:9090',
    gatewayUrl: 'https://pay.example.com/gateway',
    apiKey: 'sk_sandbox_1',
  });
});

it.each([
  ['an unknown name', { SHOUDAN_PORT: '1' }, 'SHOUDAN_PORT is not a setting of Shoudan'],
  ['a name in the wrong case', { SHOUDAN_env: 'production' }, 'SHOUDAN_env is not a setting of Shoudan'],
  ['a file of what is no secret', { SHOUDAN_HOST_FILE: '/x' }, 'SHOUDAN_HOST_FILE is not a setting'],
  [
    'an unknown environment',
    { SHOUDAN_ENV: 'prod' },
    'SHOUDAN_ENV is prod: it must be one of sandbox, production.',
  ],
  ['an environment in capitals', { SHOUDAN_ENV: 'PRODUCTION' }, 'SHOUDAN_ENV is PRODUCTION'],
  ['an empty environment', { SHOUDAN_ENV: '' }, 'SHOUDAN_ENV is empty: give it a value, or remove it.'],
  ['port 0', { PORT: '0' }, 'PORT is 0: it must be a number from 1 to 65535.'],
  ['a port beyond the last', { PORT: '65536' }, 'PORT is 65536'],
  ['a port with a unit', { PORT: '8080x' }, 'PORT is 8080x'],
  ['a port with an exponent', { PORT: '1e3' }, 'PORT is 1e3'],
  ['a port in hexadecimal', { PORT: '0x50' }, 'PORT is 0x50'],
  ['a port with a fraction', { PORT: '80.5' }, 'PORT is 80.5: it must be a whole number'],
  ['a port with a sign', { PORT: '-1' }, 'PORT is -1'],
  ['an empty port', { PORT: '' }, 'PORT is empty'],
  ['a blank host', { SHOUDAN_HOST: ' ' }, 'SHOUDAN_HOST is empty'],
  [
    'a public address without a scheme',
    { SHOUDAN_PUBLIC_URL: 'pay.example.com' },
    'SHOUDAN_PUBLIC_URL is pay.example.com: it must be a URL that begins with http:// or https://.',
  ],
  [
    'a public address with a query',
    { SHOUDAN_PUBLIC_URL: 'https://pay.example.com/?shop=1' },
    'SHOUDAN_PUBLIC_URL must be an address without user, query and fragment',
  ],
  [
    'a public address with a fragment',
    { SHOUDAN_PUBLIC_URL: 'https://pay.example.com/#' },
    'SHOUDAN_PUBLIC_URL must be an address without user, query and fragment',
  ],
  [
    'a public address with a user',
    { SHOUDAN_PUBLIC_URL: 'https://u:p@pay.example.com' },
    'SHOUDAN_PUBLIC_URL must be an address without user, query and fragment',
  ],
  ['an empty public address', { SHOUDAN_PUBLIC_URL: '' }, 'SHOUDAN_PUBLIC_URL is '],
  ['no proxies', { SHOUDAN_TRUSTED_PROXIES: '' }, 'SHOUDAN_TRUSTED_PROXIES is empty'],
  ['a support of blanks', { SHOUDAN_TECHNICAL_SUPPORT: ' ' }, 'SHOUDAN_TECHNICAL_SUPPORT is empty'],
  [
    'a support of two lines',
    { SHOUDAN_TECHNICAL_SUPPORT: 'a\nb' },
    'SHOUDAN_TECHNICAL_SUPPORT must be 1 to 64 characters on one line.',
  ],
  ['a wrong simulator port', { SIMULATOR_PORT: 'x' }, 'SIMULATOR_PORT is x'],
  ['a wrong ISO 8583 port', { SHOUDAN_ISO8583_PORT: '70000' }, 'SHOUDAN_ISO8583_PORT is 70000'],
  [
    'a simulator without a scheme',
    { SHOUDAN_SIMULATOR_URL: 'localhost:9090' },
    'SHOUDAN_SIMULATOR_URL is localhost:9090',
  ],
  ['an empty simulator URL', { SHOUDAN_SIMULATOR_URL: '' }, 'SHOUDAN_SIMULATOR_URL is '],
  ['a database of another kind', { DATABASE_URL: 'mysql://u@h/d' }, 'DATABASE_URL must be a URL'],
  ['an empty database URL', { DATABASE_URL: '' }, 'DATABASE_URL must be a URL'],
  [
    'a pool of one',
    { SHOUDAN_DATABASE_POOL: '1' },
    'SHOUDAN_DATABASE_POOL is 1: it must be a number from 2 to 200.',
  ],
  ['an empty data folder', { SHOUDAN_DATA_DIR: '' }, 'SHOUDAN_DATA_DIR is empty'],
  ['a short further key', { SHOUDAN_FURTHER_MASTER_KEYS: 'abcd' }, 'SHOUDAN_FURTHER_MASTER_KEYS must be'],
  ['no further key', { SHOUDAN_FURTHER_MASTER_KEYS: ' ' }, 'SHOUDAN_FURTHER_MASTER_KEYS must be'],
  [
    'five further keys',
    { SHOUDAN_FURTHER_MASTER_KEYS: Array(5).fill('ab'.repeat(32)).join(',') },
    'SHOUDAN_FURTHER_MASTER_KEYS must be one to four keys',
  ],
  ['a short master key', { SHOUDAN_MASTER_KEY: 'abcd' }, 'SHOUDAN_MASTER_KEY must be 32 random bytes'],
  ['a master key in base64', { SHOUDAN_MASTER_KEY: `${'A'.repeat(43)}=` }, 'SHOUDAN_MASTER_KEY must be'],
  ['a speed below one', { SHOUDAN_POLICY_SPEED: '0.5' }, 'SHOUDAN_POLICY_SPEED is 0.5'],
  ['no concurrency', { SHOUDAN_WORKER_CONCURRENCY: '0' }, 'SHOUDAN_WORKER_CONCURRENCY is 0'],
  ['half a row at once', { SHOUDAN_WORKER_CONCURRENCY: '1.5' }, 'SHOUDAN_WORKER_CONCURRENCY is 1.5'],
  ['events kept too shortly', { SHOUDAN_EVENT_RETENTION_DAYS: '30' }, 'SHOUDAN_EVENT_RETENTION_DAYS is 30'],
  [
    'an unknown log level',
    { SHOUDAN_LOG_LEVEL: 'verbose' },
    'SHOUDAN_LOG_LEVEL is verbose: it must be one of fatal,',
  ],
  ['a gateway without a key', { SHOUDAN_URL: 'http://h' }, 'SHOUDAN_URL is set, but SHOUDAN_API_KEY is not'],
  ['a key without a gateway', { SHOUDAN_API_KEY: 'k' }, 'SHOUDAN_API_KEY is set, but SHOUDAN_URL is not'],
  ['a gateway without a scheme', { SHOUDAN_URL: 'h', SHOUDAN_API_KEY: 'k' }, 'SHOUDAN_URL is h'],
  [
    'a key with a line break',
    { SHOUDAN_URL: 'http://h', SHOUDAN_API_KEY: 'k\nX: y' },
    'SHOUDAN_API_KEY must be',
  ],
])('%s stops with a line that names the setting', (_, env, message) => {
  expect(complaint(env)).toContain(message);
});

it.each([
  ['true', 'true'],
  ['1', '1'],
  ['proxy.example.com', 'proxy.example.com'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['0.0.0.0/1,128.0.0.0/1', '0.0.0.0/1'],
  ['::/0', '::/0'],
  ['::ffff:0.0.0.0/96', '::ffff:0.0.0.0/96'],
  ['0:0:0:0:0:FFFF:0:0/96', '0:0:0:0:0:FFFF:0:0/96'],
  ['10.0.0.1/33', '10.0.0.1/33'],
  ['10.0.0.1/', '10.0.0.1/'],
  ['10.0.0.1/8/8', '10.0.0.1/8/8'],
  ['10.0.0.0/255.0.0.0', '10.0.0.0/255.0.0.0'],
  ['10.0.0.1:80', '10.0.0.1:80'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['10.0.0.1,,10.0.0.2', 'an empty entry'],
])('%s names no proxies that could be trusted', (proxies, named) => {
  expect(complaint({ SHOUDAN_TRUSTED_PROXIES: proxies })).toContain(
    `SHOUDAN_TRUSTED_PROXIES has ${named}: each must be the address of a proxy`,
  );
});

it('what others keep in the environment is no concern of ours', () => {
  expect(complaint({ HOME: '/root', SHOUDANX: '1', PGHOST: 'x' })).toBe('accepted');
});

it('a secret may be a file, whose surrounding blanks do not count', () => {
  const settings = readSettings({
    SHOUDAN_MASTER_KEY_FILE: file('master', `${masterKey}\n`),
    DATABASE_URL_FILE: file('database', ' postgres://u:p@h/d\n'),
    SHOUDAN_API_KEY_FILE: file('key', 'sk_1\n'),
    SHOUDAN_URL: 'http://127.0.0.1:8080',
  });
  expect(settings).toMatchObject({
    masterKey: Buffer.from(masterKey, 'hex'),
    databaseUrl: 'postgres://u:p@h/d',
    apiKey: 'sk_1',
  });
});

it.each(secretNames)('%s and its file together are one too many', (name) => {
  expect(complaint({ [name]: 'x', [`${name}_FILE`]: '/x' })).toBe(
    `${name} and ${name}_FILE are both set: keep one of them.`,
  );
});

it.each(secretNames)('a file of %s that cannot be read is named', (name) => {
  expect(complaint({ [`${name}_FILE`]: join(folder, 'absent') })).toBe(
    `${name}_FILE is ${join(folder, 'absent')}, which cannot be read (ENOENT): correct the path.`,
  );
  expect(complaint({ [`${name}_FILE`]: folder })).toContain('cannot be read (EISDIR)');
});

it('a secret is never part of a complaint', () => {
  const secret = 'correct-horse-battery';
  expect(complaint({ SHOUDAN_MASTER_KEY: secret })).not.toContain(secret);
  expect(complaint({ SHOUDAN_MASTER_KEY_FILE: file('wrong', secret) })).not.toContain(secret);
  expect(complaint({ DATABASE_URL: `mysql://u:${secret}@h/d` })).not.toContain(secret);
  expect(complaint({ SHOUDAN_URL: 'http://h', SHOUDAN_API_KEY: `${secret} ${secret}` })).not.toContain(
    secret,
  );
});

it('production makes no secrets: it is given a master key or does not start', () => {
  expect(complaint({ SHOUDAN_ENV: 'production' })).toContain(
    'SHOUDAN_MASTER_KEY is not set: production generates no secrets.',
  );
  const settings = readSettings({
    SHOUDAN_ENV: 'production',
    SHOUDAN_MASTER_KEY: masterKey,
    DATABASE_URL: 'postgres://db.example/shoudan',
    SHOUDAN_PUBLIC_URL: 'https://pay.example.com',
  });
  expect(settings).toMatchObject({ environment: 'production', host: '0.0.0.0', logLevel: 'info' });
});

it('production is given a database and starts none of its own', () => {
  expect(complaint({ SHOUDAN_ENV: 'production', SHOUDAN_MASTER_KEY: masterKey })).toContain(
    'DATABASE_URL is not set: the embedded PostgreSQL is for trial and small use.',
  );
});

it('production is told its own public address, which is https', () => {
  const env = {
    SHOUDAN_ENV: 'production',
    SHOUDAN_MASTER_KEY: masterKey,
    DATABASE_URL: 'postgres://db.example/shoudan',
  };
  expect(complaint(env)).toBe(
    'SHOUDAN_PUBLIC_URL is not set: wallets and payers come to production from outside. Set it to the https address ' +
      'that leads to this gateway.',
  );
  expect(complaint({ ...env, SHOUDAN_PUBLIC_URL: 'http://pay.example.com/' })).toContain(
    'SHOUDAN_PUBLIC_URL is http://pay.example.com: wallets and payers',
  );
});

it('the public address follows the port', () => {
  expect(readSettings({ PORT: '9000' }).publicUrl).toBe('http://127.0.0.1:9000');
});

it('production keeps the times of the policies', () => {
  const env = {
    SHOUDAN_ENV: 'production',
    SHOUDAN_MASTER_KEY: masterKey,
    DATABASE_URL: 'postgres://db.example/shoudan',
    SHOUDAN_PUBLIC_URL: 'https://pay.example.com',
    SHOUDAN_POLICY_SPEED: '2',
  };
  expect(complaint(env)).toBe(
    "SHOUDAN_POLICY_SPEED is 2: production keeps the policies' own times. Remove it.",
  );
});

/** The rows of the page's one table: name, default, whether it is a secret. */
const listed = readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => {
    const [name = '', fallback = '', , secret = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return { name: name.replaceAll('`', ''), fallback, secret };
  });

it('docs/settings.md lists every setting, and nothing that is none', () => {
  expect(listed.map(({ name }) => name).toSorted()).toEqual(settingNames.toSorted());
});

it('docs/settings.md marks the secrets', () => {
  const marked = listed.filter(({ secret }) => secret === 'yes').map(({ name }) => name);
  expect(marked.toSorted()).toEqual(secretNames.toSorted());
});

it('docs/settings.md tells the defaults', () => {
  const fallbacks = new Map(listed.map(({ name, fallback }) => [name, fallback]));
  for (const [name, fallback] of fallbacks) {
    if (fallback === 'none') continue;
    const value = fallback.replaceAll('`', '');
    expect(readSettings({ [name]: value }), name).toEqual(readSettings({}));
  }
  const withDefault = [...fallbacks].filter(([, fallback]) => fallback !== 'none').map(([name]) => name);
  expect(withDefault).toHaveLength(settingNames.length - 2 * secretNames.length - 4);
});
