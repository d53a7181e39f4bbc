import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findChromium } from './chromium.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chromium-'));
  for (const name of ['google-chrome', 'chromium']) writeFileSync(join(folder, name), '', { mode: 0o755 });
  writeFileSync(join(folder, 'no-program'), '', { mode: 0o644 });
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the browser that is named comes before those on PATH', () => {
  const named = join(folder, 'google-chrome');
  expect(findChromium({ CHROME_PATH: named, PATH: folder })).toBe(named);
  expect(findChromium({ PATH: folder })).toBe(join(folder, 'chromium'));
});

test('a name that is no program is a mistake, and no reason to skip', () => {
  expect(() => findChromium({ CHROME_PATH: join(folder, 'no-program') })).toThrow(/CHROME_PATH .*correct it/);
});
