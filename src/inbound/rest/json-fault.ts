/** Where and how a text stops being JSON. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  /** Path of the field that the fault stands in; `null` outside of every field. */
  readonly field: string | null;
  /** The word or character that stands there, `null` at the end of the text. Never more of the text than that. */
  readonly found: string | null;
  /** What would have been legal there. */
  readonly expected: string;
}

interface Container {
  readonly kind: 'object' | 'array';
  key: string | null;
  index: number;
}

type Expecting = keyof typeof expectations;

const expectations = {
  value: 'a value',
  value_or_end: 'a value or ]',
  key: 'a field name in double quotes',
  key_or_end: 'a field name in double quotes or }',
  colon: ':',
  comma_or_end: ', or a closing bracket',
  end: 'the end of the body',
} as const;

const stringToken = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const plainToken = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

/**
 * Finds the first place where a text is not JSON, for people who look at their own request; `null` when it is
 * JSON. Asked only after `JSON.parse` has refused the text, whose messages may quote from it what must not be shown.
 */
export function firstJsonFault(text: string): JsonFault | null {
  const open: Container[] = [];
  let expecting: Expecting = 'value';
  let at = 0;
  for (;;) {
    at = afterSpace(text, at);
    if (at >= text.length) return expecting === 'end' ? null : fault(text, at, open, expecting);
    const character = text.charAt(at);
    const inside = open.at(-1);
    if ((character === '}' || character === ']') && mayClose(inside, character, expecting)) {
      open.pop();
      at += 1;
      expecting = open.length === 0 ? 'end' : 'comma_or_end';
      continue;
    }
    switch (expecting) {
      case 'value':
      case 'value_or_end': {
        if (character === '{' || character === '[') {
          open.push({ kind: character === '{' ? 'object' : 'array', key: null, index: 0 });
          at += 1;
          expecting = character === '{' ? 'key_or_end' : 'value_or_end';
          break;
        }
        const end = tokenEnd(character === '"' ? stringToken : plainToken, text, at);
        if (end === null) return fault(text, at, open, expecting);
        at = end;
        expecting = open.length === 0 ? 'end' : 'comma_or_end';
        break;
      }
      case 'key':
      case 'key_or_end': {
        const end = tokenEnd(stringToken, text, at);
        if (end === null || inside === undefined) return fault(text, at, open, expecting);
        inside.key = JSON.parse(text.slice(at, end)) as string;
        at = end;
        expecting = 'colon';
        break;
      }
      case 'colon':
        if (character !== ':') return fault(text, at, open, expecting);
        at += 1;
        expecting = 'value';
        break;
      case 'comma_or_end':
        if (character !== ',' || inside === undefined) return fault(text, at, open, expecting);
        at += 1;
        inside.index += 1;
        expecting = inside.kind === 'object' ? 'key' : 'value';
        break;
      case 'end':
        return fault(text, at, open, expecting);
      default:
        return expecting satisfies never;
    }
  }
}

function mayClose(inside: Container | undefined, character: '}' | ']', expecting: Expecting): boolean {
  if (inside?.kind === 'object') {
    return character === '}' && (expecting === 'key_or_end' || expecting === 'comma_or_end');
  }
  if (inside?.kind === 'array') {
    return character === ']' && (expecting === 'value_or_end' || expecting === 'comma_or_end');
  }
  return false;
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at += 1;
  return at;
}

function tokenEnd(token: RegExp, text: string, at: number): number | null {
  token.lastIndex = at;
  return token.test(text) ? token.lastIndex : null;
}

const word = /[A-Za-z-]{1,16}/y;

function fault(text: string, at: number, open: readonly Container[], expecting: Expecting): JsonFault {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const wordEnd = tokenEnd(word, text, at);
  const path = open
    .map((container) => (container.kind === 'array' ? `${container.index}` : container.key))
    .filter((step) => step !== null);
  return {
    line,
    column: at - before.lastIndexOf('\n'),
    field: path.length === 0 ? null : path.join('.').slice(0, 64),
    found: at >= text.length ? null : wordEnd === null ? text.charAt(at) : text.slice(at, wordEnd),
    expected: expectations[expecting],
  };
}
