import { type Html, html } from './html.ts';
import { type Language, textsIn } from './texts.ts';

const style = `
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0 auto;max-width:30rem;padding:0 1rem 2rem;background:#fff;color:#1f2329;font:1rem/1.5 system-ui,-apple-system,"PingFang SC","Microsoft YaHei",sans-serif}
.notice{margin:0 -1rem 1rem;padding:.5rem 1rem;background:#fff7e0;color:#6b4e00;font-size:.875rem}
h1{margin:.5rem 0;font-size:1.25rem}h2{margin:1.5rem 0 .5rem;font-size:1rem}
.amount{margin:.5rem 0;font-size:2rem;font-weight:600;font-variant-numeric:tabular-nums}
dl{margin:1rem 0;display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem}dt{color:#5c6370}dd{margin:0;overflow-wrap:anywhere}
label{display:block;margin:1rem 0 .25rem;color:#5c6370}
select,input,button,a.button{width:100%;min-height:3rem;padding:.5rem .75rem;border:1px solid #c9cdd4;border-radius:.5rem;background:#fff;color:inherit;font:inherit}
button,a.button{display:block;margin-top:.75rem;border-color:#1565c0;color:#1565c0;text-align:center;text-decoration:none;cursor:pointer}
button.main{background:#1565c0;color:#fff}
.state{font-weight:600}.wrong{color:#b3261e}.small{font-size:.875rem;color:#5c6370;overflow-wrap:anywhere}
ul{margin:0;padding:0;list-style:none}li{padding:.75rem 0;border-top:1px solid #e5e6eb}
code{font-size:1rem;letter-spacing:.05em}`;

/** A whole page of the phone: light, one column, without scripts. */
export function page(language: Language, title: string, main: Html): string {
  const texts = textsIn[language];
  return html`<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>${title} · ${texts.title}</title><style>${{ markup: style }}</style></head>
<body><p class="notice" role="note">${texts.notice}</p><main>${main}</main></body></html>
`.markup;
}
