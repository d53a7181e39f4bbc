import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commandNames, specOf } from './commands.ts';
import { exitCodeMeanings, exitCodes } from './exit-codes.ts';
import { takenBy, usageOf } from './help.ts';

const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

/** The page's sections by their heading. */
const sections = new Map(
  page
    .split(/^### shoudan /m)
    .slice(1)
    .map((text) => {
      const [heading = ''] = text.split('\n');
      return [heading, text] as const;
    }),
);

function rowsOf(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('| `'));
}

it('docs/cli.md has a section for each command, in their order, and no other', () => {
  expect([...sections.keys()]).toEqual(commandNames);
});

it.each(commandNames)('docs/cli.md tells how `shoudan %s` is called and all that it takes', (name) => {
  const spec = specOf(name);
  const section = sections.get(name) ?? '';
  expect(section).toContain(`\n${spec.about}\n`);
  expect(section).toContain(`\n\`\`\`\n${usageOf(name)}\n\`\`\`\n`);
  expect(rowsOf(section)).toEqual(takenBy(spec).map(([text, about]) => `| \`${text}\` | ${about} |`));
});

it('docs/cli.md lists every exit code with its meaning', () => {
  const [, listed = ''] = /## Exit codes\n([^#]*)/.exec(page) ?? [];
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  expect(rowsOf(listed)).toEqual(
    names.map((name) => `| \`${exitCodes[name]}\` | ${exitCodeMeanings[name]} |`),
  );
});

it('every command that answers takes --json', () => {
  const withoutAnswer = ['start', 'serve', 'work', 'simulator', 'simulate', 'bench'];
  const silent = commandNames.filter((name) => !Object.hasOwn(specOf(name).options, 'json'));
  expect(silent).toEqual(withoutAnswer);
});

it('what is required stands before what may be left out among the arguments', () => {
  for (const name of commandNames) {
    const required = Object.values(specOf(name).arguments).map((argument) => argument.required === true);
    expect(required).toEqual(required.toSorted((a, b) => Number(b) - Number(a)));
  }
});
