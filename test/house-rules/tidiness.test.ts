import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { leftoverComplaints } from './leftovers.ts';
import { nameComplaints } from './names.ts';
import { idsIn, provedIds, requirementComplaints, requirementsOf } from './requirement-ids.ts';
import { projectFiles, projectPaths, projectRoot } from './source-files.ts';

const files = projectFiles();
const requirements = readFileSync(join(projectRoot, 'docs/requirements.md'), 'utf8');

describe('names', () => {
  test('of files say their subject, in kebab case', () => {
    expect(nameComplaints(projectPaths())).toEqual([]);
  });

  test.each([
    'src/utils/money.ts',
    'src/domain/helpers.ts',
    'src/domain/money-utils.ts',
    'src/common/clock.ts',
    'src/lib/clock.ts',
    'src/operations/payment-service.ts',
    'src/operations/payment-manager.ts',
    'src/operations/facade.ts',
    'src/domain/index.ts',
    'src/domain/types.ts',
    'src/domain/decidePayment.ts',
    'src/domain/Payment.ts',
    'src/domain/decide_payment.ts',
    'migrations/fees.sql',
    'docs/ADR-7.md',
    'NOTES.md',
  ])('a planted one is found: %s', (path) => {
    const complaints = nameComplaints([path]);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(/Instead use .{10,}\.$/);
  });

  test.each([
    'src/domain/decide-payment-rows.test.ts',
    'src/inbound/rest/gateway.fixture.ts',
    'src/adapters/processes/folder-lock.d.mts',
    'migrations/000002_fees.sql',
    'migrations/schema.sql',
    'docs/adr-001-each-row-is-its-own-timer.md',
    'CONTRIBUTING.md',
    'src/domain/shared-cost.ts',
  ])('a good one is not: %s', (path) => {
    expect(nameComplaints([path])).toEqual([]);
  });
});

describe('what must not stay behind', () => {
  test('is nowhere', () => {
    expect(leftoverComplaints(files)).toEqual([]);
  });

  test.each([
    ['src/domain/payment.ts', '// TODO: the refund'],
    ['docs/settings.md', 'FIXME'],
    ['src/domain/payment.test.ts', "test.only('it pays', () => {});"],
    ['src/domain/payment.test.ts', "describe.skip('refunds', () => {});"],
    ['src/domain/payment.test.ts', "xit('waits', () => {});"],
    ['src/domain/payment.ts', '// @ts-ignore'],
    ['src/domain/payment.ts', '// biome-ignore lint: no'],
    ['src/domain/payment.ts', '  debugger;'],
    ['README.md', '<<<<<<< HEAD'],
    ['docs/settings.md', 'see ../shared/design.md'],
    ['src/apps/start.ts', "const data = '/home/somebody/data';"],
  ])('a planted leftover is found in %s: %s', (path, text) => {
    const complaints = leftoverComplaints([{ path, text: `\n${text}\n` }]);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(new RegExp(`^${path}:2 holds .* Instead .{10,}\\.$`));
  });
});

describe('requirement ids', () => {
  test('in code stand in docs/requirements.md, and its statuses agree with the tests', () => {
    expect(requirementComplaints(files, requirements)).toEqual([]);
  });

  test('are listed once, with a known status', () => {
    const listed = requirementsOf(requirements);
    expect(listed.length).toBeGreaterThan(90);
    expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length);
    for (const { status } of listed) expect(['proved', 'in part', 'later']).toContain(status);
    expect(listed.length).toBe(requirements.match(/^\| [A-Z]{3}-\d{2} /gm)?.length);
  });

  test('most of what is called proved is proved in more than one place', () => {
    expect(provedIds(files).size).toBeGreaterThan(30);
  });

  const document =
    '| PAY-01 | A rule. | proved |\n| PAY-02 | A rule. | later |\n| PAY-03 | A rule. | in part |\n';
  const proof = (text: string) => ({ path: 'src/domain/payment.test.ts', text });

  test('a planted fault is found', () => {
    expect(requirementComplaints([proof('// proves PAY-01')], document)).toEqual([]);
    expect(requirementComplaints([], document)).toEqual([
      expect.stringContaining('calls PAY-01 proved, and no test'),
    ]);
    expect(requirementComplaints([proof('// proves PAY-01, PAY-02')], document)).toEqual([
      expect.stringContaining('says later of PAY-02'),
    ]);
    expect(requirementComplaints([proof('// proves PAY-01\n// proves PAY-99')], document)).toEqual([
      expect.stringContaining('names PAY-99, which docs/requirements.md does not have'),
    ]);
    expect(requirementComplaints([proof('// proves PAY-01\n// proves the rest')], document)).toEqual([
      expect.stringContaining('names no requirement'),
    ]);
  });

  test('a range names every id between its ends', () => {
    expect(idsIn('RES-05…07 and PAY-13').sort()).toEqual(['PAY-13', 'RES-05', 'RES-06', 'RES-07']);
  });
});
