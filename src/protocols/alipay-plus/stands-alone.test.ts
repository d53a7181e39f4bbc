import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('the protocol needs nothing but itself, the money module and Node', () => {
  const folder = new URL('.', import.meta.url);
  const files = readdirSync(folder).filter((name) => !name.endsWith('.test.ts'));
  const imported = files.flatMap((name) =>
    [...readFileSync(new URL(name, folder), 'utf8').matchAll(/from '([^']+)'/g)].map((match) => match[1]),
  );
  const foreign = imported.filter((from) => !/^\.\/[a-z-]+\.ts$|^node:[a-z]+$/.test(from ?? ''));
  expect(files.length).toBeGreaterThan(10);
  expect(new Set(foreign)).toEqual(new Set(['../../domain/money.ts']));
});
