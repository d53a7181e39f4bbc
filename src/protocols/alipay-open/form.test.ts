import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printForm, readForm } from './form.ts';

function texts(...pieces: string[]): Record<string, string> | string {
  const form = readForm(...pieces.map((piece) => Buffer.from(piece)));
  if (form.kind === 'unreadable') return form.reason;
  return Object.fromEntries([...form.fields].map(([name, value]) => [name, Buffer.from(value).toString()]));
}

describe('reading a form', () => {
  it('decodes each value exactly once', () => {
    expect(texts('subject=100%25%E7%BA%AF+T%2B&x=%252B')).toEqual({ subject: '100%纯 T+', x: '%2B' });
  });

  it('lets a percent sign that begins no escape stand for itself', () => {
    expect(texts('a=100%&b=%zz&c=%4&d=%4g%41')).toEqual({ a: '100%', b: '%zz', c: '%4', d: '%4gA' });
  });

  it('keeps equal signs in values and takes a name without one as empty', () => {
    expect(texts('sign=ab==&flag&=nameless&&e=')).toEqual({ sign: 'ab==', flag: '', e: '' });
  });

  it('merges query and body, and refuses a name that occurs twice', () => {
    expect(texts('a=1&b=2', 'c=3')).toEqual({ a: '1', b: '2', c: '3' });
    expect(texts('a=1', 'a=1')).toBe('the field "a" occurs twice');
    expect(texts('a=1&%61=2')).toBe('the field "a" occurs twice');
  });

  it('treats names such as __proto__ as any other', () => {
    const form = readForm(Buffer.from('__proto__=x&constructor=y'));
    expect(form.kind === 'form' && [...form.fields.keys()]).toEqual(['__proto__', 'constructor']);
  });
});

it('a form that is printed is read back unchanged', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, unit: 'binary-ascii' }), fc.uint8Array()), {
        selector: ([name]) => name,
      }),
      (fields) => {
        const form = readForm(Buffer.from(printForm(fields)));
        expect(form.kind).toBe('form');
        if (form.kind !== 'form') return;
        expect([...form.fields].map(([name, value]) => [name, [...value]])).toEqual(
          fields.map(([name, value]) => [name, [...value]]),
        );
      },
    ),
  );
});

it('no bytes make reading a form throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void readForm(bytes)));
});
