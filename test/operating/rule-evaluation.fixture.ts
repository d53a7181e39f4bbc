/*
 * As much of Prometheus as the rules of docs/operating/alerts.yml use: what was scraped, and what an expression makes of it.
 * Written after its documentation, with what it does where it surprises: a series that is missing from a scrape is gone, and
 * a counter that begins at 1 has not risen.
 */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** What one process has told at one time; nothing where it did not answer. */
export interface Scrape {
  readonly instance: string;
  readonly atS: number;
  readonly samples: readonly Sample[];
}

interface Point {
  readonly atS: number;
  readonly value: number;
}

type Vector = readonly { readonly labels: Labels; readonly value: number }[];

/** How old the last scrape of an instance may be. */
const staleAfterS = 300;

/** The gateway's own samples of a text in Prometheus' form; buckets are no rule's business. */
export function samplesOf(text: string): Sample[] {
  return [...text.matchAll(/^(shoudan_\w+?)(?<!_bucket)(?:\{(.*)\})? (\S+)$/gm)].map(
    ([, name = '', inside = '', value]) => ({
      name,
      labels: Object.fromEntries(
        [...inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', said = '']) => [label, said]),
      ),
      value: Number(value),
    }),
  );
}

/** The value of an expression at a time: one element for each label set that it holds for. */
export function evaluated(expr: string, scrapes: readonly Scrape[], atS: number): Vector {
  const tokens =
    expr.match(/"[^"]*"|\d+[smh]\b|\d+(?:\.\d+)?|[a-zA-Z_:][\w:]*|[=!]~|!=|[(){}[\],=<>/]/g) ?? [];
  let next = 0;
  const peek = (): string => tokens[next] ?? '';
  const take = (wanted?: string): string => {
    const token = peek();
    if (token === '' || (wanted !== undefined && token !== wanted)) {
      throw new SyntaxError(
        `${expr}: ${wanted ?? 'a word'} is missing at ${token === '' ? 'its end' : token}`,
      );
    }
    next += 1;
    return token;
  };

  const either = (): Vector => {
    let left = both();
    while (peek() === 'or') {
      take();
      const right = both();
      const seen = new Set(left.map(({ labels }) => keyOf(labels)));
      left = [...left, ...right.filter(({ labels }) => !seen.has(keyOf(labels)))];
    }
    return left;
  };
  const both = (): Vector => {
    let left = compared();
    while (peek() === 'and') {
      take();
      const right = new Set(compared().map(({ labels }) => keyOf(labels)));
      left = left.filter(({ labels }) => right.has(keyOf(labels)));
    }
    return left;
  };
  const compared = (): Vector => {
    const left = divided();
    if (peek() !== '>' && peek() !== '<') return left;
    const isGreater = take() === '>';
    const bound = Number(take());
    return left.filter(({ value }) => (isGreater ? value > bound : value < bound));
  };
  const divided = (): Vector => {
    const left = operand();
    if (peek() !== '/') return left;
    take();
    const right = new Map(operand().map(({ labels, value }) => [keyOf(labels), value]));
    return left.flatMap(({ labels, value }) => {
      const divisor = right.get(keyOf(labels));
      return divisor === undefined ? [] : [{ labels, value: value / divisor }];
    });
  };
  const operand = (): Vector => {
    const word = take();
    switch (word) {
      case 'max':
      case 'min':
      case 'sum':
        return aggregated(word);
      case 'rate':
      case 'increase':
        return risen(word);
      case 'absent': {
        take('(');
        const inside = either();
        take(')');
        return inside.length === 0 ? [{ labels: {}, value: 1 }] : [];
      }
      default: {
        const fits = selector(word);
        return lastOf(scrapes, atS).flatMap((scrape) =>
          scrape.samples.filter(fits).map(({ labels, value }) => ({
            labels: { ...labels, instance: scrape.instance },
            value,
          })),
        );
      }
    }
  };
  const selector = (name: string): ((sample: Sample) => boolean) => {
    const tests: ((sample: Sample) => boolean)[] = [(sample) => sample.name === name];
    if (peek() === '{') {
      take();
      while (peek() !== '}') {
        const label = take();
        const operator = take();
        const value = take().slice(1, -1);
        const pattern = new RegExp(`^(?:${value})$`);
        tests.push(({ labels }) => {
          const found = labels[label] ?? '';
          if (operator === '=') return found === value;
          if (operator === '!=') return found !== value;
          return pattern.test(found) === (operator === '=~');
        });
        if (peek() === ',') take();
      }
      take('}');
    }
    return (sample) => tests.every((test) => test(sample));
  };
  const aggregated = (how: 'max' | 'min' | 'sum'): Vector => {
    const by: string[] = [];
    if (peek() === 'by') {
      take();
      take('(');
      while (peek() !== ')') {
        by.push(take());
        if (peek() === ',') take();
      }
      take(')');
    }
    take('(');
    const inside = either();
    take(')');
    const groups = Map.groupBy(inside, ({ labels }) => keyOf(only(labels, by)));
    return [...groups.values()].map((group) => {
      const values = group.map(({ value }) => value);
      const value =
        how === 'sum'
          ? values.reduce((sum, one) => sum + one, 0)
          : how === 'max'
            ? Math.max(...values)
            : Math.min(...values);
      return { labels: only(group[0]?.labels ?? {}, by), value };
    });
  };
  const risen = (how: 'rate' | 'increase'): Vector => {
    take('(');
    const fits = selector(take());
    take('[');
    const rangeS = secondsOf(take());
    take(']');
    take(')');
    const series = new Map<string, { readonly labels: Labels; readonly points: Point[] }>();
    for (const { instance, atS: scrapedAtS, samples } of scrapes) {
      if (scrapedAtS <= atS - rangeS || scrapedAtS > atS) continue;
      for (const { labels, value } of samples.filter(fits)) {
        const named = { ...labels, instance };
        const one = series.get(keyOf(named)) ?? { labels: named, points: [] as Point[] };
        series.set(keyOf(named), one);
        one.points.push({ atS: scrapedAtS, value });
      }
    }
    return [...series.values()].flatMap(({ labels, points }) => {
      const value = increaseOf(points, atS - rangeS, atS);
      return value === null ? [] : [{ labels, value: how === 'rate' ? value / rangeS : value }];
    });
  };

  const result = either();
  if (next !== tokens.length) throw new SyntaxError(`${expr}: ${peek()} is one word too many`);
  return result;
}

/** The rise of a counter, carried on to the ends of the range as Prometheus does it; `null` from fewer than two points. */
function increaseOf(points: readonly Point[], fromS: number, untilS: number): number | null {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length < 2) return null;
  let rise = 0;
  for (const [index, { value }] of points.entries()) {
    const before = points[index - 1]?.value ?? value;
    // A counter that has fallen was begun anew by a process that was.
    rise += value >= before ? value - before : value;
  }
  const sampledS = last.atS - first.atS;
  const apartS = sampledS / (points.length - 1);
  let toStartS = first.atS - fromS;
  let toEndS = untilS - last.atS;
  if (toStartS >= apartS * 1.1) toStartS = apartS / 2;
  if (rise > 0 && first.value >= 0) toStartS = Math.min(toStartS, sampledS * (first.value / rise));
  if (toEndS >= apartS * 1.1) toEndS = apartS / 2;
  return rise * ((sampledS + toStartS + toEndS) / sampledS);
}

/** The last scrape of each instance that is not too old. */
function lastOf(scrapes: readonly Scrape[], atS: number): Scrape[] {
  const last = new Map<string, Scrape>();
  for (const scrape of scrapes) {
    if (scrape.atS <= atS && scrape.atS > atS - staleAfterS) last.set(scrape.instance, scrape);
  }
  return [...last.values()];
}

function only(labels: Labels, names: readonly string[]): Labels {
  return Object.fromEntries(
    names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])),
  );
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export function secondsOf(duration: string): number {
  const unit = { s: 1, m: 60, h: 3_600 }[duration.slice(-1)];
  if (unit === undefined) throw new SyntaxError(`${duration} is no duration`);
  return Number(duration.slice(0, -1)) * unit;
}
