import { expect, it } from 'vitest';
import { readCommandLine } from './command-line.ts';
import { commandNames } from './commands.ts';
import { CommandFailure } from './exit-codes.ts';
import { helpText } from './help.ts';

function complaint(line: string): string {
  try {
    readCommandLine(line.split(' ').filter((word) => word !== ''));
  } catch (error) {
    if (error instanceof CommandFailure) return `${error.exitCode} ${error.message}`;
    throw error;
  }
  return 'understood';
}

it.each([
  ['', 'no command was given; see `shoudan --help`'],
  ['frobnicate', 'there is no command frobnicate; see `shoudan --help`'],
  ['--verbose pay', '--verbose stands before any command; see `shoudan --help`'],
  ['help frobnicate', 'there is no command frobnicate; see `shoudan --help`'],
  ['account', 'account needs one of add, list, set, key after it; see `shoudan account --help`'],
  ['account --json', 'account needs one of add, list, set, key after it; see `shoudan account --help`'],
  ['account remove', 'there is no command account remove; see `shoudan account --help`'],
  [
    'merchant',
    'merchant needs one of add, list, show, source, policy, key, signer after it; see `shoudan merchant --help`',
  ],
  [
    'merchant key',
    'merchant key needs one of add, list, limit, revoke after it; see `shoudan merchant key --help`',
  ],
  ['merchant key show', 'there is no command merchant key show; see `shoudan merchant key --help`'],
  ['pay', 'pay needs --amount; see `shoudan pay --help`'],
  ['pay --amount 1', 'pay needs --order; see `shoudan pay --help`'],
  ['pay --amount', '--amount has no value: give it DECIMAL; see `shoudan pay --help`'],
  ['pay --amount --order 1', '--amount has no value: give it DECIMAL; see `shoudan pay --help`'],
  ['pay --ammount 1', 'pay has no option --ammount; see `shoudan pay --help`'],
  ['pay -x', 'pay has no option -x; see `shoudan pay --help`'],
  ['pay --no-json', 'pay has no option --no-json; see `shoudan pay --help`'],
  ['pay --__proto__ 1', 'pay has no option --__proto__; see `shoudan pay --help`'],
  ['pay --json=yes', '--json is a flag and takes no value; see `shoudan pay --help`'],
  ['pay --amount 1 --amount 2', '--amount is given 2 times; see `shoudan pay --help`'],
  [
    'merchant policy set --merchant M1 --wallet alipay_open --product payment_code',
    'merchant policy set needs --set; see `shoudan merchant policy set --help`',
  ],
  ['pay 12.34', 'pay takes nothing beside its options, not 12.34; see `shoudan pay --help`'],
  ['refund --amount 1', 'refund needs <payment>; see `shoudan refund --help`'],
  ['cancel a b', 'cancel takes no more than payment beside its options, not b; see `shoudan cancel --help`'],
  [
    'inspect queue deep',
    'inspect queue takes nothing beside its options, not deep; see `shoudan inspect queue --help`',
  ],
  ['serve --no-workers', 'serve has no option --no-workers; see `shoudan serve --help`'],
])('`shoudan %s` is refused in one line that names what is wrong', (line, message) => {
  expect(complaint(line)).toBe(`2 ${message}`);
});

it('what was typed cannot move the cursor of whoever reads the complaint', () => {
  expect(complaint('\u001b[2J')).toBe('2 there is no command \\u{1b}[2J; see `shoudan --help`');
  expect(complaint('x'.repeat(1000)).length).toBeLessThan(150);
});

it('options take their value as the next word or after an equals sign', () => {
  const expected = {
    kind: 'run',
    name: 'pay',
    given: { arguments: {}, options: { amount: '12.34', order: 'A=1', json: true, wait: undefined } },
  };
  expect(readCommandLine(['pay', '--amount', '12.34', '--order', 'A=1', '--json'])).toMatchObject(expected);
  expect(readCommandLine(['pay', '--amount=12.34', '--order=A=1', '--json'])).toMatchObject(expected);
});

it('a value may begin with a dash, and be empty, when it cannot be meant as an option', () => {
  expect(readCommandLine(['pay', '--amount', '-5', '--order=--odd', '--notify-url='])).toMatchObject({
    given: { options: { amount: '-5', order: '--odd', 'notify-url': '' } },
  });
});

it('an option that repeats keeps every value in order', () => {
  expect(
    readCommandLine(['merchant', 'add', '--id', 'M1', '--store', 'S1:A', '--store', 'S2:B']),
  ).toMatchObject({
    name: 'merchant add',
    given: { options: { id: 'M1', store: ['S1:A', 'S2:B'], terminal: [], bind: [] } },
  });
});

it('the longest command that fits is meant', () => {
  expect(readCommandLine(['inspect', 'queue'])).toMatchObject({ name: 'inspect queue' });
  expect(readCommandLine(['inspect', 'pay_1'])).toMatchObject({
    name: 'inspect',
    given: { arguments: { payment: 'pay_1' } },
  });
  expect(readCommandLine(['inspect', '--', 'queue'])).toMatchObject({
    name: 'inspect',
    given: { arguments: { payment: 'queue' } },
  });
});

it('a command that hands on keeps what follows as it stands', () => {
  expect(readCommandLine(['simulate', '--seeds', '10', '--', '-h'])).toMatchObject({
    name: 'simulate',
    given: { handedOn: ['--seeds', '10', '--', '-h'] },
  });
});

it.each(commandNames)(
  '`shoudan %s --help` and `shoudan help %s` tell what it takes, whatever else is wrong',
  (name) => {
    const asked = { kind: 'help', about: name };
    expect(readCommandLine([...name.split(' '), '--help'])).toEqual(asked);
    expect(readCommandLine([...name.split(' '), '-h'])).toEqual(asked);
    expect(readCommandLine(['help', ...name.split(' ')])).toEqual(asked);
    expect(helpText(name)).toContain(`usage: shoudan ${name}`);
  },
);

it('help of a family lists its commands alone', () => {
  expect(readCommandLine(['merchant', 'key', '--help'])).toEqual({ kind: 'help', about: 'merchant key' });
  const text = helpText('merchant key');
  expect(text).toContain('merchant key revoke');
  expect(text).not.toContain('merchant add');
});

it('help lists every command', () => {
  expect(readCommandLine(['--help'])).toEqual({ kind: 'help', about: null });
  expect(readCommandLine(['help'])).toEqual({ kind: 'help', about: null });
  const text = helpText(null);
  for (const name of commandNames) expect(text).toContain(`\n  ${name} `);
});
