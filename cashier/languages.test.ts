import { expect, test } from 'vitest';
import { chosenLanguage, exactly } from './languages.ts';

test.each([
  [null, null, null, 'en'],
  [null, null, 'zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN'],
  [null, null, 'zh-HK', 'zh-CN'],
  [null, null, 'en-GB,zh;q=0.5', 'en'],
  [null, null, 'de-DE,de;q=0.9,zh;q=0.7,en;q=0.3', 'zh-CN'],
  [null, null, 'fr', 'en'],
  [null, null, 'zh;q=0, en;q=0.1', 'en'],
  [null, null, ';;;,q=zh,*', 'en'],
  [null, 'en', 'zh-CN', 'en'],
  [null, 'junk', 'zh-CN', 'zh-CN'],
  ['zh-CN', 'en', 'en', 'zh-CN'],
  ['zh', 'en', 'en', 'zh-CN'],
  ['xx', 'zh-CN', 'en', 'zh-CN'],
  ['"><script>', null, null, 'en'],
] as const)(
  '?lang=%s, the cookie %s and Accept-Language %s choose %s',
  (query, cookie, accepted, language) => {
    expect(chosenLanguage({ query, cookie, accepted })).toBe(language);
  },
);

test('a text of any length chooses in no time', () => {
  expect(exactly('z'.repeat(1_000_000))).toBeNull();
  expect(chosenLanguage({ query: null, cookie: null, accepted: 'zh;'.repeat(100_000) })).toBe('zh-CN');
});
