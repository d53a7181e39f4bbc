import { expect, it } from 'vitest';
import { tellOutages } from './outage-log.ts';

function trial() {
  let nowMs = 0;
  const lines: (readonly [object, string])[] = [];
  const tell = (fields: object, text: string): void => {
    lines.push([fields, text]);
  };
  const hear = tellOutages({ warn: tell, info: tell } as Parameters<typeof tellOutages>[0], () => nowMs);
  return { lines, hear, pass: (ms: number) => (nowMs += ms) };
}

// proves RES-19
it('the log says once that an account is silent, and for how long it was when it answers', () => {
  const { lines, hear, pass } = trial();
  hear('alipay_open', 'main', 'answered');
  for (let call = 0; call < 100; call += 1) {
    hear('alipay_open', 'main', 'silence');
    pass(1_000);
  }
  hear('alipay_plus', 'main', 'answered_again');
  hear('alipay_open', 'main', 'answered_again');
  hear('alipay_open', 'main', 'answered');
  expect(lines).toEqual([
    [{ wallet: 'alipay_open', account: 'main' }, expect.stringContaining('has stopped answering')],
    [{ wallet: 'alipay_open', account: 'main', silentS: 100 }, expect.stringContaining('answers again')],
  ]);
});

it('an account that comes and goes all the time fills no log', () => {
  const { lines, hear, pass } = trial();
  for (let call = 0; call < 600; call += 1) {
    hear('alipay_open', 'main', call % 2 === 0 ? 'silence' : 'answered_again');
    pass(100);
  }
  expect(lines.length).toBeGreaterThanOrEqual(10);
  expect(lines.length).toBeLessThanOrEqual(14);
});
