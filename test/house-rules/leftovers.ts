import { isCode, type SourceFile } from './source-files.ts';

interface Leftover {
  readonly pattern: RegExp;
  readonly where: (path: string) => boolean;
  readonly what: string;
  readonly instead: string;
}

const isTest = (path: string): boolean => path.endsWith('.test.ts');
const everywhere = (path: string): boolean => path !== 'package-lock.json';

/**
 * What must not stay behind in the project. The patterns are written so that they do not find themselves.
 * `skipIf` is no leftover: what a machine cannot show is skipped there, and the test run names it.
 */
const leftovers: readonly Leftover[] = [
  {
    pattern: /\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b/,
    where: everywhere,
    what: 'a note to do something later',
    instead: 'do it, or write down as a sentence what the code does not do',
  },
  {
    pattern: /\b(test|it|describe|suite)\.(only|skip|todo|fails)\b|\bx(it|describe)\(/,
    where: isTest,
    what: 'a test that does not run, or keeps others from running',
    instead: 'repair the test or delete it',
  },
  {
    pattern: /@ts-(ignore|nocheck|expect-error)|biome-[i]gnore|eslint-[d]isable/,
    where: isCode,
    what: 'a silenced check',
    instead: 'change the code so that the check is content',
  },
  {
    pattern: /\bdebugger\b/,
    where: isCode,
    what: 'a breakpoint',
    instead: 'leave it out',
  },
  {
    pattern: /^(<{7}|>{7}|={7})( |$)/m,
    where: everywhere,
    what: 'a merge that was not finished',
    instead: 'choose one of the two',
  },
  {
    pattern: /(^|[^.\w])\.\.\/shared\b|(^|[\s'"`(])\/work\/|(^|[\s'"`(])\/root\/|\/home\/\w+\//,
    where: everywhere,
    what: 'a path of somebody’s machine',
    instead: 'copy what is needed into the project and name it from the root',
  },
];

export function leftoverComplaints(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    leftovers.flatMap(({ pattern, where, what, instead }) => {
      const found = where(path) ? pattern.exec(text) : null;
      if (found === null) return [];
      const line = text.slice(0, found.index).split('\n').length;
      return [`${path}:${line} holds ${what} (${found[0].trim()}). Instead ${instead}.`];
    }),
  );
}
