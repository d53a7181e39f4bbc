import { importsOf, packageOf } from './imports.ts';
import { isCode, isForTests, type SourceFile } from './source-files.ts';

/*
 * The dependency rule of ARCHITECTURE.md over import lines. Every complaint names the file, the line that is wrong
 * and what to do instead.
 */

interface Layer {
  /** Folders of `src/` that it may import, besides its own. */
  readonly imports: readonly string[];
  /** Packages and builtin modules that it may import; `all` where it is an edge of the system. */
  readonly packages: readonly string[] | 'all';
  readonly instead: string;
}

/** Inbound folders that show pages, with the folder beside `src/` that makes those. */
const pagesOf: { readonly [inbound: string]: string } = {
  'src/inbound/cashier': 'cashier',
  // The reference borrows how HTML is written and a language is chosen.
  'src/inbound/docs': 'cashier',
};

/** Builtin modules that only compute. */
const pureBuiltins = ['node:buffer', 'node:crypto', 'node:url', 'node:util'];

const layers: { readonly [folder: string]: Layer } = {
  domain: {
    imports: ['protocols'],
    packages: [...pureBuiltins, 'currency-codes'],
    instead: 'pass the value in as an argument: the domain is pure',
  },
  protocols: {
    imports: ['domain'],
    packages: pureBuiltins,
    instead: 'pass the value in as an argument: protocols turn bytes into values and back, nothing else',
  },
  ports: {
    imports: ['domain'],
    packages: [],
    instead: 'say it in values of domain/: a port is shaped by the code that calls it',
  },
  operations: {
    imports: ['domain', 'protocols', 'ports', 'jobs'],
    packages: pureBuiltins,
    instead: 'declare a port in src/ports/ and let src/apps/ pass its adapter in',
  },
  jobs: {
    imports: ['domain', 'protocols', 'ports', 'operations'],
    packages: pureBuiltins,
    instead: 'declare a port in src/ports/ and let src/apps/ pass its adapter in',
  },
  inbound: {
    imports: ['operations', 'domain', 'ports'],
    packages: 'all',
    instead: 'call an operation, and let src/apps/ pass in what it needs',
  },
  adapters: {
    imports: ['ports', 'domain', 'protocols'],
    packages: 'all',
    instead: 'implement a port of src/ports/: who calls it is not an adapter’s business',
  },
  apps: {
    imports: ['domain', 'protocols', 'ports', 'operations', 'jobs', 'inbound', 'adapters'],
    packages: 'all',
    instead: 'connect parts here and put what they do into the folder it belongs to',
  },
};

export function dependencyComplaints(files: readonly SourceFile[]): string[] {
  return files.filter((file) => isCode(file.path)).flatMap(complaintsAbout);
}

function complaintsAbout(file: SourceFile): string[] {
  const complaints: string[] = [];
  const complain = (specifier: string, rule: string, instead: string): void => {
    complaints.push(`${file.path} imports ${specifier}: ${rule}. Instead ${instead}.`);
  };
  const [top = '', folder = ''] = file.path.split('/');
  const forTests = isForTests(file.path);
  for (const { specifier, target, dynamic } of importsOf(file)) {
    if (target?.startsWith('..')) {
      complain(specifier, 'it lies outside the project', 'copy what is needed into the project');
      continue;
    }
    if (target !== null && isForTests(target) && !forTests && !(folder === 'apps' && dynamic)) {
      complain(specifier, 'only tests use it', 'move what programs need next to its first user in src/');
      continue;
    }
    if (top === 'src') {
      const layer = layers[folder];
      if (layer === undefined) {
        complaints.push(
          `${file.path}: src/${folder} is no folder of the layout. Instead use ${Object.keys(layers).join(', ')}.`,
        );
        break;
      }
      if (forTests) continue;
      if (target !== null && showsPages(file.path, target)) continue;
      const rule = broken(folder, layer, specifier, target);
      if (rule !== null) complain(specifier, rule, layer.instead);
    } else if (top === 'simulator' && target?.startsWith('src/')) {
      complain(
        specifier,
        'the simulator shares no code with src/',
        'write it a second time in simulator/: two that agree are evidence',
      );
    } else if (top === 'cashier' && !forTests && !target?.startsWith('cashier/')) {
      complain(
        specifier,
        'pages are made of what they are given and of nothing else',
        'take the value in the page’s view, and let src/inbound/cashier/ fill it',
      );
    } else if ((top === 'scripts' || top === 'bin') && !forTests && !runsBeforeSetUp(specifier, target)) {
      complain(specifier, 'it runs before anything is installed', 'use builtin modules and plain .mjs files');
    }
  }
  return complaints;
}

function showsPages(path: string, target: string): boolean {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const [targetTop = ''] = target.split('/');
  return pagesOf[folder] === targetTop;
}

function broken(folder: string, layer: Layer, specifier: string, target: string | null): string | null {
  if (target === null) {
    const name = packageOf(specifier);
    if (layer.packages === 'all' || layer.packages.includes(name)) return null;
    return `${folder}/ may use ${layer.packages.length === 0 ? 'no packages' : `only ${layer.packages.join(', ')}`}`;
  }
  const [targetTop = '', targetFolder = ''] = target.split('/');
  if (targetTop !== 'src') {
    if (folder === 'apps' || target.endsWith('.json')) return null;
    return `${folder}/ may not reach out of src/`;
  }
  if (targetFolder === folder || layer.imports.includes(targetFolder)) return null;
  return `${folder}/ may import only ${[folder, ...layer.imports].map((one) => `${one}/`).join(', ')}`;
}

function runsBeforeSetUp(specifier: string, target: string | null): boolean {
  return target === null ? specifier.startsWith('node:') : target.endsWith('.mjs');
}

/** Files of programs that import each other in a circle at run time, told as the way around. */
export function importCircles(files: readonly SourceFile[]): string[] {
  const graph = new Map(
    files
      .filter((file) => isCode(file.path) && !isForTests(file.path))
      .map((file) => [
        file.path,
        importsOf(file).flatMap(({ target, typeOnly, dynamic }) =>
          target === null || typeOnly || dynamic ? [] : [target],
        ),
      ]),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    const start = way.indexOf(path);
    if (start >= 0) {
      const circle = [...way.slice(start), path].join(' → ');
      circles.push(
        `${circle}: files import each other in a circle. Instead move what both need into a file of its own.`,
      );
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return circles;
}
