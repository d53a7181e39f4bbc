import { isCode } from './source-files.ts';

/** Words that name a role, not a subject, and what to do about each. */
const roleWords: { readonly [word: string]: string } = {
  util: 'a file named after its one subject, next to its first user',
  utils: 'a file named after its one subject, next to its first user',
  helper: 'a file named after its one subject, next to its first user',
  helpers: 'a file named after its one subject, next to its first user',
  common: 'a file named after its one subject, next to its first user',
  shared: 'a file named after its one subject, next to its first user',
  lib: 'a file named after its one subject, next to its first user',
  misc: 'a file named after its one subject, next to its first user',
  service: 'the verb (refund.ts) or the noun (fee-policy.ts)',
  manager: 'the verb (refund.ts) or the noun (fee-policy.ts)',
  facade: 'the verb (refund.ts) or the noun (fee-policy.ts)',
  handler: 'the verb (refund.ts) or the noun (fee-policy.ts)',
  handlers: 'the verb (refund.ts) or the noun (fee-policy.ts)',
  index: 'the files themselves: nothing here is a package of its own',
  types: 'the file of the subject that the types belong to',
  interfaces: 'the file of the subject that the types belong to',
  constants: 'the file of the subject that the values belong to',
};

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|fixture|config|d))?\.(ts|mts|mjs|js|json)$/;
const migration = /^(\d{6}_[a-z0-9_]+|schema)\.sql$/;
const decision = /^(adr-\d{3}-)?[a-z0-9]+(-[a-z0-9]+)*\.md$/;
/** The page that leads to the others of its folder. */
const folderIndex = /^docs\/[a-z-]+\/README\.md$/;
const rootNames = /^(README|ARCHITECTURE|CONTRIBUTING|CHANGELOG|SECURITY)\.md$|^LICENSE$/;

export function nameComplaints(paths: readonly string[]): string[] {
  return paths.flatMap((path) => [...formComplaints(path), ...wordComplaints(path)]);
}

function formComplaints(path: string): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const complaint = (instead: string): string[] => [
    `${path}: ${name} is not in form. Instead use ${instead}.`,
  ];
  if (isCode(path) && !kebabCase.test(name)) return complaint('kebab case, such as reversal-advice.ts');
  if (name.endsWith('.sql') && !migration.test(name))
    return complaint('a number and a subject, 000002_fees.sql');
  if (path.startsWith('docs/') && name.endsWith('.md') && !decision.test(name) && !folderIndex.test(path)) {
    return complaint('kebab case, or adr-007-what-was-decided.md for a decision');
  }
  if (!path.includes('/') && name.endsWith('.md') && !rootNames.test(name))
    return complaint('docs/ for this document');
  return [];
}

function wordComplaints(path: string): string[] {
  return path.split('/').flatMap((part) => {
    const words = part.replace(/\..*$/, '').split('-');
    const word = words.length === 1 ? words[0] : words.at(-1);
    const instead = word === undefined || !Object.hasOwn(roleWords, word) ? undefined : roleWords[word];
    return instead === undefined ? [] : [`${path}: "${word}" names a role. Instead use ${instead}.`];
  });
}
