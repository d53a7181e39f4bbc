import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openedTestDatabase } from '../../src/adapters/postgres/opened-test-database.fixture.ts';
import { attentionReasons, suspectReasons } from '../../src/adapters/postgres/operating-signals.ts';
import { watchProcessLoad } from '../../src/adapters/process-load.ts';
import { gatewayMetrics } from '../../src/apps/metrics.ts';
import { createProcessSignals } from '../../src/apps/process-signals.ts';
import { attentionAdvice } from '../../src/inbound/cli/attention-advice.ts';
import { commandNames, specOf } from '../../src/inbound/cli/commands.ts';

/*
 * docs/operating/ held against the program: what a rule or a page names has to be there.
 */

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const folder = new URL('../../docs/operating/', import.meta.url);
const text = (name: string): string => readFileSync(fileURLToPath(new URL(name, folder)), 'utf8');
const { groups } = parse(text('alerts.yml')) as {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const pages = readdirSync(folder).filter((name) => name.endsWith('.md'));
const index = text('README.md');

const { database } = await openedTestDatabase();
const load = watchProcessLoad({ database });
load.stop();
const { body: scraped } = await gatewayMetrics({
  database,
  load,
  signals: createProcessSignals(),
  admission: { paymentsInFlight: () => 0 },
})();
const types = new Map(
  [...scraped.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
);
const own = [...types.keys()].filter((name) => name.startsWith('shoudan_'));

/** Rows of the tables of metrics.md: the names in the first cell, the labels in the second. */
const documented = text('metrics.md')
  .split('\n')
  .map((line) => /^\| (`shoudan_[^|]*) \| ([^|]*)\| /.exec(line))
  .filter((row) => row !== null)
  .map(([, names = '', labels = '']) => ({ names: inCode(names), labels: inCode(labels) }));

function inCode(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
}

const words = new Set([
  'max',
  'min',
  'sum',
  'by',
  'rate',
  'increase',
  'absent',
  'and',
  'or',
  'wallet',
  'account',
  'reason',
]);

/** What a rule says that Prometheus or the gateway does not know. */
function complaintsAbout(expr: string): string[] {
  const complaints: string[] = [];
  const bare = expr.replaceAll(/"[^"]*"/g, '""');
  if (bare.split('(').length !== bare.split(')').length) complaints.push('its brackets do not match');
  const outside = bare.replaceAll(/\{[^}]*\}/g, '').replaceAll(/\[\d+[smh]\]/g, '');
  for (const [word] of outside.matchAll(/[a-zA-Z_:][\w:]*/g)) {
    if (!words.has(word) && !word.startsWith('shoudan_')) complaints.push(`${word} is no word of a rule`);
  }
  for (const [, name = '', matchers = ''] of expr.matchAll(/(shoudan_\w+)(\{[^}]*\})?/g)) {
    const base = name.replace(/_(count|sum|bucket)$/, '');
    const metric = types.has(name) ? name : types.get(base) === 'histogram' ? base : null;
    if (metric === null) {
      complaints.push(`${name} is no metric of the gateway`);
      continue;
    }
    const labels = documented.find(({ names }) => names.includes(metric))?.labels ?? [];
    for (const [, label = '', operator = '', value = ''] of matchers.matchAll(
      /(\w+)(=~|!~|!=|=)"([^"]*)"/g,
    )) {
      if (!labels.includes(label)) complaints.push(`${metric} has no label ${label}`);
      if (label !== 'reason') continue;
      const test = new RegExp(`^(?:${value})$`);
      const some = [...suspectReasons, ...(/[.+*]/.test(value) ? [] : value.split('|'))].filter((reason) =>
        operator === '!~' ? !test.test(reason) : test.test(reason),
      );
      if (some.length === 0) complaints.push(`no reason is ${operator} ${value}`);
      if (!/[.+*]/.test(value)) {
        for (const reason of value.split('|')) {
          if (attentionAdvice(reason) === null) complaints.push(`${reason} is no reason of needs attention`);
        }
      }
    }
  }
  return complaints;
}

describe('the rules', () => {
  it('are there, each with a name of its own', () => {
    expect(rules.length).toBeGreaterThan(10);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it.each(rules)('$alert names metrics, labels and reasons that exist', (rule) => {
    expect(complaintsAbout(rule.expr)).toEqual([]);
    expect(rule.annotations.summary).toMatch(/\S/);
    expect(['page', 'ticket']).toContain(rule.labels.severity);
    expect(rule.for ?? '1m').toMatch(/^\d+[smh]$/);
  });

  it.each([
    ...attentionReasons,
    'paid_but_ended',
    'cancel_of_unknown_request',
    'stray_notification',
    'endpoint_disabled',
  ])('%s rings somewhere', (reason) => {
    const ringing = rules.filter(({ expr }) =>
      [...expr.matchAll(/reason(=~|!~|=)"([^"]*)"/g)].some(([, operator = '', value = '']) => {
        const isNamed = new RegExp(`^(?:${value})$`).test(reason);
        return operator === '!~' ? suspectReasons.includes(reason) && !isNamed : isNamed;
      }),
    );
    expect(ringing).toHaveLength(1);
  });

  it.each([
    ['max(shoudan_one_sided) > 0', 'shoudan_one_sided is no metric of the gateway'],
    ['max(shoudan_due_steps_count) > 0', 'shoudan_due_steps_count is no metric of the gateway'],
    ['sum(shoudan_needs_attention{wallet="x"}) > 0', 'shoudan_needs_attention has no label wallet'],
    ['sum(shoudan_needs_attention{reason="bored"}) > 0', 'bored is no reason of needs attention'],
    ['median(shoudan_oldest_due_seconds) > 0', 'median is no word of a rule'],
    ['max(shoudan_oldest_due_seconds > 0', 'its brackets do not match'],
  ])('%s is complained of', (expr, complaint) => {
    expect(complaintsAbout(expr)).toContain(complaint);
  });
});

/** What is wrong with a command as a page writes it. One that ends with … leaves more to be said. */
function complaintsAboutCommand(line: string): string[] {
  const name = commandNames
    .filter((command) => line === command || line.startsWith(`${command} `))
    .toSorted((a, b) => b.length - a.length)[0];
  if (name === undefined) return [`shoudan ${line} is no command`];
  const spec = specOf(name);
  const words = line
    .slice(name.length)
    .split(' ')
    .filter((word) => word !== '');
  const isWhole = words.at(-1) !== '…';
  const complaints: string[] = [];
  let said = 0;
  for (let index = 0; index < words.length; index += 1) {
    const option = /^--(.+)$/.exec(words[index] ?? '')?.[1];
    if (option === undefined) said += 1;
    else if (spec.options[option] === undefined) complaints.push(`${name} has no option --${option}`);
    else if (spec.options[option].value !== null) index += 1;
  }
  if (!isWhole) return complaints;
  const needed = Object.values(spec.arguments).filter(({ required }) => required === true).length;
  if (said < needed) complaints.push(`${name} needs ${Object.keys(spec.arguments).join(', ')}`);
  for (const [option, { required }] of Object.entries(spec.options)) {
    if (required === true && !words.includes(`--${option}`)) complaints.push(`${name} needs --${option}`);
  }
  return complaints;
}

describe('the pages', () => {
  it.each(rules)('$alert has its own, and the index leads there', ({ alert, annotations, labels }) => {
    const slug = alert
      .replace(/^Shoudan/, '')
      .replaceAll(/(?<!^)([A-Z])/g, '-$1')
      .toLowerCase();
    expect(annotations.runbook).toBe(`docs/operating/${slug}.md`);
    const page = text(`${slug}.md`);
    expect(page).toContain(`Alert \`${alert}\`.`);
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['What it means', 'How to see it', 'What to do', 'Whom to call']);
    expect(page).toMatch(/`shoudan \w|`shoudan_|\.md\)/);
    expect(index).toContain(`| \`${alert}\` | [${slug}.md](${slug}.md) | ${labels.severity}`);
  });

  // At night a command is typed as it stands.
  it.each(rules)('that $alert leads to writes every command with what it needs', ({ annotations }) => {
    const page = text(annotations.runbook.replace(/^.*\//, ''));
    const lines = [...page.matchAll(/`shoudan ([a-z][^`]*)`/g)].map(([, line = '']) => line);
    expect(lines.flatMap(complaintsAboutCommand)).toEqual([]);
  });

  it.each([
    ['stray clear ID', 'stray clear needs --note'],
    ['endpoint enable', 'endpoint enable needs url'],
    ['merchant show --name X', 'merchant show has no option --name'],
    ['merchant shows', 'shoudan merchant shows is no command'],
  ])('shoudan %s is complained of', (line, complaint) => {
    expect(complaintsAboutCommand(line)).toContain(complaint);
  });

  it.each(pages)('%s is in the index, and names commands, metrics and pages that exist', (name) => {
    const page = text(name);
    if (name !== 'README.md') expect(index).toContain(`(${name})`);
    for (const [, line = ''] of page.matchAll(/`shoudan ([a-z][^`]*)`/g)) {
      expect(
        commandNames.filter((command) => line === command || line.startsWith(`${command} `)),
        `shoudan ${line}`,
      ).not.toEqual([]);
    }
    for (const [metric] of page.matchAll(/\bshoudan_[a-z_]+/g)) {
      if (metric !== 'shoudan_restored')
        expect(own, metric).toContain(metric.replace(/_(count|sum|bucket)$/, ''));
    }
    for (const [, target = ''] of page.matchAll(/\]\(([^)#]+)\)/g)) {
      expect(() => readFileSync(fileURLToPath(new URL(target, folder)))).not.toThrow();
    }
  });

  it('metrics.md lists every metric of the gateway, and no other', () => {
    expect(documented.flatMap(({ names }) => names).toSorted()).toEqual(own.toSorted());
  });
});
