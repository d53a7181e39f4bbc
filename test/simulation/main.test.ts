import { afterEach, expect, test, vi } from 'vitest';
import { runSimulation } from './main.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What the command prints, and its exit code. */
async function run(...argv: string[]): Promise<{ code: number; lines: string[]; complaint: string }> {
  const printed: string[] = [];
  const complained: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => complained.push(String(text)) > 0);
  const code = await runSimulation(argv);
  return { code, lines: printed.join('').trimEnd().split('\n'), complaint: complained.join('') };
}

test('the report ends with how many seeds ran and how many violations there were', async () => {
  const { code, lines } = await run('--seeds', '3', '--from', '11');
  expect(code).toBe(0);
  expect(lines.at(-1)).toBe('3 seeds, 0 violations');
  expect(lines.at(-2)).toMatch(/^\d+ seeds\/s/);
  expect(lines.join('\n')).toContain('(a gap)');
});

test('one seed is replayed with all of its trace', async () => {
  const { code, lines } = await run('--seed', '11');
  expect(code).toBe(0);
  expect(lines[0]).toMatch(/^ +0\.000 gateway1 starts$/);
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.at(-1)).toBe('1 seeds, 0 violations');
});

test('N seeds from S on are the same by either name, and no replay', async () => {
  const report = async (...argv: string[]) =>
    (await run(...argv)).lines.filter((line) => !/seeds.s/.test(line));
  const lines = await report('--seeds', '2', '--seed', '11');
  expect(lines).toEqual(await report('--seeds', '2', '--from', '11'));
  expect(lines).not.toEqual(await report('--seeds', '2'));
  expect(lines.at(-1)).toBe('2 seeds, 0 violations');
  expect(lines[0]).toMatch(/^payment: /);
});

test('arguments that make no sense are refused with one line', async () => {
  for (const argv of [
    ['--seeds', '0'],
    ['--seeds', 'many'],
    ['--seed', '1', '--from', '2'],
    ['--seed', 'one'],
    ['--sed', '1'],
  ]) {
    const { code, complaint } = await run(...argv);
    expect(code).toBe(2);
    expect(complaint).toMatch(/^usage: .*\n$/);
  }
});
