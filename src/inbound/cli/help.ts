import { isFamily } from './command-line.ts';
import type { CommandSpec } from './command-spec.ts';
import { type CommandName, commandNames, specOf } from './commands.ts';
import { table } from './terminal-text.ts';

/** Help on one command, on a family of them (`merchant key`), or on all. */
export function helpText(about: string | null): string {
  const name = commandNames.find((candidate) => candidate === about);
  if (name === undefined) return listText(about);
  const related = isFamily(name) ? `\n${listOf(`${name} `)}` : '';
  return commandText(name, specOf(name)) + related;
}

function listText(family: string | null): string {
  const usage = `usage: shoudan ${family === null ? '' : `${family} `}<command> [options]\n\n`;
  const more =
    '\n`shoudan <command> --help` tells more. Settings come from the environment: docs/settings.md.\n';
  return usage + listOf(family === null ? '' : `${family} `) + more;
}

function listOf(beginning: string): string {
  const names = commandNames.filter((name) => name.startsWith(beginning));
  const width = Math.max(...names.map((name) => name.length));
  return names.map((name) => `  ${name.padEnd(width)}  ${specOf(name).about}\n`).join('');
}

/** How a command is called, on one line. */
export function usageOf(name: CommandName): string {
  const spec = specOf(name);
  const words = Object.entries(spec.arguments).map(([key, { required }]) =>
    required === true ? `<${key}>` : `[<${key}>]`,
  );
  const options = Object.entries(spec.options).map(([option, { required, repeats }]) => {
    const text = optionText(spec, option) + (repeats === true ? ' …' : '');
    return required === true ? text : `[${text}]`;
  });
  return ['shoudan', name, ...words, ...options, ...(spec.handsOn === true ? ['[…]'] : [])].join(' ');
}

/** An option with what stands for its value. */
function optionText(spec: CommandSpec, option: string): string {
  const value = spec.options[option]?.value ?? null;
  return value === null ? `--${option}` : `--${option} ${value}`;
}

/** Everything that a command takes, and what it is for, as help and `docs/cli.md` show it. */
export function takenBy(spec: CommandSpec): (readonly [text: string, about: string])[] {
  return [
    ...Object.entries(spec.arguments).map(([key, { about }]) => [`<${key}>`, about] as const),
    ...Object.entries(spec.options).map(
      ([option, { about, required }]) =>
        [optionText(spec, option), required === true ? `${about} Required.` : about] as const,
    ),
  ];
}

function commandText(name: CommandName, spec: CommandSpec): string {
  const taken = takenBy(spec);
  const notes = (spec.notes ?? []).map((note) => `${note}\n`).join('');
  return [
    `usage: ${usageOf(name)}\n\n${spec.about}\n`,
    taken.length === 0 ? '' : `\n${table(null, taken, '  ')}`,
    notes === '' ? '' : `\n${notes}`,
  ].join('');
}
