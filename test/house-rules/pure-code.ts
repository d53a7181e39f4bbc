import { isCode, isForTests, type SourceFile, withoutComments } from './source-files.ts';

/*
 * Time, chance and the world reach the inner folders as arguments only; the simulation works because of that. Every
 * complaint names the file, the line and the replacement.
 */

interface Forbidden {
  readonly pattern: RegExp;
  readonly what: string;
  readonly instead: string;
}

const clockAndChance: readonly Forbidden[] = [
  { pattern: /\bDate\.now\b/, what: 'Date.now', instead: 'take `now` as an argument, or ask the Clock port' },
  {
    pattern: /\bnew Date\(\s*\)|(?<!new )\bDate\(/,
    what: 'the present as a Date',
    instead: 'take `now` as an argument, or ask the Clock port',
  },
  {
    pattern: /\bperformance\b|\bhrtime\b/,
    what: 'the process clock',
    instead: 'ask the Clock port for monotonicMs',
  },
  {
    pattern: /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b/,
    what: 'a timer',
    instead: 'record a due time in the row, or ask the Clock port to sleep',
  },
  {
    pattern:
      /\bMath\.random\b|\b(randomBytes|randomUUID|randomInt|randomFill\w*|getRandomValues|generateKey\w*)\b/,
    what: 'chance',
    instead: 'take random bytes as an argument, or ask the Entropy port',
  },
  {
    pattern: /\bprocess\.\w|\bglobalThis\b|\bimport\.meta\b/,
    what: 'the environment',
    instead: 'let src/apps/ read it and pass the value in',
  },
  {
    pattern: /\bconsole\.\w/,
    what: 'the console',
    instead: 'return the finding, or report it through a port',
  },
  { pattern: /\bfetch\(/, what: 'the network', instead: 'declare a port and let an adapter do it' },
];

const waiting: readonly Forbidden[] = [
  {
    pattern: /\bawait\b|\basync\b|\bPromise\b/,
    what: 'waiting',
    instead: 'return a value and let operations/ wait: domain/ and protocols/ only compute',
  },
];

const forbiddenIn: { readonly [folder: string]: readonly Forbidden[] } = {
  'src/domain/': [...clockAndChance, ...waiting],
  'src/protocols/': [...clockAndChance, ...waiting],
  'src/ports/': clockAndChance,
  'src/operations/': clockAndChance,
  'src/jobs/': clockAndChance,
};

export function purityComplaints(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isCode(file.path) && !isForTests(file.path))
    .flatMap((file) => {
      const folder = Object.keys(forbiddenIn).find((one) => file.path.startsWith(one));
      if (folder === undefined) return [];
      const text = withoutComments(file.text);
      return (forbiddenIn[folder] ?? []).flatMap(({ pattern, what, instead }) => {
        const found = pattern.exec(text);
        if (found === null) return [];
        return [`${file.path} uses ${what} (${found[0].trim()}): ${folder} has none. Instead ${instead}.`];
      });
    });
}
