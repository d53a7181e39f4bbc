import { posix } from 'node:path';
import { type SourceFile, withoutComments } from './source-files.ts';

/** One import line: what it names, the file of the project that is meant, and whether it vanishes at run time. */
export interface Import {
  readonly specifier: string;
  /** Path from the root; `null` for a package or a builtin module. */
  readonly target: string | null;
  readonly typeOnly: boolean;
  /** `import(…)` */
  readonly dynamic: boolean;
}

const forms = [
  { pattern: /\bimport\s+(type\s+)?(?:[\w$*\s{},]+?\s+from\s+)?(['"])([^'"\n]+)\2/g, dynamic: false },
  {
    pattern: /\bexport\s+(type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+(['"])([^'"\n]+)\2/g,
    dynamic: false,
  },
  { pattern: /\b(?:import|require)\s*(\(\s*)(['"])([^'"\n]+)\2/g, dynamic: true },
] as const;

/** Everything that a file imports, in whatever form. */
export function importsOf(file: SourceFile): Import[] {
  const text = withoutComments(file.text);
  return forms.flatMap(({ pattern, dynamic }) =>
    [...text.matchAll(pattern)].map((match): Import => {
      const specifier = match[3] ?? '';
      const clause = match[0].match(/\{([^}]*)\}/)?.[1];
      const names = clause?.split(',').filter((name) => name.trim() !== '');
      const onlyTypes =
        names !== undefined && names.length > 0 && names.every((name) => /^\s*type\s/.test(name));
      return {
        specifier,
        target: /^\.{1,2}\//.test(specifier)
          ? posix.normalize(posix.join(posix.dirname(file.path), specifier))
          : null,
        typeOnly: !dynamic && (match[1] !== undefined || onlyTypes),
        dynamic,
      };
    }),
  );
}

/** Name of the package or builtin that a specifier means: `node:fs/promises` → `node:fs`, `@a/b/c` → `@a/b`. */
export function packageOf(specifier: string): string {
  const [first = '', second = ''] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}
