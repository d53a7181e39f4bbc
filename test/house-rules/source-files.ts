import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the project: its path from the root, with `/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

const foldersLeftOut = new Set(['node_modules', 'coverage']);
const readAsText = /\.(ts|mts|mjs|js|json|md|sql|sh)$|(^|\/)(LICENSE|run)$/;

/** Paths of everything in the project but what is installed, built, or data of a run, which lies in hidden folders. */
export function projectPaths(folder = ''): string[] {
  return readdirSync(join(projectRoot, folder), { withFileTypes: true })
    .filter(({ name }) => !foldersLeftOut.has(name) && (!name.startsWith('.') || name === '.ci'))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return projectPaths(path);
      return entry.isFile() ? [path] : [];
    });
}

/** The files of the project that are code, settings or documents; not the tests of the rules, which break them. */
export function projectFiles(): SourceFile[] {
  return projectPaths()
    .filter((path) => readAsText.test(path) && !/^test\/house-rules\/.*\.test\.ts$/.test(path))
    .map((path) => ({ path, text: readFileSync(join(projectRoot, path), 'utf8') }));
}

const code = /\.(ts|mts|mjs|js)$/;

export function isCode(path: string): boolean {
  return code.test(path);
}

/** Whether only tests use a file: a test, what tests share, a benchmark, or the chaos. */
export function isForTests(path: string): boolean {
  return (
    /\.(test|fixture)\.ts$/.test(path) ||
    /(^|\/)test-[a-z-]+\.ts$/.test(path) ||
    /^(test|bench|chaos)\//.test(path)
  );
}

/** Code without its comments; strings stay. Good enough for looking for words and import lines. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/(^|[^:'"`\\])\/\/[^\n]*/g, '$1');
}
