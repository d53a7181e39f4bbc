import { describe, expect, it } from 'vitest';
import { createCircuitBreaker } from './circuit-breaker.ts';

/** A breaker that has heard nothing of so many calls, the last one at 1 000 ms. */
function silenced(calls = 20) {
  const breaker = createCircuitBreaker();
  for (let call = 1; call <= calls; call += 1) breaker.ended('unanswered', (1_000 * call) / calls);
  return breaker;
}

describe('the circuit breaker of an account', () => {
  it('opens when calls go unanswered, all of them or most, and there were enough to tell', () => {
    expect(silenced(19).isOpen()).toBe(false);
    expect(silenced(20).isOpen()).toBe(true);
    const mostly = createCircuitBreaker();
    for (let call = 0; call < 40; call += 1) mostly.ended(call % 5 === 0 ? 'answered' : 'unanswered', call);
    expect(mostly.isOpen()).toBe(true);
  });

  it('stays closed while a few per cent, or a half, of the calls go unanswered', () => {
    for (const every of [20, 10, 2]) {
      const breaker = createCircuitBreaker();
      for (let call = 0; call < 5_000; call += 1) {
        breaker.ended(call % every === 0 ? 'unanswered' : 'answered', call * 3);
        expect(breaker.isOpen(), `one in ${every}, call ${call}`).toBe(false);
      }
    }
  });

  it('stays closed while two thirds go unanswered, and counts what was called in the last ten seconds', () => {
    const lossy = createCircuitBreaker();
    for (let call = 0; call < 5_000; call += 1) {
      lossy.ended(call % 3 === 0 ? 'answered' : 'unanswered', call * 3);
      expect(lossy.isOpen(), `call ${call}`).toBe(false);
    }
    const slow = createCircuitBreaker();
    for (let call = 1; call <= 20; call += 1) slow.ended('unanswered', 5_000 + call * 400);
    expect(slow.isOpen()).toBe(true);
  });

  it('stays closed where so little is called that each row’s own pace is gentle enough', () => {
    const breaker = createCircuitBreaker();
    for (let call = 0; call < 1_000; call += 1) breaker.ended('unanswered', call * 600);
    expect(breaker.isOpen()).toBe(false);
  });

  it('forgets what is long ago', () => {
    const breaker = createCircuitBreaker();
    for (let call = 0; call < 19; call += 1) breaker.ended('unanswered', call);
    breaker.ended('unanswered', 30_000);
    expect(breaker.isOpen()).toBe(false);
  });

  it('lets one call at a time probe a silent account, no sooner than a second after the last', () => {
    const breaker = silenced();
    expect(breaker.admits('resolution', 1_999)).toBe(false);
    expect(breaker.admits('resolution', 2_000)).toBe(true);
    expect(breaker.admits('resolution', 4_000)).toBe(false);
    breaker.ended('unanswered', 5_000);
    expect(breaker.admits('resolution', 5_999)).toBe(false);
    expect(breaker.admits('resolution', 6_000)).toBe(true);
  });

  it('lets a payer probe only when nothing else has for a while', () => {
    const breaker = silenced();
    expect(breaker.admits('payment', 2_000)).toBe(false);
    expect(breaker.refuses('payment', 3_999)).toBe(true);
    expect(breaker.refuses('payment', 4_000)).toBe(false);
    expect(breaker.admits('payment', 4_000)).toBe(true);
    expect(breaker.refuses('payment', 4_001)).toBe(true);
  });

  it('closes at the first answer, and it takes as many calls as before to open it again', () => {
    const breaker = silenced();
    expect(breaker.admits('resolution', 2_000)).toBe(true);
    breaker.ended('answered', 2_010);
    expect(breaker.isOpen()).toBe(false);
    expect(breaker.admits('payment', 2_011)).toBe(true);
    for (let call = 0; call < 18; call += 1) breaker.ended('unanswered', 2_020 + call);
    expect(breaker.isOpen()).toBe(false);
    breaker.ended('unanswered', 2_040);
    expect(breaker.isOpen()).toBe(true);
  });

  it('gives a probe that was never made to the next call', () => {
    const breaker = silenced();
    expect(breaker.admits('resolution', 2_000)).toBe(true);
    breaker.ended('untold', 2_001);
    expect(breaker.admits('resolution', 2_002)).toBe(true);
  });
});
