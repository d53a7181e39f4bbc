export const languages = ['zh-CN', 'en'] as const;
export type Language = (typeof languages)[number];

/** What a browser says of the language its user reads, the stronger word first. */
export interface LanguageWishes {
  /** `?lang=` of the address. */
  readonly query: string | null;
  /** What was chosen on an earlier page. */
  readonly cookie: string | null;
  /** The header Accept-Language. */
  readonly accepted: string | null;
}

/** The first language wished for that the pages have; English where there is none. */
export function chosenLanguage({ query, cookie, accepted }: LanguageWishes): Language {
  return exactly(query) ?? exactly(cookie) ?? bestAccepted(accepted ?? '') ?? 'en';
}

/** The language that is chosen by this text, which is its name or a shorter one of it; `null` for any other text. */
export function exactly(text: string | null): Language | null {
  if (text === null || text.length > 35) return null;
  const [primary] = text.trim().toLowerCase().split(/[-_]/);
  return primary === 'zh' ? 'zh-CN' : primary === 'en' ? 'en' : null;
}

function bestAccepted(header: string): Language | null {
  let best: { readonly language: Language; readonly weight: number } | null = null;
  for (const range of header.slice(0, 500).split(',')) {
    const [tag = '', ...parameters] = range.split(';');
    const quality = parameters
      .map((parameter) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(parameter)?.[1])
      .find(Boolean);
    const weight = quality === undefined ? 1 : Number(quality);
    const language = exactly(tag);
    if (language !== null && weight > (best?.weight ?? 0)) best = { language, weight };
  }
  return best === null ? null : best.language;
}
