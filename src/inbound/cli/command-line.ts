import { parseArgs } from 'node:util';
import type { CommandSpec } from './command-spec.ts';
import { type CommandName, commandNames, specOf } from './commands.ts';
import { type CommandFailure, usageError } from './exit-codes.ts';
import { printable } from './terminal-text.ts';

/** What a command line asks for. */
export type Asked =
  /** `about`: a command, the first words of several (`merchant key`), or `null` for all. */
  | { readonly kind: 'help'; readonly about: string | null }
  | { readonly kind: 'version' }
  | { readonly kind: 'run'; readonly name: CommandName; readonly given: Parsed };

/** What {@link Given} is before its command is known to the compiler. */
export interface Parsed {
  readonly arguments: Readonly<Record<string, string | undefined>>;
  readonly options: Readonly<Record<string, string | readonly string[] | boolean | undefined>>;
  readonly handedOn: readonly string[];
}

/** Reads a command line. Throws a {@link CommandFailure} that names what is wrong with it. */
export function readCommandLine(argv: readonly string[]): Asked {
  const [first] = argv;
  if (first === undefined) throw usageError('no command was given', null);
  if (first === '--help' || first === '-h') return { kind: 'help', about: null };
  if (first === 'help') return helpOf(argv.slice(1));
  if (first === '--version') return { kind: 'version' };
  if (first.startsWith('-')) throw usageError(`${shown(first)} stands before any command`, null);

  // The longest one that fits: `inspect queue` is not `inspect` of a payment called queue.
  const [name] = commandNames
    .filter((candidate) => startsWithWords(argv, candidate.split(' ')))
    .toSorted((a, b) => b.length - a.length);
  if (name === undefined) return withoutCommand(argv);
  return readArguments(name, argv.slice(name.split(' ').length));
}

/** Whether several commands begin with these words. */
export function isFamily(words: string): boolean {
  return commandNames.some((name) => name.startsWith(`${words} `));
}

function helpOf(words: readonly string[]): Asked {
  const about = words.filter((word) => word !== '--help' && word !== '-h').join(' ');
  if (about === '') return { kind: 'help', about: null };
  if (!commandNames.some((name) => name === about) && !isFamily(about)) throw unknownCommand(about, null);
  return { kind: 'help', about };
}

/** The words name no command, yet may be the beginning of one. */
function withoutCommand(argv: readonly string[]): Asked {
  const family = [2, 1].map((count) => argv.slice(0, count).join(' ')).find(isFamily);
  if (family === undefined) throw unknownCommand(argv[0] ?? '', null);
  const next = argv[family.split(' ').length];
  if (next === '--help' || next === '-h') return { kind: 'help', about: family };
  if (next !== undefined && !next.startsWith('-')) throw unknownCommand(`${family} ${next}`, family);
  const members = commandNames
    .filter((name) => name.startsWith(`${family} `))
    .map((name) => name.slice(family.length + 1).split(' ')[0]);
  throw usageError(`${family} needs one of ${[...new Set(members)].join(', ')} after it`, family);
}

function unknownCommand(words: string, help: string | null): CommandFailure {
  return usageError(`there is no command ${shown(words)}`, help);
}

function startsWithWords(argv: readonly string[], words: readonly string[]): boolean {
  return words.every((word, index) => argv[index] === word);
}

function readArguments(name: CommandName, args: readonly string[]): Asked {
  const spec = specOf(name);
  if (spec.handsOn === true) {
    if (args[0] === '--help' || args[0] === '-h') return { kind: 'help', about: name };
    return { kind: 'run', name, given: { arguments: {}, options: {}, handedOn: args } };
  }
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      ...Object.fromEntries(
        Object.entries(spec.options).map(([option, { value }]) => [
          option,
          { type: value === null ? ('boolean' as const) : ('string' as const) },
        ]),
      ),
      help: { type: 'boolean', short: 'h' },
    },
  });
  const given = new Map<string, string[]>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    if (token.name === 'help') return { kind: 'help', about: name };
    const values = given.get(token.name) ?? [];
    values.push(valueGiven(name, spec, token));
    given.set(token.name, values);
  }
  return {
    kind: 'run',
    name,
    given: { arguments: argumentsOf(name, spec, words), options: optionsOf(name, spec, given), handedOn: [] },
  };
}

/** The value of an option as it was given; `''` for a flag. */
function valueGiven(
  name: CommandName,
  spec: CommandSpec,
  token: {
    readonly name: string;
    readonly rawName: string;
    readonly value: string | undefined;
    readonly inlineValue: boolean | undefined;
  },
): string {
  const option = Object.hasOwn(spec.options, token.name) ? spec.options[token.name] : undefined;
  if (option === undefined) throw usageError(`${name} has no option ${shown(token.rawName)}`, name);
  if (option.value === null) {
    if (token.value !== undefined) throw usageError(`${token.rawName} is a flag and takes no value`, name);
    return '';
  }
  // Another option where the value belongs: somebody has left the value out.
  const missing = token.value === undefined || (!token.inlineValue && token.value.startsWith('--'));
  if (missing || token.value === undefined) {
    throw usageError(`${token.rawName} has no value: give it ${option.value}`, name);
  }
  return token.value;
}

function argumentsOf(name: CommandName, spec: CommandSpec, words: readonly string[]): Parsed['arguments'] {
  const expected = Object.entries(spec.arguments);
  const surplus = words[expected.length];
  if (surplus !== undefined) {
    const takes =
      expected.length === 0 ? 'nothing' : `no more than ${expected.map(([key]) => key).join(', ')}`;
    throw usageError(`${name} takes ${takes} beside its options, not ${shown(surplus)}`, name);
  }
  const missing = expected.find(([, { required }], index) => required === true && words[index] === undefined);
  if (missing !== undefined) throw usageError(`${name} needs <${missing[0]}>`, name);
  return Object.fromEntries(expected.map(([key], index) => [key, words[index]]));
}

function optionsOf(
  name: CommandName,
  spec: CommandSpec,
  given: ReadonlyMap<string, readonly string[]>,
): Parsed['options'] {
  return Object.fromEntries(
    Object.entries(spec.options).map(([option, { value, required, repeats }]) => {
      const values = given.get(option) ?? [];
      if (required === true && values.length === 0) throw usageError(`${name} needs --${option}`, name);
      if (repeats === true) return [option, values];
      // A second value is never silently preferred to the first: one of them would be the wrong amount.
      if (values.length > 1) throw usageError(`--${option} is given ${values.length} times`, name);
      if (value === null) return [option, values.length === 1];
      return [option, values[0]];
    }),
  );
}

/** What was typed, as a message may show it. */
function shown(text: string): string {
  return printable(text.length > 64 ? `${text.slice(0, 63)}…` : text);
}
