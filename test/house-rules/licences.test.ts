import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  isAllowed,
  type LockedPackage,
  licenceComplaints,
  lockComplaints,
  rangeComplaints,
} from './licences.ts';
import { projectRoot } from './source-files.ts';

type Json = { readonly [key: string]: unknown };

function readJson(path: string): Json {
  const parsed: unknown = JSON.parse(readFileSync(join(projectRoot, path), 'utf8'));
  if (!isObject(parsed)) throw new Error(`${path} holds no object`);
  return parsed;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Old packages name their licence in an object, or several in a list to choose from. */
function licenceOf(manifest: Json): string | null {
  const given = manifest['license'] ?? manifest['licenses'];
  const named = (one: unknown): string | null => textOf(isObject(one) ? one['type'] : one);
  return Array.isArray(given) ? given.map(named).join(' OR ') : named(given);
}

const lock = readJson('package-lock.json');
const listed = lock['packages'];
const packages: LockedPackage[] = Object.entries(isObject(listed) ? listed : {})
  .filter((entry): entry is [string, Json] => entry[0] !== '' && isObject(entry[1]))
  .map(([path, entry]) => ({
    path,
    version: textOf(entry['version']),
    licence: licenceOf(entry),
    installedLicence: existsSync(join(projectRoot, path, 'package.json'))
      ? licenceOf(readJson(`${path}/package.json`))
      : undefined,
    dev: entry['dev'] === true || entry['devOptional'] === true,
    resolved: textOf(entry['resolved']),
    integrity: textOf(entry['integrity']),
  }));

describe('what the project depends on', () => {
  test('is under a licence that is allowed, or an exception with a reason', () => {
    expect(packages.length).toBeGreaterThan(100);
    expect(packages.filter((one) => one.installedLicence !== undefined).length).toBeGreaterThan(100);
    expect(licenceComplaints(packages)).toEqual([]);
  });

  test('is locked: one version, one sum, the default registry', () => {
    expect(lockComplaints(packages)).toEqual([]);
  });

  test('is asked for by exact version, and the lock file agrees', () => {
    const manifest = readJson('package.json');
    expect(rangeComplaints(manifest)).toEqual([]);
    const root = isObject(listed) ? listed[''] : null;
    for (const field of ['dependencies', 'optionalDependencies', 'devDependencies']) {
      expect(isObject(root) ? root[field] : null).toEqual(manifest[field]);
    }
    expect(manifest['license']).toBe('Apache-2.0');
  });
});

const good: LockedPackage = {
  path: 'node_modules/good',
  version: '1.2.3',
  licence: 'MIT',
  installedLicence: 'MIT',
  dev: false,
  resolved: null,
  integrity: 'sha512-AAAA',
};

describe('a planted dependency is found', () => {
  test.each([
    ['copyleft', { licence: 'GPL-3.0-only' }, 'good is under GPL-3.0-only'],
    ['one that says otherwise when installed', { installedLicence: 'SSPL-1.0' }, 'good is under SSPL-1.0'],
    ['no licence', { licence: null, installedLicence: null }, 'good is under no licence'],
    ['both of two licences', { licence: 'MIT AND AGPL-3.0-only' }, 'MIT AND AGPL-3.0-only'],
    ['a foreign exception', { path: 'node_modules/other', licence: 'MPL-2.0' }, 'other is under MPL-2.0'],
  ] as const)('%s', (_what, fields, complaint) => {
    const complaints = licenceComplaints([{ ...good, ...fields }], []);
    expect(complaints[0]).toContain(complaint);
    expect(complaints[0]).toMatch(/Instead .{10,}\.$/);
  });

  test('an exception that holds for development does not hold for what is shipped', () => {
    const exception = { name: /^css$/, licence: 'MPL-2.0', devOnly: true, reason: 'a tool' };
    const css = { ...good, path: 'node_modules/css', licence: 'MPL-2.0', installedLicence: undefined };
    expect(licenceComplaints([{ ...css, dev: true }], [exception])).toEqual([]);
    expect(licenceComplaints([css], [exception])).toHaveLength(1);
    expect(licenceComplaints([good], [exception])[0]).toMatch(/holds for nothing/);
  });

  test.each([
    [{ resolved: 'https://mirror.example/good-1.2.3.tgz' }],
    [{ resolved: 'git+ssh://git@github.com/a/good.git#1' }],
    [{ version: null }],
    [{ version: '^1.2.3' }],
    [{ integrity: null }],
    [{ integrity: 'sha1-AAAA' }],
  ] as const)('%j', (fields) => {
    expect(lockComplaints([{ ...good, ...fields }])).toHaveLength(1);
    expect(lockComplaints([good])).toEqual([]);
  });

  test.each(['^1.2.3', '~1.2.3', '1.x', '*', 'latest', '>=1', 'file:../a', 'github:a/b', '1.2'])(
    '%s',
    (version) => {
      expect(rangeComplaints({ devDependencies: { good: version } })).toHaveLength(1);
      expect(rangeComplaints({ devDependencies: { good: '1.2.3-beta.17' } })).toEqual([]);
    },
  );
});

test.each([
  ['MIT', true],
  ['(MIT OR CC0-1.0)', true],
  ['GPL-2.0-only OR MIT', true],
  ['(BSD-2-Clause AND ISC)', true],
  ['MIT AND GPL-2.0-only', false],
  ['UNLICENSED', false],
  ['', false],
] as const)('of %j a choice is allowed: %s', (expression, answer) => {
  expect(isAllowed(expression)).toBe(answer);
});
